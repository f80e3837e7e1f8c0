// How far a job of files has come, written to its row now and then; and whether it may go on.
import { type Clock, second } from '../platform/clock.ts';
import type { FileJobChange } from './job-store.ts';

const everyMilliseconds = 2 * second;

export type JobProgressParts = {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** of the job: aborted when the worker is asked to stop */
  readonly signal: AbortSignal;
  /** @throws why it must not go on: Stopped or Overtaken */
  readonly write: (change: FileJobChange) => Promise<void>;
};

/** What has been done of what is to be done. A total of 0: nobody knows. */
export class JobProgress {
  readonly #parts: JobProgressParts;
  #writtenAt = Number.NEGATIVE_INFINITY;
  bytes = 0;
  files = 0;
  bytesTotal = 0;
  filesTotal = 0;

  constructor(parts: JobProgressParts) {
    this.#parts = parts;
  }

  /** To be called between any two steps, for every file and every piece of one; writes every two seconds. @throws why the work must end */
  async tick(bytes = 0): Promise<void> {
    const { clock, signal } = this.#parts;
    signal.throwIfAborted();
    this.bytes += bytes;
    if (clock.monotonic() - this.#writtenAt < everyMilliseconds) return;
    await this.write();
  }

  /** The same at once. */
  async write(change: FileJobChange = {}): Promise<void> {
    const { clock, write } = this.#parts;
    this.#writtenAt = clock.monotonic();
    const counts = { bytes_done: this.bytes, bytes_total: this.bytesTotal, files_done: this.files, files_total: this.filesTotal };
    await write({ ...counts, moved_at: clock.now(), ...change });
  }
}
