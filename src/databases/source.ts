// The SQL text of a dump as it came: packed or not by its first bytes, and bounded, whatever a packed file claims to hold.

import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { bytesPassed } from '../platform/young-memory.ts';
import type { ImportFault } from './states.ts';

const gzipMark = Buffer.from([0x1f, 0x8b]);

/** What is no SQL text, by its first bytes. */
const others: readonly { readonly mark: Buffer; readonly name: string }[] = [
  { mark: Buffer.from('PK\u0003\u0004', 'latin1'), name: 'ZIP' },
  { mark: Buffer.from('BZh', 'latin1'), name: 'bzip2' },
  { mark: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), name: 'xz' },
  { mark: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), name: 'Zstandard' },
  { mark: Buffer.from([0x37, 0x7a, 0xbc, 0xaf]), name: '7z' },
  { mark: Buffer.from('Rar!', 'latin1'), name: 'RAR' },
  { mark: Buffer.from('PGDMP', 'latin1'), name: 'pg_dump -Fc' },
  { mark: Buffer.from('SQLite format 3\u0000', 'latin1'), name: 'SQLite' },
  { mark: Buffer.from([0x7f, 0x45, 0x4c, 0x46]), name: 'ELF' },
  { mark: Buffer.from([0xff, 0xfe]), name: 'UTF-16' },
  { mark: Buffer.from([0xfe, 0xff]), name: 'UTF-16' },
];

/** How many first bytes are looked at. */
export const markBytes = 16;

const begins = (head: Buffer, mark: Buffer) => head.length >= mark.length && head.subarray(0, mark.length).equals(mark);

/** @returns what kind of file this is instead of `.sql` or `.sql.gz`; undefined when it may be one */
export const otherKind = (head: Buffer): string | undefined => others.find(({ mark }) => begins(head, mark))?.name;

export const isPacked = (head: Buffer): boolean => begins(head, gzipMark);

/** Text repeats itself: dumps become ten to fifty times smaller. Zeroes, a thousand times. */
const mostTimes = 250;
const freeBytes = 64 * 1024 * 1024;

/** A dump on its way to a server. `fault` tells why the stream ended early, where that was its own doing. */
export type SqlText = {
  readonly stream: Readable;
  /** bytes of the source that were read so far */
  readBytes(): number;
  fault(): ImportFault | undefined;
};

/**
 * @param source as it lies in storage; closed with the text
 * @param mostBytes of text; more ends the stream with an error
 */
export function sqlText(source: Readable, { packed, mostBytes }: { packed: boolean; mostBytes: number }): SqlText {
  let read = 0;
  let passed = 0;
  let fault: ImportFault | undefined;
  const counted = new Transform({
    transform(piece: Buffer, _encoding, done) {
      read += piece.length;
      done(null, piece);
    },
  });
  const bounded = new Transform({
    transform(piece: Buffer, _encoding, done) {
      passed += piece.length;
      bytesPassed(piece.length);
      const isBomb = packed && passed > freeBytes && passed > mostTimes * read;
      if (!isBomb && passed <= mostBytes) return done(null, piece);
      fault = 'tooBig';
      done(new Error('the dump unpacks to too much'));
    },
  });
  const unpacked = packed ? createGunzip() : undefined;
  unpacked?.once('error', () => {
    fault ??= 'gzip';
  });
  const way = unpacked ? pipeline(source, counted, unpacked, bounded) : pipeline(source, counted, bounded);
  // Whoever reads `bounded` hears of it there.
  way.catch(() => {});
  return { stream: bounded, readBytes: () => read, fault: () => fault };
}
