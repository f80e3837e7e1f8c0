// An archive that goes to its reader while it is written: nothing of it lies on a disk, and it is made no faster than it is read.
import { PassThrough, type Readable } from 'node:stream';
import type { ZipTarget } from './output.ts';

const bufferBytes = 256 * 1024;

/** @throws when the reader went away: then what writes the archive may end */
export class Outlet implements ZipTarget {
  readonly #stream = new PassThrough({ highWaterMark: 2 * bufferBytes });
  #filling = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;
  #offset = 0;

  /** What the reader gets. It ends only when the archive is whole. */
  get stream(): Readable {
    return this.#stream;
  }

  /** bytes that were appended */
  get offset(): number {
    return this.#offset;
  }

  /** Takes the bytes before it returns: they may be used again. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + bufferBytes - this.#used);
      this.#filling.set(part, this.#used);
      this.#used += part.length;
      this.#offset += part.length;
      taken += part.length;
      if (this.#used === bufferBytes) await this.#flush();
    }
  }

  /** As `append`, where nothing has to be written for it. @returns whether it was so */
  appendHere(bytes: Uint8Array): boolean {
    if (this.#used + bytes.length >= bufferBytes) return false;
    this.#filling.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#offset += bytes.length;
    return true;
  }

  async #flush(): Promise<void> {
    if (this.#stream.destroyed) throw new Error('the reader of the archive went away');
    const bytes = this.#filling.subarray(0, this.#used);
    this.#filling = Buffer.allocUnsafeSlow(bufferBytes);
    this.#used = 0;
    if (this.#stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        this.#stream.off('drain', goOn).off('close', goOn);
        resolve();
      };
      this.#stream.once('drain', goOn).once('close', goOn);
    });
  }

  /** What was read cannot be taken back. */
  async mark(): Promise<never> {
    throw new Error('an archive that is read meanwhile has no marks');
  }

  /** As `mark`. */
  async goBack(): Promise<never> {
    return this.mark();
  }

  /** As `mark`. */
  async goOn(): Promise<never> {
    return this.mark();
  }

  /** Hands over the rest. @returns no digest: nobody keeps the archive */
  async finish(): Promise<string> {
    await this.#flush();
    this.#stream.end();
    return '';
  }

  /** Nothing to let go of. */
  async close(): Promise<void> {}

  /** Breaks off: the reader is told that the archive is not whole. */
  fail(error: Error): void {
    this.#stream.destroy(error);
  }
}
