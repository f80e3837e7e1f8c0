// A file read in order: the next megabyte comes while this one is used.
import type { FileHandle } from 'node:fs/promises';
import { DamagedArchive, readFully } from './damage.ts';

const windowBytes = 1024 * 1024;

type Window = { readonly start: number; readonly end: number; readonly bytes: Buffer };
type Coming = { readonly start: number; readonly bytes: Buffer; readonly read: Promise<number> };

/** One window on the file, and the one behind it on its way. Calls must follow one another; what one returns is valid until the next. */
export class ReadAhead {
  readonly #file: FileHandle;
  #window: Window = { start: 0, end: 0, bytes: Buffer.allocUnsafeSlow(windowBytes) };
  #spare: Buffer = Buffer.allocUnsafeSlow(windowBytes);
  #coming: Coming | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @returns at least one byte from `offset` on, `most` at most. @throws DamagedArchive at the end of the file */
  async some(offset: number, most: number): Promise<Buffer> {
    if (offset < this.#window.start || offset >= this.#window.end) await this.#open(offset);
    const { start, end, bytes } = this.#window;
    if (offset >= end) throw new DamagedArchive(`the archive ends before byte ${offset + 1}`);
    return bytes.subarray(offset - start, Math.min(end, offset + most) - start);
  }

  /** @returns the bytes where they are here already, else `undefined` */
  here(offset: number, length: number): Buffer | undefined {
    const { start, end, bytes } = this.#window;
    return offset >= start && offset + length <= end ? bytes.subarray(offset - start, offset - start + length) : undefined;
  }

  /** @returns `length` bytes. @throws DamagedArchive when the file ends before */
  async exactly(offset: number, length: number): Promise<Buffer> {
    const bytes = await this.some(offset, length);
    // Where two windows meet, it is read once more.
    return bytes.length === length ? bytes : readFully(this.#file, offset, length);
  }

  async #open(offset: number): Promise<void> {
    const coming = this.#coming;
    this.#coming = undefined;
    const known = (await coming?.read) ?? 0;
    if (coming && known > 0 && coming.start === offset) {
      [this.#window, this.#spare] = [{ start: offset, end: offset + known, bytes: coming.bytes }, this.#window.bytes];
    } else {
      const { bytesRead } = await this.#file.read(this.#window.bytes, 0, windowBytes, offset);
      this.#window = { ...this.#window, start: offset, end: offset + bytesRead };
    }
    if (this.#window.end - offset === windowBytes) this.#coming = this.#begin(this.#window.end);
  }

  #begin(start: number): Coming {
    const bytes = this.#spare;
    // What failed ahead is read again in its turn, and fails there.
    const read = this.#file.read(bytes, 0, windowBytes, start).then(
      ({ bytesRead }) => bytesRead,
      () => 0,
    );
    return { start, bytes, read };
  }

  /** Before the file is closed. */
  async settled(): Promise<void> {
    await this.#coming?.read;
  }
}
