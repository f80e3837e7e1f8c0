// Reads the directory at the end of one of our ZIP archives (ZIP64 too), with every number checked against the file.
import type { FileHandle } from 'node:fs/promises';
import { DamagedArchive, readFully } from './damage.ts';
import {
  above16,
  above32,
  lengths,
  signatures,
  unixKinds,
  wideField,
  type ZipKind,
  type ZipMember,
  type ZipMethod,
  type ZipSizes,
} from './records.ts';

/** A member as the directory at the end of the archive describes it. */
export type ZipEntry = ZipMember &
  ZipSizes & { readonly method: ZipMethod; readonly offset: number; readonly described: boolean };

/** The directory as it stands in the archive: a fifth of the memory that its entries would take, so they are made when asked for. */
export class Directory {
  /** where it begins in the archive, in bytes */
  readonly offset: number;
  readonly count: number;
  readonly #bytes: Buffer;
  #last: readonly ZipEntry[] | undefined;

  constructor(bytes: Buffer, { count, offset }: { count: number; offset: number }) {
    this.#bytes = bytes;
    this.count = count;
    this.offset = offset;
  }

  /** In the order of the directory, which is that of the archive. @throws DamagedArchive */
  *entries(): Generator<ZipEntry> {
    for (const { entry } of this.listed()) yield entry;
  }

  /** As `entries`, each with its bytes. */
  *listed(): Generator<ListedEntry> {
    let at = 0;
    for (let index = 0; index < this.count; index++) {
      const { entry, length } = readEntry(this.#bytes, at);
      if (entry.offset + lengths.local + entry.compressedSize > this.offset)
        throw new DamagedArchive(`${entry.name}: reaches into the directory`);
      yield { entry, bytes: this.#bytes.subarray(at, at + length) };
      at += length;
    }
    if (at !== this.#bytes.length) throw new DamagedArchive('the directory holds more than its entries');
  }

  /** The last few entries: what describes an archive stands at its end. Goes through all of it once. @throws DamagedArchive */
  get last(): readonly ZipEntry[] {
    this.#last ??= lastOf(this.entries(), keptAtEnd);
    return this.#last;
  }
}

/** An entry with the bytes that describe it. */
export type ListedEntry = { readonly entry: ZipEntry; readonly bytes: Buffer };

const keptAtEnd = 4;

function lastOf<T>(all: Iterable<T>, count: number): T[] {
  const kept: T[] = [];
  for (const one of all) if (kept.push(one) > count) kept.shift();
  return kept;
}

/** @returns the directory, every entry of which can be read. @throws DamagedArchive */
export async function readDirectory(file: FileHandle, fileBytes: number): Promise<Directory> {
  const { count, bytes, offset } = await findDirectory(file, fileBytes);
  if (count * lengths.entry > bytes) throw new DamagedArchive('the directory is too short for its entries');
  const directory = new Directory(await readFully(file, offset, bytes), { count, offset });
  void directory.last;
  return directory;
}

export type Place = { count: number; bytes: number; offset: number };

/** @returns where the directory lies, and how many entries it has. @throws DamagedArchive */
export async function findDirectory(file: FileHandle, fileBytes: number): Promise<Place> {
  // our archives have no comment, so the end stands at the end and need not be searched for
  if (fileBytes < lengths.end) throw new DamagedArchive('the archive is too short');
  const endAt = fileBytes - lengths.end;
  const end = await readFully(file, endAt, lengths.end);
  if (end.readUInt32LE(0) !== signatures.end || end.readUInt16LE(20) !== 0)
    throw new DamagedArchive('the end of the archive is missing');
  const narrow = { count: end.readUInt16LE(10), bytes: end.readUInt32LE(12), offset: end.readUInt32LE(16) };
  const wide = narrow.count === above16 || narrow.bytes === above32 || narrow.offset === above32;
  const wideAt = endAt - lengths.wideLocator - lengths.wideEnd;
  const place = wide ? await readWideEnd(file, wideAt) : narrow;
  if (place.offset + place.bytes !== (wide ? wideAt : endAt))
    throw new DamagedArchive('the directory is not where the end of the archive says');
  return place;
}

async function readWideEnd(file: FileHandle, at: number): Promise<Place> {
  if (at < 0) throw new DamagedArchive('the archive is too short');
  const record = await readFully(file, at, lengths.wideEnd + lengths.wideLocator);
  if (record.readUInt32LE(0) !== signatures.wideEnd || record.readUInt32LE(lengths.wideEnd) !== signatures.wideLocator) {
    throw new DamagedArchive('the ZIP64 end of the archive is missing');
  }
  return { count: wideNumber(record, 32), bytes: wideNumber(record, 40), offset: wideNumber(record, 48) };
}

/** @returns the entry that begins at this byte, and how long it is. @throws DamagedArchive */
export function readEntry(directory: Buffer, at: number): { entry: ZipEntry; length: number } {
  if (at + lengths.entry > directory.length || directory.readUInt32LE(at) !== signatures.entry) {
    throw new DamagedArchive(`no directory entry at its byte ${at}`);
  }
  const nameLength = directory.readUInt16LE(at + 28);
  const extraLength = directory.readUInt16LE(at + 30);
  const length = lengths.entry + nameLength + extraLength + directory.readUInt16LE(at + 32);
  if (at + length > directory.length) throw new DamagedArchive(`the directory ends within the entry at its byte ${at}`);
  const name = directory.toString('utf8', at + lengths.entry, at + lengths.entry + nameLength);
  // Where the extra fields lie, and no views of them: a view is made as slowly as all the rest is read.
  const extra = { bytes: directory, start: at + lengths.entry + nameLength, end: at + lengths.entry + nameLength + extraLength };
  const method = directory.readUInt16LE(at + 10);
  if (method !== 0 && method !== 8) throw new DamagedArchive(`${name}: unknown compression ${method}`);
  const attributes = directory.readUInt32LE(at + 38) >>> 16;
  const entry: ZipEntry = {
    ...namedKind(name, attributes),
    mode: attributes & 0o7777,
    modifiedAt: readTime(extra, directory.readUInt16LE(at + 14), directory.readUInt16LE(at + 12)),
    method,
    described: (directory.readUInt16LE(at + 8) & 8) !== 0,
    crc: directory.readUInt32LE(at + 16),
    ...readSizes(name, extra, [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]),
  };
  return { entry, length };
}

const kindsByBits = new Map((Object.keys(unixKinds) as ZipKind[]).map((kind) => [unixKinds[kind], kind]));

function namedKind(stored: string, attributes: number): { name: string; kind: ZipKind } {
  const kind = kindsByBits.get(attributes & 0o170000);
  if (!kind || (kind === 'folder') !== stored.endsWith('/')) throw new DamagedArchive(`${stored}: name and kind do not fit`);
  return { name: kind === 'folder' ? stored.slice(0, -1) : stored, kind };
}

function readSizes(name: string, extra: Extra, narrow: [number, number, number]) {
  const [usualSize, usualCompressed, usualOffset] = narrow;
  if (usualSize !== above32 && usualCompressed !== above32 && usualOffset !== above32)
    return { size: usualSize, compressedSize: usualCompressed, offset: usualOffset };
  const wide = extraField(extra, 0x0001);
  const field = wide && extra.bytes.subarray(wide.start, wide.end);
  let at = 0;
  const [size, compressedSize, offset] = narrow.map((value) => {
    if (value !== above32) return value;
    if (!field || at + 8 > field.length) throw new DamagedArchive(`${name}: its ZIP64 sizes are missing`);
    at += 8;
    return wideNumber(field, at - 8);
  });
  return { size: size ?? 0, compressedSize: compressedSize ?? 0, offset: offset ?? 0 };
}

function readTime(extra: Extra, date: number, time: number): number {
  const exact = extraField(extra, 0x5455);
  if (exact && exact.end - exact.start >= 5) return extra.bytes.readInt32LE(exact.start + 1) * 1000;
  return Date.UTC(1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2);
}

/**
 * Moves the place that an entry names, in its bytes: the same member in another archive, at or before where it was.
 * @param entry exactly one, which is changed
 * @param by bytes, not more than the place itself
 */
export function moveBack(entry: Buffer, by: number): void {
  const narrow = entry.readUInt32LE(42);
  if (narrow !== above32) return void entry.writeUInt32LE(narrow - by, 42);
  const nameEnd = lengths.entry + entry.readUInt16LE(28);
  const wide = extraField({ bytes: entry, start: nameEnd, end: nameEnd + entry.readUInt16LE(30) }, 0x0001);
  const field = wide && entry.subarray(wide.start, wide.end);
  const at = 8 * [24, 20].filter((place) => entry.readUInt32LE(place) === above32).length;
  if (!field || at + 8 > field.length) throw new DamagedArchive('an entry is without its ZIP64 place');
  field.writeBigUInt64LE(field.readBigUInt64LE(at) - BigInt(by), at);
}

/**
 * @param entries some that follow one another, each whole
 * @param by so many bytes further on their records lie in another archive; less than zero: further in front
 * @returns the same entries for that archive, as a copy
 */
export function moved(entries: Buffer, by: number): Buffer {
  const copy = Buffer.from(entries);
  for (let at = 0; at < copy.length; ) {
    const offset = copy.readUInt32LE(at + 42);
    if (offset === above32 || offset + by >= above32) return movedFar(entries, by);
    copy.writeUInt32LE(offset + by, at + 42);
    at += lengths.entry + copy.readUInt16LE(at + 28) + copy.readUInt16LE(at + 30) + copy.readUInt16LE(at + 32);
  }
  return copy;
}

/** As `moved`, where places are beyond 4 GiB, before or afterwards. */
function movedFar(entries: Buffer, by: number): Buffer {
  const all: Buffer[] = [];
  for (let at = 0; at < entries.length; ) {
    const { entry, length } = readEntry(entries, at);
    all.push(placedAt(entries.subarray(at, at + length), { ...entry, offset: entry.offset + by }));
    at += length;
  }
  return Buffer.concat(all);
}

/** The entry with its ZIP64 field as it must be for this place. */
function placedAt(bytes: Buffer, { size, compressedSize, offset }: ZipEntry): Buffer {
  const nameEnd = lengths.entry + bytes.readUInt16LE(28);
  const extraEnd = nameEnd + bytes.readUInt16LE(30);
  const before = extraField({ bytes, start: nameEnd, end: extraEnd }, 0x0001);
  const others = before
    ? [bytes.subarray(nameEnd, before.start - 4), bytes.subarray(before.end, extraEnd)]
    : [bytes.subarray(nameEnd, extraEnd)];
  const wide = [size, compressedSize, offset].filter((value) => value >= above32);
  const extra = Buffer.concat([...others, wideField(wide)]);
  const head = Buffer.from(bytes.subarray(0, nameEnd));
  if (wide.length > 0) head.writeUInt16LE(45, 6);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(Math.min(offset, above32), 42);
  return Buffer.concat([head, extra, bytes.subarray(extraEnd)]);
}

type Extra = { readonly bytes: Buffer; readonly start: number; readonly end: number };

/** @returns where the field's own bytes lie, none beyond the extra fields */
function extraField({ bytes, start, end }: Extra, id: number): { start: number; end: number } | undefined {
  for (let at = start; at + 4 <= end; at += 4 + bytes.readUInt16LE(at + 2)) {
    if (bytes.readUInt16LE(at) === id) return { start: at + 4, end: Math.min(end, at + 4 + bytes.readUInt16LE(at + 2)) };
  }
  return undefined;
}

function wideNumber(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DamagedArchive('a size in the directory is impossible');
  return Number(value);
}
