// Reads our own ZIP archives at random: the directory first, then any member. Damage is an error, never an endless read.
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { DamagedArchive, readFully } from './damage.ts';
import { type Directory, readDirectory, type ZipEntry } from './directory.ts';
import { ReadAhead } from './read-ahead.ts';
import { lengths, signatures, storedNameBytes } from './records.ts';

const chunkBytes = 256 * 1024;

/** An archive that was opened for reading. Only one `rawBytes` may be read at a time; streams are independent of each other. */
export class ZipReader {
  readonly directory: Directory;
  /** of the whole archive */
  readonly bytes: number;
  readonly #file: FileHandle;
  readonly #ahead: ReadAhead;

  private constructor(file: FileHandle, bytes: number, directory: Directory) {
    this.#file = file;
    this.bytes = bytes;
    this.#ahead = new ReadAhead(file);
    this.directory = directory;
  }

  /** @throws DamagedArchive when the directory cannot be understood or does not fit the file */
  static async open(path: string): Promise<ZipReader> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return new ZipReader(file, size, await readDirectory(file, size));
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  /** @returns the members in the order of the archive, made anew each time */
  entries(): Generator<ZipEntry> {
    return this.directory.entries();
  }

  /** @returns the content, inflated; the stream ends with DamagedArchive when size or CRC-32 differ from the directory */
  open(entry: ZipEntry): Promise<Readable> {
    return openMember(this.#file, entry, this.directory.offset);
  }

  /** @returns the bytes as they stand in the archive */
  openRaw(entry: ZipEntry): Promise<Readable> {
    return openRawMember(this.#file, entry, this.directory.offset);
  }

  /** @returns the whole content of a small member */
  async read(entry: ZipEntry, mostBytes: number): Promise<Buffer> {
    if (entry.size > mostBytes) throw new DamagedArchive(`${entry.name}: ${entry.size} bytes, expected ${mostBytes} at most`);
    const chunks: Buffer[] = [];
    for await (const chunk of await this.open(entry)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /**
   * The bytes as they stand in the archive, read through a window: fast for members that follow one another. Each chunk is valid
   * until the next. @throws DamagedArchive at once when the member does not begin where the directory says
   */
  rawBytes(entry: ZipEntry): Promise<AsyncIterable<Uint8Array>> {
    return rawContent(this.#ahead, entry, this.directory.offset);
  }

  async close(): Promise<void> {
    await this.#ahead.settled();
    await this.#file.close();
  }
}

/** See `ZipReader.rawBytes`. @param limit where the directory begins */
export async function rawContent(ahead: ReadAhead, entry: ZipEntry, limit: number): Promise<AsyncIterable<Uint8Array>> {
  const header = await ahead.exactly(entry.offset, lengths.local);
  return windowed(ahead, entry.offset + localLength(entry, header, limit), entry.compressedSize);
}

/** @returns bytes that follow one another, each part valid until the next. @throws DamagedArchive when the file ends before */
export async function* windowed(ahead: ReadAhead, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; ) {
    const bytes = await ahead.some(start + done, length - done);
    done += bytes.length;
    yield bytes;
  }
}

/** See `ZipReader.open`. @param limit where the directory begins */
export async function openMember(file: FileHandle, entry: ZipEntry, limit: number): Promise<Readable> {
  const raw = await openRawMember(file, entry, limit);
  const checked = Readable.from(checkedContent(entry, entry.method === 0 ? raw : inflated(raw)), { objectMode: false });
  checked.once('close', () => raw.destroy());
  return checked;
}

async function openRawMember(file: FileHandle, entry: ZipEntry, limit: number): Promise<Readable> {
  const start = entry.offset + localLength(entry, await readFully(file, entry.offset, lengths.local), limit);
  async function* parts() {
    for (let done = 0; done < entry.compressedSize; ) {
      const bytes = await readFully(file, start + done, Math.min(chunkBytes, entry.compressedSize - done));
      done += bytes.length;
      yield bytes;
    }
  }
  return Readable.from(parts(), { objectMode: false });
}

/**
 * @param header the fixed part of a local header
 * @param limit what must not be passed by the member's content
 * @returns the length of header, name and extra fields together
 */
export function localLength(entry: ZipEntry, header: Buffer, limit: number): number {
  if (header.length < lengths.local || header.readUInt32LE(0) !== signatures.local) {
    throw new DamagedArchive(`${entry.name}: no member begins at byte ${entry.offset}`);
  }
  if (header.readUInt16LE(8) !== entry.method || header.readUInt16LE(26) !== storedNameBytes(entry)) {
    throw new DamagedArchive(`${entry.name}: header and directory differ`);
  }
  const length = lengths.local + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (entry.offset + length + entry.compressedSize > limit) throw new DamagedArchive(`${entry.name}: reaches into the directory`);
  return length;
}

/** @returns what a deflated stream holds; it ends with an error where the data cannot be inflated */
export function inflated(raw: Readable): Readable {
  return pipeline(raw, createInflateRaw({ chunkSize: 256 * 1024 }), () => {});
}

/** Passes a content on. @throws DamagedArchive as soon as there is too much of it, or at its end when size or CRC-32 differ */
export async function* checkedContent(entry: ZipEntry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let crc = 0;
  let size = 0;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (size > entry.size) throw new DamagedArchive(`${entry.name}: larger than ${entry.size} bytes`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (cause) {
    throw cause instanceof DamagedArchive
      ? cause
      : new DamagedArchive(`${entry.name}: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (size !== entry.size) throw new DamagedArchive(`${entry.name}: ${size} bytes instead of ${entry.size}`);
  if (crc !== entry.crc) throw new DamagedArchive(`${entry.name}: wrong CRC-32`);
}
