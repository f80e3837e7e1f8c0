// Reads an archive once from beginning to end, member by member, while the SHA-256 of the whole is computed.
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { DamagedArchive } from './damage.ts';
import type { Digests, RunningDigest } from './digests.ts';
import type { ZipEntry } from './directory.ts';
import { inflated, localLength } from './reader.ts';
import { lengths, signatures } from './records.ts';

const chunkBytes = 1024 * 1024;

export class ArchiveScan {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #digest: RunningDigest;
  readonly #progress: (bytesDone: number, bytesTotal: number) => void;
  /** a chunk, and room for what of the one before is still wanted */
  readonly #window = Buffer.allocUnsafeSlow(3 * chunkBytes);
  /** where in the file the window begins and ends */
  #start = 0;
  #read = 0;
  /** the next byte that nobody has taken */
  #position = 0;

  private constructor(
    file: FileHandle,
    size: number,
    digest: RunningDigest,
    progress: (bytesDone: number, bytesTotal: number) => void,
  ) {
    this.#file = file;
    this.#size = size;
    this.#digest = digest;
    this.#progress = progress;
  }

  /** @param progress may throw in order to stop the scan */
  static async open(
    path: string,
    digests: Digests,
    progress: (bytesDone: number, bytesTotal: number) => void,
  ): Promise<ArchiveScan> {
    const file = await open(path, 'r');
    const { size } = await file.stat().catch(async (cause) => {
      await file.close();
      throw cause;
    });
    return new ArchiveScan(file, size, digests.start(), progress);
  }

  /**
   * Takes the member's header.
   * @param next where the next member or the directory begins
   * @returns whether the member begins exactly here and is what the directory says
   */
  async beginMember(entry: ZipEntry, next: number): Promise<boolean> {
    if (entry.offset !== this.#position) return false;
    try {
      const header = await this.bytes(lengths.local);
      const length = localLength(entry, header, next);
      const nameLength = header.readUInt16LE(26);
      const rest = await this.bytes(length - lengths.local);
      return rest.toString('utf8', 0, nameLength) === (entry.kind === 'folder' ? `${entry.name}/` : entry.name);
    } catch (cause) {
      if (cause instanceof DamagedArchive) return false;
      throw cause;
    }
  }

  /** Goes on to `next`. @returns whether nothing but a data descriptor stood in between */
  async endMember(entry: ZipEntry, next: number): Promise<boolean> {
    const left = next - this.#position;
    if (left === 0) return !entry.described;
    if (left < 0 || left > 24) return false;
    const descriptor = await this.bytes(left);
    if (!entry.described || (left !== 16 && left !== 24)) return false;
    return descriptor.readUInt32LE(0) === signatures.descriptor && descriptor.readUInt32LE(4) === entry.crc;
  }

  /**
   * @param length two megabytes at most
   * @returns the next bytes, valid until the next call. @throws DamagedArchive when the file ends before
   */
  async bytes(length: number): Promise<Buffer> {
    const end = this.#position + length;
    while (this.#read < end) if (!(await this.#nextChunk())) throw new DamagedArchive(`the archive ends before byte ${end}`);
    const from = this.#position - this.#start;
    this.#position = end;
    return this.#window.subarray(from, from + length);
  }

  /** Lets `use` read the content that begins here, inflated, and goes to its end, also when `use` fails. */
  async content(entry: ZipEntry, use: (content: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
    const end = this.#position + entry.compressedSize;
    const raw = Readable.from(this.#take(entry.compressedSize), { objectMode: false });
    raw.on('error', () => {}); // it reaches `use` as well
    try {
      await use(entry.method === 0 ? raw : inflated(raw));
    } finally {
      // the stream may be in the middle of reading: nobody else may before it has stopped
      raw.destroy();
      if (!raw.closed) await new Promise<void>((resolve) => raw.once('close', resolve));
      await this.#skipTo(end).catch(() => {});
    }
  }

  /** Reads what is left. @returns the SHA-256 of the whole file */
  async finish(): Promise<string> {
    do this.#position = this.#read;
    while (await this.#nextChunk());
    return (await this.#digest.end()).hex;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #skipTo(position: number): Promise<void> {
    for await (const _ of this.#take(position - this.#position));
  }

  /** Each part is a copy: a stream may hold it while the window moves on. */
  async *#take(length: number): AsyncGenerator<Buffer> {
    const end = this.#position + length;
    while (this.#position < end) {
      if (this.#position === this.#read && !(await this.#nextChunk()))
        throw new DamagedArchive(`the archive ends before byte ${end}`);
      const from = this.#position - this.#start;
      const part = Buffer.from(this.#window.subarray(from, Math.min(this.#read, end) - this.#start));
      this.#position += part.length;
      yield part;
    }
  }

  /** What nobody has taken yet moves to the beginning of the window, and the next chunk comes behind it. */
  async #nextChunk(): Promise<boolean> {
    this.#progress(this.#read, this.#size);
    this.#window.copyWithin(0, this.#position - this.#start, this.#read - this.#start);
    this.#start = this.#position;
    const at = this.#read - this.#start;
    const { bytesRead } = await this.#file.read(this.#window, at, chunkBytes, this.#read);
    this.#read += bytesRead;
    await this.#digest.update(this.#window.subarray(at, at + bytesRead));
    return bytesRead > 0;
  }
}
