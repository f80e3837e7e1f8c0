// Rows that are too many to be kept in memory: written to a file without a name, read back in order.
import { type FileHandle, open, unlink } from 'node:fs/promises';

/** Each is a promise and a thread's turn: at 32 KiB a million rows waited for 20,000 of them. */
const batchBytes = 128 * 1024;

/** First everything is appended, then it is read, once or again. What the disk refuses is thrown at the next call. */
export class Spool<T> {
  readonly #file: FileHandle;
  readonly #parts: string[] = [];
  #partsLength = 0;
  #writtenBytes = 0;
  #count = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param path of a file that is not there; its name is gone again when this returns, so that a kill leaves nothing */
  static async open<T>(path: string): Promise<Spool<T>> {
    const file = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
      return new Spool<T>(file);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  get count(): number {
    return this.#count;
  }

  /** @returns how many bytes the rows take */
  async bytes(): Promise<number> {
    await this.#write();
    return this.#writtenBytes;
  }

  /** @param row what JSON can hold. @returns a promise only when rows must be written first */
  append(row: T): Promise<void> | undefined {
    return this.appendText(JSON.stringify(row));
  }

  /** @param line a row as JSON, without a line's end in it */
  appendText(line: string): Promise<void> | undefined {
    this.#parts.push(line, '\n');
    this.#partsLength += line.length + 1;
    this.#count++;
    return this.#partsLength < batchBytes ? undefined : this.#write();
  }

  async #write(): Promise<void> {
    const bytes = Buffer.from(this.#parts.join(''));
    this.#parts.length = 0;
    this.#partsLength = 0;
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#writtenBytes);
      if (bytesWritten === 0) throw new Error('the rows could not be written');
      written += bytesWritten;
      this.#writtenBytes += bytesWritten;
    }
  }

  /** @returns every row, some thousand at a time at most */
  async *batches(): AsyncGenerator<T[]> {
    for await (const text of this.texts()) yield rowsOf<T>(text);
  }

  /** @returns the rows as they were written, whole lines with their ends, some thousand at a time at most */
  async *texts(): AsyncGenerator<string> {
    await this.#write();
    const bytes = Buffer.allocUnsafeSlow(batchBytes);
    let rest = Buffer.alloc(0);
    for (let position = 0; position < this.#writtenBytes; ) {
      const { bytesRead } = await this.#file.read(bytes, 0, batchBytes, position);
      if (bytesRead === 0) throw new Error('the rows are not there any more');
      position += bytesRead;
      const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      const whole = Buffer.concat([rest, bytes.subarray(0, end)]).toString();
      rest = Buffer.concat([end > 0 ? Buffer.alloc(0) : rest, bytes.subarray(end, bytesRead)]);
      if (end > 0) yield whole;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const rowsOf = <T>(text: string): T[] => JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`);
