// Compression of whole small files and of pieces of big ones, on node:zlib's threads.
import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ZipMethod } from './records.ts';

/** Files up to this size are held in memory while they are compressed; bigger ones pass through in pieces of it. */
export const pieceBytes = 1024 * 1024;

/** Of programs, texts and data 0.4 to 1.4 % more bytes than 6 makes, in a fifth less time (docs/benchmarks.md). */
const level = 5;
/** Of a manifest 3 % more bytes than 5 makes, in a quarter less time. */
const quickLevel = 3;
const sampleBytes = 2048;
/** Of less, samples tell too little. */
const leastSampled = 4096;
const chunkBytes = 64 * 1024;
const storedBlockBytes = 0xffff;

/**
 * Photographs, films and archives cannot be made smaller, and trying costs more than all the rest. Four samples tell: a byte
 * of theirs carries nearly eight bits. (Random bytes measure 7.98 here, text below 6.)
 */
export function looksCompressed(bytes: Uint8Array): boolean {
  if (bytes.length < leastSampled) return false;
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

/** Of less, compressing and hashing take less time than waking a thread for it. */
export const tinyBytes = 2048;
/** What so few bytes refer to lies no further back: 8 KiB are begun with instead of 256. */
const tinyWindow = { windowBits: 12, memLevel: 4 };

/** @returns the content, deflated in this very turn; see `Compressor.whole` */
export function wholeHere(bytes: Uint8Array): Compressed {
  const deflated = bytes.length === 0 ? bytes : deflateRawSync(bytes, { level, ...tinyWindow });
  return deflated.length < bytes.length
    ? { method: 8, parts: [deflated], length: deflated.length }
    : { method: 0, parts: [bytes], length: bytes.length };
}

/** A content as it goes into the archive, in parts that follow one another. */
export type Compressed = { readonly method: ZipMethod; readonly parts: readonly Uint8Array[]; readonly length: number };

/**
 * A few compressors that are used again and again: making one for each file costs more memory, and for small files more time,
 * than compressing. What it is given must stay as it is until it has answered.
 */
export class Compressor {
  readonly #whole: Deflaters;
  readonly #pieces: Deflaters;
  readonly #quickPieces: Deflaters;

  /** @param most how many whole contents, and how many pieces, are worked at at the same time */
  constructor(most: number) {
    this.#whole = new Deflaters(most, constants.Z_FINISH);
    this.#pieces = new Deflaters(most, constants.Z_FULL_FLUSH);
    this.#quickPieces = new Deflaters(most, constants.Z_FULL_FLUSH, quickLevel);
  }

  /** @returns the whole content: deflated, or as it is where that is not larger */
  async whole(bytes: Uint8Array): Promise<Compressed> {
    const stored = { method: 0, parts: [bytes], length: bytes.length } as const;
    if (bytes.length === 0 || looksCompressed(bytes)) return stored;
    const parts = await this.#whole.run(bytes);
    const length = lengthOf(parts);
    return length < bytes.length ? { method: 8, parts, length } : stored;
  }

  /**
   * One piece of a larger content. Pieces do not refer to each other and end on a byte, so they can be compressed side by side
   * and stand one behind the other; `lastPiece` closes them.
   */
  async piece(bytes: Uint8Array, quick = false): Promise<readonly Uint8Array[]> {
    if (looksCompressed(bytes)) return storedBlocks(bytes);
    return (quick ? this.#quickPieces : this.#pieces).run(bytes);
  }

  close(): void {
    this.#whole.close();
    this.#pieces.close();
    this.#quickPieces.close();
  }
}

/** Those that end what they are given in one way. */
class Deflaters {
  readonly #all = new Set<Deflater>();
  readonly #idle: Deflater[] = [];
  readonly #waiting: ((deflater: Deflater) => void)[] = [];
  readonly #most: number;
  readonly #end: number;
  readonly #level: number;

  constructor(most: number, end: number, levelOfAll = level) {
    this.#most = most;
    this.#end = end;
    this.#level = levelOfAll;
  }

  async run(bytes: Uint8Array): Promise<Uint8Array[]> {
    const deflater = this.#idle.pop() ?? (await this.#take());
    try {
      const parts = await deflater.run(bytes);
      this.#give(deflater);
      return parts;
    } catch (cause) {
      this.#all.delete(deflater);
      this.#give(this.#make());
      throw cause;
    }
  }

  #take(): Deflater | Promise<Deflater> {
    if (this.#all.size < this.#most) return this.#make();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #make(): Deflater {
    const deflater = new Deflater(this.#end, this.#level);
    this.#all.add(deflater);
    return deflater;
  }

  #give(deflater: Deflater): void {
    const next = this.#waiting.shift();
    if (next) next(deflater);
    else this.#idle.push(deflater);
  }

  close(): void {
    for (const deflater of this.#all) deflater.close();
  }
}

/** One content after another through the same memory. */
class Deflater {
  readonly #stream: DeflateRaw;
  #parts: Uint8Array[] = [];

  /** @param end every content is ended so by the very call that compresses it: a second call would wake a thread once more */
  constructor(end: number, level: number) {
    this.#stream = createDeflateRaw({ level, chunkSize: chunkBytes, flush: end });
    this.#stream.on('data', (part: Buffer) => this.#parts.push(part));
    this.#stream.on('error', () => {}); // whoever waits for it hears of it
  }

  run(bytes: Uint8Array): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (cause?: Error | null) => {
        if (cause) return reject(cause);
        if (this.#stream.readableLength > 0) return reject(new Error('a part of what was compressed is still on its way'));
        const parts = this.#parts;
        this.#parts = [];
        this.#stream.reset();
        resolve(parts);
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** Deflate's way of saying "these bytes as they are". */
function storedBlocks(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += storedBlockBytes) {
    const block = bytes.subarray(start, start + storedBlockBytes);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    parts.push(head, block);
  }
  return parts;
}

export function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

/** An empty final block. */
export const lastPiece = Buffer.from([0x03, 0x00]);

/**
 * In this very turn: for contents of a piece at most, where waking a thread would cost more.
 * @param size what must come out, in bytes
 * @throws when it is not deflate data or more than `size` comes out
 */
export function expandWhole(bytes: Uint8Array, size: number): Buffer {
  return inflateRawSync(bytes, { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) });
}
