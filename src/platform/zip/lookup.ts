// Looks things up in one of our own ZIP archives without holding its directory: read in portions, so that a million members cost no memory.
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { DamagedArchive, readFully } from './damage.ts';
import { findDirectory, type Place, readEntry, type ZipEntry } from './directory.ts';
import { openMember } from './reader.ts';
import { lengths, signatures } from './records.ts';

const portionBytes = 1024 * 1024;
/** Of most entries: what is longer is read once more. */
const usualEntryBytes = 512;
/** Of the directory: some ten entries. */
const endBytes = 4096;

/** One entry as it stands in the directory; valid until the next one is looked at. */
export type RawEntry = {
  readonly bytes: Buffer;
  /** within `bytes` */
  readonly at: number;
  readonly nameEnd: number;
  readonly end: number;
  /** from the beginning of the directory: `ZipLookup.entryAt` reads it again */
  readonly position: number;
};

/** What lies right in a folder, as positions of its entries. Of a folder without an entry of its own, that of the first one below it. */
export type Children = { readonly folders: readonly number[]; readonly files: readonly number[] };

/** An archive that was opened for looking things up; whoever opens it closes it. Everything may be asked side by side. */
export class ZipLookup {
  /** of the whole archive */
  readonly bytes: number;
  readonly file: FileHandle;
  readonly place: Place;

  private constructor(file: FileHandle, bytes: number, place: Place) {
    this.file = file;
    this.bytes = bytes;
    this.place = place;
  }

  /** @throws DamagedArchive when there is no directory where it should be */
  static async open(path: string): Promise<ZipLookup> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return new ZipLookup(file, size, await findDirectory(file, size));
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  /**
   * Goes through the directory in its order.
   * @param look returns false to stop
   * @param from position of the entry to begin with
   * @throws DamagedArchive
   */
  async scan(look: (entry: RawEntry) => boolean, from = 0): Promise<void> {
    const { offset, bytes: total } = this.place;
    let window: Buffer = Buffer.alloc(0);
    for (let read = from; read < total; ) {
      const portion = await readFully(this.file, offset + read, Math.min(portionBytes, total - read));
      window = window.length > 0 ? Buffer.concat([window, portion]) : portion;
      read += portion.length;
      const start = read - window.length;
      let at = 0;
      for (let entry = entryIn(window, at, start); entry; entry = entryIn(window, at, start)) {
        if (!look(entry)) return;
        at = entry.end;
      }
      window = window.subarray(at);
    }
    if (window.length > 0) throw new DamagedArchive('the directory ends within an entry');
  }

  /** @param path as in the directory, a folder's without a slash at its end. @returns undefined where the archive has no such member */
  async find(path: string): Promise<ZipEntry | undefined> {
    const wanted = Buffer.from(path);
    let found: ZipEntry | undefined;
    await this.scan(({ bytes, at, nameEnd }) => {
      const begin = at + lengths.entry;
      const length = nameEnd - begin - (bytes[nameEnd - 1] === slash ? 1 : 0);
      if (length === wanted.length && wanted.compare(bytes, begin, begin + length) === 0) found = readEntry(bytes, at).entry;
      return found === undefined;
    });
    return found && this.#checked(found);
  }

  /**
   * Looks among the few last entries alone: what describes an archive stands at its end. An entry has no mark that its name could not hold, so
   * what counts is only what stands behind another one, with no gap up to the directory's end.
   * @returns undefined where it is not seen there, so `find` it
   */
  async findLast(path: string): Promise<ZipEntry | undefined> {
    const length = Math.min(endBytes, this.place.bytes);
    const bytes = await readFully(this.file, this.place.offset + this.place.bytes - length, length);
    for (let at = bytes.indexOf(entryMark); at >= 0; at = bytes.indexOf(entryMark, at + 1)) {
      const [, ...entries] = entriesToEnd(bytes, at);
      const found = entries.findLast(({ name }) => name === path);
      if (found) return this.#checked(found);
    }
    return undefined;
  }

  /** @param folder empty for the archive itself. @returns undefined where there is no such folder */
  async children(folder: string): Promise<Children | undefined> {
    const prefix = Buffer.from(folder === '' ? '' : `${folder}/`);
    const folders: number[] = [];
    const files: number[] = [];
    let exists = folder === '';
    let last: Buffer = Buffer.alloc(0);
    await this.scan(({ bytes, at, nameEnd, position }) => {
      const begin = at + lengths.entry;
      const inside = begin + prefix.length;
      // All that is in a folder follows it without a gap.
      if (nameEnd < inside || prefix.compare(bytes, begin, inside) !== 0) return !exists;
      exists = true;
      if (nameEnd === inside) return true;
      const end = bytes.indexOf(slash, inside);
      if (end < 0 || end >= nameEnd) files.push(position);
      // Members of one folder stand together, so its name is compared with the one before alone.
      else if (last.compare(bytes, inside, end) !== 0) {
        folders.push(position);
        last = Buffer.from(bytes.subarray(inside, end));
      }
      return true;
    });
    return exists ? { folders, files } : undefined;
  }

  /** @param position as a scan told it. @throws DamagedArchive */
  async entryAt(position: number): Promise<ZipEntry> {
    const from = this.place.offset + position;
    const left = this.place.bytes - position;
    const bytes = await readFully(this.file, from, Math.min(usualEntryBytes, left));
    if (entryIn(bytes, 0, 0)) return this.#checked(readEntry(bytes, 0).entry);
    return this.#checked(readEntry(await readFully(this.file, from, Math.min(3 * 0x10000, left)), 0).entry);
  }

  /** @returns the member's content; the stream ends with DamagedArchive when size or CRC-32 differ from the directory */
  open(entry: ZipEntry): Promise<Readable> {
    return openMember(this.file, entry, this.place.offset);
  }

  /** Only after every stream is through or destroyed. */
  async close(): Promise<void> {
    await this.file.close();
  }

  #checked(entry: ZipEntry): ZipEntry {
    if (entry.offset + lengths.local + entry.compressedSize > this.place.offset)
      throw new DamagedArchive(`${entry.name}: reaches into the directory`);
    return entry;
  }
}

const slash = 0x2f;
const entryMark = Buffer.from([0x50, 0x4b, 0x01, 0x02]);

/** @returns what stands from this byte on; nothing where that does not end with the directory */
function entriesToEnd(bytes: Buffer, from: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  try {
    for (let at = from; at < bytes.length; ) {
      const { entry, length } = readEntry(bytes, at);
      entries.push(entry);
      at += length;
    }
    return entries;
  } catch (cause) {
    if (cause instanceof DamagedArchive) return [];
    throw cause;
  }
}

/** @returns the entry at this byte; undefined where it goes on beyond these bytes */
function entryIn(bytes: Buffer, at: number, start: number): RawEntry | undefined {
  if (at + lengths.entry > bytes.length) return undefined;
  if (bytes.readUInt32LE(at) !== signatures.entry) throw new DamagedArchive(`no directory entry at its byte ${start + at}`);
  const nameEnd = at + lengths.entry + bytes.readUInt16LE(at + 28);
  const end = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  return end > bytes.length ? undefined : { bytes, at, nameEnd, end, position: start + at };
}
