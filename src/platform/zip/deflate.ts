// Compression of whole small files and of pieces of big ones, on node:zlib's threads.
import { promisify } from 'node:util';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import type { ZipMethod } from './records.ts';

const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, object, Buffer>(inflateRaw);

/** Files up to this size are held in memory while they are compressed; bigger ones pass through in pieces of it. */
export const pieceBytes = 1024 * 1024;

const level = 6;
const sampleBytes = 4096;

/**
 * Photographs, films and archives cannot be made smaller, and trying costs more than all the rest. Four samples tell: a byte
 * of theirs carries nearly eight bits. (Random bytes measure 7.99 here, text below 6.)
 */
export function looksCompressed(bytes: Uint8Array): boolean {
  if (bytes.length < sampleBytes) return false;
  const counts = new Uint32Array(256);
  let total = 0;
  for (let sample = 0; sample < 4; sample++) {
    const start = Math.floor(((bytes.length - sampleBytes) * sample) / 3);
    for (let at = start; at < start + sampleBytes; at++) counts[bytes[at] ?? 0] = (counts[bytes[at] ?? 0] ?? 0) + 1;
    total += sampleBytes;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits > 7.9;
}

/** @returns the whole content as it goes into the archive: deflated, or as it is where that is not larger */
export async function compressWhole(bytes: Uint8Array): Promise<{ method: ZipMethod; bytes: Uint8Array }> {
  if (bytes.length === 0 || looksCompressed(bytes)) return { method: 0, bytes };
  const deflated = await deflate(bytes, { level, chunkSize: roomFor(bytes.length) });
  return deflated.length < bytes.length ? { method: 8, bytes: deflated } : { method: 0, bytes };
}

/**
 * One piece of a larger content. Pieces do not refer to each other and end on a byte, so they can be compressed side by side
 * and stand one behind the other; `lastPiece` closes them.
 */
export function compressPiece(bytes: Uint8Array): Promise<Buffer> {
  return deflate(bytes, {
    level: looksCompressed(bytes) ? 0 : level,
    finishFlush: constants.Z_FULL_FLUSH,
    chunkSize: roomFor(bytes.length),
  });
}

/** An empty final block. */
export const lastPiece = Buffer.from([0x03, 0x00]);

/**
 * @param size what must come out, in bytes
 * @throws when it is not deflate data or more than `size` comes out
 */
export function expandWhole(bytes: Uint8Array, size: number): Promise<Buffer> {
  return inflate(bytes, { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) });
}

/** One buffer that surely holds the outcome: fewer trips to the threads. */
const roomFor = (bytes: number) => Math.max(64, bytes + Math.ceil(bytes / 1000) + 64);
