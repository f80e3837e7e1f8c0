// The directory of an archive, gone through once in portions: entries are compared and copied as bytes, without being understood.
import type { FileHandle } from 'node:fs/promises';
import { DamagedArchive, readFully } from './damage.ts';
import { type Place, readEntry, type ZipEntry } from './directory.ts';
import { above32, lengths, signatures, type ZipKind } from './records.ts';

const portionBytes = 256 * 1024;
const kinds = new Map<number, ZipKind>([
  [0o100000, 'file'],
  [0o040000, 'folder'],
  [0o120000, 'link'],
]);

export class EntryWindow {
  readonly #file: FileHandle;
  readonly #place: Place;
  #read = 0;
  /** what is in memory: entries that were passed, whole ones, and the beginning of one */
  bytes: Buffer = Buffer.alloc(0);
  /** where the entry begins that comes next; whoever takes entries moves it */
  at = 0;

  /** @param place of the directory in this file */
  constructor(file: FileHandle, place: Place) {
    this.#file = file;
    this.#place = place;
  }

  /** @returns whether all of the directory has passed */
  get isEnd(): boolean {
    return this.#isBehindLast(this.at);
  }

  #isBehindLast(at: number): boolean {
    return this.#read === this.#place.bytes && at === this.bytes.length;
  }

  /** Reads on, and forgets the entries that were passed. @throws DamagedArchive when the directory ends within an entry */
  async more(): Promise<void> {
    const length = Math.min(portionBytes, this.#place.bytes - this.#read);
    if (length === 0) throw new DamagedArchive('the directory ends within an entry');
    const portion = await readFully(this.#file, this.#place.offset + this.#read, length);
    this.bytes = Buffer.concat([this.bytes.subarray(this.at), portion]);
    this.at = 0;
    this.#read += length;
  }

  /** @returns where the entry at this byte ends; 0 where it goes on beyond what is in memory. @throws DamagedArchive */
  endOf(at: number): number {
    const { bytes } = this;
    if (at + lengths.entry > bytes.length) return 0;
    if (bytes.readUInt32LE(at) !== signatures.entry) throw new DamagedArchive('no entry where one must begin');
    const end = this.nameEndOf(at) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    return end <= bytes.length ? end : 0;
  }

  /** @returns where the name of the whole entry at this byte ends; a folder's has a slash at its end */
  nameEndOf(at: number): number {
    return at + lengths.entry + this.bytes.readUInt16LE(at + 28);
  }

  entryAt(at: number): ZipEntry {
    return readEntry(this.bytes, at).entry;
  }

  kindOf(at: number): ZipKind | undefined {
    return kinds.get((this.bytes.readUInt32LE(at + 38) >>> 16) & 0o170000);
  }

  sizeOf(at: number): number {
    const size = this.bytes.readUInt32LE(at + 24);
    return size === above32 ? this.entryAt(at).size : size;
  }

  /** @returns where the record begins that the whole entry at this byte describes; at the directory's end, where that begins. Undefined where it is not in memory */
  recordOf(at: number): number | undefined {
    if (this.#isBehindLast(at)) return this.#place.offset;
    if (this.endOf(at) === 0) return undefined;
    const offset = this.bytes.readUInt32LE(at + 42);
    return offset === above32 ? this.entryAt(at).offset : offset;
  }

  /** @returns how many bytes a record with this entry has at least */
  leastRecordOf(at: number): number {
    const compressed = this.bytes.readUInt32LE(at + 20);
    const content = compressed === above32 ? this.entryAt(at).compressedSize : compressed;
    return lengths.local + this.bytes.readUInt16LE(at + 28) + content;
  }
}
