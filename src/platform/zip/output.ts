// The file of an archive that grows: bytes are collected, and written and hashed a megabyte at a time while the next one is collected.
import { type FileHandle, open } from 'node:fs/promises';
import { EarlyFlush } from '../early-flush.ts';
import type { Digests, RunningDigest } from './digests.ts';

const bufferBytes = 1024 * 1024;

/** A point to which the file can go back, as long as it is the latest one. */
export type OutputMark = { readonly offset: number; readonly digest: RunningDigest };

/** Where an archive goes, part after part: into a file, or straight to whoever reads it (`Outlet`), from where nothing is taken back. */
export type ZipTarget = Pick<Output, 'offset' | 'append' | 'appendHere' | 'mark' | 'goBack' | 'goOn' | 'finish' | 'close'>;

/** Its calls must follow one another. What the disk refuses is thrown by a later call, at the latest by `finish`. */
export class Output {
  readonly #file: FileHandle;
  readonly #early: EarlyFlush;
  #digest: RunningDigest;
  #filling = Buffer.allocUnsafeSlow(bufferBytes);
  #spare = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;
  #offset = 0;
  #flushing: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, digest: RunningDigest) {
    this.#file = file;
    this.#early = new EarlyFlush(file);
    this.#digest = digest;
  }

  /** @param path is overwritten */
  static async create(path: string, digests: Digests): Promise<Output> {
    return new Output(await open(path, 'w'), digests.start());
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

  async mark(): Promise<OutputMark> {
    await this.#settle();
    return { offset: this.#offset, digest: await this.#digest.copy() };
  }

  /** Takes back all that was appended since the mark. */
  async goBack({ offset, digest }: OutputMark): Promise<void> {
    await this.#flushing;
    await this.#digest.drop();
    this.#digest = digest;
    this.#used = 0;
    this.#offset = offset;
    await this.#file.truncate(offset);
  }

  async goOn({ digest }: OutputMark): Promise<void> {
    await digest.drop();
  }

  /** @returns the SHA-256 of the whole file, which is written then (without fsync) */
  async finish(): Promise<string> {
    await this.#settle();
    await this.#early.done();
    return (await this.#digest.end()).hex;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.#flushing.catch(() => {}); // it was thrown, or something else was
    await this.#early.done().catch(() => {});
    await this.#file.close();
  }

  async #settle(): Promise<void> {
    await this.#flush();
    await this.#flushing;
  }

  /** Begins to write what is collected, once what was collected before is written. */
  async #flush(): Promise<void> {
    await this.#flushing;
    const bytes = this.#filling.subarray(0, this.#used);
    if (bytes.length === 0) return;
    const position = this.#offset - this.#used;
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#used = 0;
    this.#flushing = Promise.all([this.#write(bytes, position), this.#digest.update(bytes)]);
    this.#flushing.catch(() => {}); // the next call waits for it
  }

  /** A disk takes a part of the bytes before it is full; the next attempt says that it is. */
  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, position + written);
      if (bytesWritten === 0) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
      written += bytesWritten;
    }
    this.#early.wrote(position + bytes.length);
  }
}
