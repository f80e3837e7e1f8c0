// How far an import has come, written to its row now and then; ends work that somebody else has taken over.
import { type Clock, second } from '../platform/clock.ts';
import type { ImportChange } from './import-store.ts';

const everyMilliseconds = 2 * second;

export type ImportProgressParts = {
  readonly clock: Clock;
  /** of the job */
  readonly signal: AbortSignal;
  /** @returns false when the row is no longer this attempt's */
  readonly write: (change: ImportChange) => Promise<boolean>;
};

export class ImportProgress {
  readonly #parts: ImportProgressParts;
  readonly #lost = new AbortController();
  /** The job's, and aborted as well when another worker has taken the import. */
  readonly signal: AbortSignal;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;

  constructor(parts: ImportProgressParts) {
    this.#parts = parts;
    this.signal = AbortSignal.any([parts.signal, this.#lost.signal]);
  }

  /** May be called for every statement; writes at most every two seconds and never waits. */
  report({ bytes, lines, readBytes }: { bytes: number; lines: number; readBytes: number }): void {
    const { clock } = this.#parts;
    if (this.#writing || clock.monotonic() - this.#writtenAt < everyMilliseconds) return;
    this.#writtenAt = clock.monotonic();
    this.#writing = this.#write({ text_bytes: bytes, lines, read_bytes: readBytes, moved_at: clock.now() });
  }

  async #write(change: ImportChange): Promise<void> {
    try {
      if (!(await this.#parts.write(change))) this.#lost.abort(new Error('another worker has taken over this import'));
    } catch {
      // A line of progress that could not be written must not cost the import.
    } finally {
      this.#writing = undefined;
    }
  }

  /** Waits for the last line, so that none comes after the outcome. */
  async end(): Promise<void> {
    await this.#writing;
  }
}
