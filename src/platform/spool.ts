// Lines that are too many to be kept in memory: written to a file without a name, read back in order.
import { type FileHandle, open, unlink } from 'node:fs/promises';

/** Each is a promise and a thread's turn: at 32 KiB a million lines waited for 20,000 of them. */
const batchBytes = 256 * 1024;
const lineEnd = 0x0a;

/** First everything is appended, then it is read, once or again. What the disk refuses is thrown at the next call. */
export class Spool {
  readonly #file: FileHandle;
  readonly #filling = Buffer.allocUnsafeSlow(batchBytes);
  #filled = 0;
  #writtenBytes = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param path of a file that is not there; its name is gone again when this returns, so that a kill leaves nothing */
  static async open(path: string): Promise<Spool> {
    const file = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
      return new Spool(file);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  /** how many the lines take */
  get bytes(): number {
    return this.#writtenBytes + this.#filled;
  }

  /** @param lines whole ones, each with its end. @returns a promise only when something must be written first */
  append(lines: string | Uint8Array): Promise<void> | undefined {
    const bytes = typeof lines === 'string' ? Buffer.from(lines) : lines;
    if (bytes.length > batchBytes - this.#filled) return this.#appendSlowly(bytes);
    this.#filling.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return undefined;
  }

  async #appendSlowly(bytes: Uint8Array): Promise<void> {
    await this.#write();
    if (bytes.length > batchBytes) return this.#writeAll(bytes);
    this.#filling.set(bytes);
    this.#filled = bytes.length;
  }

  async #write(): Promise<void> {
    const filled = this.#filled;
    this.#filled = 0;
    await this.#writeAll(this.#filling.subarray(0, filled));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#writtenBytes);
      if (bytesWritten === 0) throw new Error('the lines could not be written');
      written += bytesWritten;
      this.#writtenBytes += bytesWritten;
    }
  }

  /** @returns whole lines as they were appended, some thousand at a time at most; valid until the next are asked for */
  async *portions(): AsyncGenerator<Buffer> {
    await this.#write();
    let bytes = Buffer.allocUnsafeSlow(batchBytes);
    // the beginning of a line, which the next reading ends
    let begun = 0;
    for (let position = 0; position < this.#writtenBytes; ) {
      if (begun === bytes.length) bytes = Buffer.concat([bytes], 2 * begun);
      const { bytesRead } = await this.#file.read(bytes, begun, bytes.length - begun, position);
      if (bytesRead === 0) throw new Error('the lines are not there any more');
      position += bytesRead;
      const filled = begun + bytesRead;
      const end = bytes.subarray(0, filled).lastIndexOf(lineEnd) + 1;
      if (end > 0) yield bytes.subarray(0, end);
      bytes.copyWithin(0, end, filled);
      begun = filled - end;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
