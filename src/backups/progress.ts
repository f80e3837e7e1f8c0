// How far the making of a backup has come, written to its row now and then; ends work that somebody else has taken over.
import type { Clock } from '../platform/clock.ts';
import { second } from '../platform/clock.ts';
import type { BackupStep } from './states.ts';

const everyMilliseconds = 2 * second;

export type ProgressChange = { step: BackupStep; files_done: number; files_total: number; moved_at: number };

export type ProgressParts = {
  readonly clock: Clock;
  /** of the job */
  readonly signal: AbortSignal;
  /** @returns false when the row is no longer this attempt's */
  readonly write: (change: ProgressChange) => Promise<boolean>;
};

export class Progress {
  readonly #parts: ProgressParts;
  readonly #lost = new AbortController();
  /** The job's, and aborted as well when another worker has begun the same backup. */
  readonly signal: AbortSignal;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    this.signal = AbortSignal.any([parts.signal, this.#lost.signal]);
  }

  /** May be called for every file; writes at most every two seconds and never waits. */
  report(step: BackupStep, filesDone: number, filesTotal: number): void {
    const { clock } = this.#parts;
    if (this.#writing || clock.monotonic() - this.#writtenAt < everyMilliseconds) return;
    this.#writtenAt = clock.monotonic();
    this.#writing = this.#write({ step, files_done: filesDone, files_total: filesTotal, moved_at: clock.now() });
  }

  async #write(change: ProgressChange): Promise<void> {
    try {
      if (!(await this.#parts.write(change))) this.#lost.abort(new Error('another worker has taken over this backup'));
    } catch {
      // A line of progress that could not be written must not cost the backup; the outcome is written with all care.
    } finally {
      this.#writing = undefined;
    }
  }

  /** Waits for the last line, so that none comes after the outcome. */
  async end(): Promise<void> {
    await this.#writing;
  }
}
