// The records a ZIP file consists of, as bytes (PKWARE APPNOTE 6.3: local header, data descriptor, directory entry, end of directory).

export type ZipKind = 'file' | 'folder' | 'link';

export type ZipMember = {
  /** path with `/` between segments; a folder's name has no slash at its end here */
  readonly name: string;
  readonly kind: ZipKind;
  /** unix permission bits */
  readonly mode: number;
  /** epoch milliseconds */
  readonly modifiedAt: number;
};

/** 0 is stored, 8 is deflate: the two that every program reads. */
export type ZipMethod = 0 | 8;

export type ZipSizes = { readonly crc: number; readonly size: number; readonly compressedSize: number };

export type ZipPlace = ZipSizes & {
  readonly method: ZipMethod;
  /** where the local header begins */
  readonly offset: number;
  /** sizes stand behind the content, because they were not known before */
  readonly described: boolean;
  /** the local header has room for sizes above 4 GiB */
  readonly wide: boolean;
};

export const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  entry: 0x02014b50,
  end: 0x06054b50,
  wideEnd: 0x06064b50,
  wideLocator: 0x07064b50,
} as const;

export const lengths = { local: 30, entry: 46, end: 22, wideEnd: 56, wideLocator: 20 } as const;

/** A field with this value stands in the ZIP64 extra field instead. */
export const above32 = 0xffffffff;
export const above16 = 0xffff;

const utf8 = 0x0800;
const descriptorFollows = 0x0008;
export const unixKinds: Record<ZipKind, number> = { file: 0o100000, folder: 0o040000, link: 0o120000 };

/** @returns the name as it stands in the archive: a folder's ends in `/` */
export function storedName(member: ZipMember): Buffer {
  return Buffer.from(member.kind === 'folder' ? `${member.name}/` : member.name, 'utf8');
}

/** @returns how long `storedName` is */
export const storedNameBytes = ({ name, kind }: Pick<ZipMember, 'name' | 'kind'>): number =>
  Buffer.byteLength(name, 'utf8') + (kind === 'folder' ? 1 : 0);

/** DOS times reach from 1980 to 2107 in steps of two seconds; what lies outside is moved to the edge. We write them in UTC. */
function dosTime(epochMilliseconds: number): { date: number; time: number } {
  const inside = Math.min(Math.max(epochMilliseconds || 0, Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31, 23, 59, 58));
  const at = new Date(inside);
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}

/** The extended timestamp holds a signed 32-bit second in UTC (1901 to 2038); outside of that only the DOS time and the manifest tell. */
function extendedTimestamp(epochMilliseconds: number): Buffer {
  const seconds = Math.floor(epochMilliseconds / 1000);
  if (!(seconds >= -0x80000000 && seconds <= 0x7fffffff)) return Buffer.alloc(0);
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x5455, 0);
  field.writeUInt16LE(5, 2);
  field.writeUInt8(1, 4);
  field.writeInt32LE(seconds, 5);
  return field;
}

/** @returns the ZIP64 field with these values; none, where there are none */
export function wideField(values: readonly number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(0x0001, 0);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  return field;
}

const flagsOf = (place: ZipPlace) => utf8 | (place.described ? descriptorFollows : 0);
const neededVersion = (member: ZipMember, place: ZipPlace, wide: boolean) =>
  wide ? 45 : member.kind === 'folder' || place.method === 8 ? 20 : 10;

/** @returns the header in front of a member's content */
export function localHeader(member: ZipMember, place: ZipPlace): Buffer {
  const name = storedName(member);
  const sizes = place.described ? { crc: 0, size: 0, compressedSize: 0 } : place;
  const stamp = extendedTimestamp(member.modifiedAt);
  const extra = place.wide ? Buffer.concat([stamp, wideField([sizes.size, sizes.compressedSize])]) : stamp;
  const { date, time } = dosTime(member.modifiedAt);
  const head = Buffer.alloc(lengths.local);
  head.writeUInt32LE(signatures.local, 0);
  head.writeUInt16LE(neededVersion(member, place, place.wide), 4);
  head.writeUInt16LE(flagsOf(place), 6);
  head.writeUInt16LE(place.method, 8);
  head.writeUInt16LE(time, 10);
  head.writeUInt16LE(date, 12);
  head.writeUInt32LE(sizes.crc, 14);
  head.writeUInt32LE(place.wide ? above32 : sizes.compressedSize, 18);
  head.writeUInt32LE(place.wide ? above32 : sizes.size, 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, name, extra]);
}

/** @returns the record behind a streamed member's content */
export function dataDescriptor(place: ZipPlace): Buffer {
  const record = Buffer.alloc(place.wide ? 24 : 16);
  record.writeUInt32LE(signatures.descriptor, 0);
  record.writeUInt32LE(place.crc, 4);
  if (place.wide) {
    record.writeBigUInt64LE(BigInt(place.compressedSize), 8);
    record.writeBigUInt64LE(BigInt(place.size), 16);
  } else {
    record.writeUInt32LE(place.compressedSize, 8);
    record.writeUInt32LE(place.size, 12);
  }
  return record;
}

/** @returns a member's entry in the directory at the end of the archive */
export function directoryEntry(member: ZipMember, place: ZipPlace): Buffer {
  const name = storedName(member);
  const wide = [place.size, place.compressedSize, place.offset].filter((value) => value >= above32);
  const stamp = extendedTimestamp(member.modifiedAt);
  const extra = wide.length > 0 ? Buffer.concat([stamp, wideField(wide)]) : stamp;
  const { date, time } = dosTime(member.modifiedAt);
  const version = neededVersion(member, place, place.wide || wide.length > 0);
  const entry = Buffer.alloc(lengths.entry);
  entry.writeUInt32LE(signatures.entry, 0);
  entry.writeUInt16LE((3 << 8) | 45, 4); // made on unix: the upper half of the attributes is kind and mode
  entry.writeUInt16LE(version, 6);
  entry.writeUInt16LE(flagsOf(place), 8);
  entry.writeUInt16LE(place.method, 10);
  entry.writeUInt16LE(time, 12);
  entry.writeUInt16LE(date, 14);
  entry.writeUInt32LE(place.crc, 16);
  entry.writeUInt32LE(Math.min(place.compressedSize, above32), 20);
  entry.writeUInt32LE(Math.min(place.size, above32), 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  const attributes = ((unixKinds[member.kind] | (member.mode & 0o7777)) << 16) | (member.kind === 'folder' ? 0x10 : 0);
  entry.writeUInt32LE(attributes >>> 0, 38);
  entry.writeUInt32LE(Math.min(place.offset, above32), 42);
  return Buffer.concat([entry, name, extra]);
}

/** @returns what closes the archive, with the ZIP64 records only where a number needs them */
export function endOfDirectory(directory: { entries: number; bytes: number; offset: number }): Buffer {
  const { entries, bytes, offset } = directory;
  const end = Buffer.alloc(lengths.end);
  end.writeUInt32LE(signatures.end, 0);
  end.writeUInt16LE(Math.min(entries, above16), 8);
  end.writeUInt16LE(Math.min(entries, above16), 10);
  end.writeUInt32LE(Math.min(bytes, above32), 12);
  end.writeUInt32LE(Math.min(offset, above32), 16);
  if (entries < above16 && bytes < above32 && offset < above32) return end;
  const wide = Buffer.alloc(lengths.wideEnd + lengths.wideLocator);
  wide.writeUInt32LE(signatures.wideEnd, 0);
  wide.writeBigUInt64LE(BigInt(lengths.wideEnd - 12), 4);
  wide.writeUInt16LE((3 << 8) | 45, 12);
  wide.writeUInt16LE(45, 14);
  wide.writeBigUInt64LE(BigInt(entries), 24);
  wide.writeBigUInt64LE(BigInt(entries), 32);
  wide.writeBigUInt64LE(BigInt(bytes), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  wide.writeUInt32LE(signatures.wideLocator, lengths.wideEnd);
  wide.writeBigUInt64LE(BigInt(offset + bytes), lengths.wideEnd + 8);
  wide.writeUInt32LE(1, lengths.wideEnd + 16);
  return Buffer.concat([wide, end]);
}
