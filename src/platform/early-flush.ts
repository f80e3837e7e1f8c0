// Brings a large file to the disk while it is still being written, so that whoever makes it durable at the end waits for little.
import type { FileHandle } from 'node:fs/promises';

const flushBytes = 32 * 1024 * 1024;

/** One flush at a time, beside the writing. The system tells a fault of one once, so it is kept until `done`. */
export class EarlyFlush {
  readonly #file: Pick<FileHandle, 'datasync'>;
  #flushed = 0;
  #running: Promise<void> | undefined;
  #fault: unknown;

  constructor(file: Pick<FileHandle, 'datasync'>) {
    this.#file = file;
  }

  /** @param bytes how many stand in the file now: fewer than before, where what was written is written anew */
  wrote(bytes: number): void {
    this.#flushed = Math.min(this.#flushed, bytes);
    if (this.#running || bytes - this.#flushed < flushBytes) return;
    this.#flushed = bytes;
    this.#running = this.#file
      .datasync()
      .catch((error: unknown) => {
        this.#fault ??= error;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for the last one; what was written since is not on the disk yet. @throws what a flush said */
  async done(): Promise<void> {
    await this.#running;
    if (this.#fault) throw this.#fault;
  }
}
