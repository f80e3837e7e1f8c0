// Bytes that are collected bit by bit. Small Buffers kept one by one would each hold a whole slab of Node's pool in memory.
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

const segmentBytes = 256 * 1024;
/** The directory of some 90,000 members; what is more lies in a file. */
const mostInMemory = 32;

/** With a file, memory stays at 8 MiB: the directory of a million members is 80. What the disk refuses is thrown by `append`. */
export class GrowingBytes {
  readonly #spillPath: string | undefined;
  #spill: number | undefined;
  /** those before stand in the file */
  #spilled = 0;
  #segments: Buffer[] = [];
  #free: Buffer[] = [];
  #length = 0;

  /** @param spillPath of a file that is not there; it loses its name when it is made, so that a kill leaves nothing. Without it all stays in memory */
  constructor(spillPath?: string) {
    this.#spillPath = spillPath;
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      const start = this.#length % segmentBytes;
      if (start === 0) this.#begin();
      const part = bytes.subarray(taken, taken + segmentBytes - start);
      this.#segments.at(-1)?.set(part, start);
      this.#length += part.length;
      taken += part.length;
    }
  }

  #begin(): void {
    if (this.#spillPath !== undefined && this.#segments.length === mostInMemory) this.#spillAll(this.#spillPath);
    this.#segments.push(this.#free.pop() ?? Buffer.allocUnsafeSlow(segmentBytes));
  }

  #spillAll(path: string): void {
    if (this.#spill === undefined) {
      this.#spill = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
    }
    for (const segment of this.#segments) {
      const at = this.#spilled * segmentBytes;
      for (let written = 0; written < segmentBytes; )
        written += writeSync(this.#spill, segment, written, segmentBytes - written, at + written);
      this.#spilled++;
    }
    this.#free = this.#segments;
    this.#segments = [];
  }

  /** Forgets everything behind `length`. */
  cut(length: number): void {
    const count = Math.ceil(length / segmentBytes);
    this.#length = length;
    if (count > this.#spilled) this.#segments.length = count - this.#spilled;
    else {
      // What is cut lies in the file: the segment that goes on comes back.
      this.#spilled = Math.floor(length / segmentBytes);
      this.#segments = count > this.#spilled ? [this.#fromFile(this.#spilled, Buffer.allocUnsafeSlow(segmentBytes))] : [];
    }
  }

  /** @returns all bytes in order; each part is valid until the next is asked for */
  *parts(): Generator<Buffer> {
    const into = Buffer.allocUnsafeSlow(this.#spilled > 0 ? segmentBytes : 0);
    for (let index = 0; index < this.#spilled; index++) yield this.#fromFile(index, into);
    const inFile = this.#spilled * segmentBytes;
    for (const [index, segment] of this.#segments.entries())
      yield segment.subarray(0, this.#length - inFile - index * segmentBytes);
  }

  #fromFile(index: number, into: Buffer): Buffer {
    for (let filled = 0; filled < segmentBytes; ) {
      const read = readSync(this.#spill ?? -1, into, filled, segmentBytes - filled, index * segmentBytes + filled);
      if (read === 0) throw new Error('the collected bytes are not there any more');
      filled += read;
    }
    return into;
  }

  /** May be called twice. */
  close(): void {
    if (this.#spill !== undefined) closeSync(this.#spill);
    this.#spill = undefined;
  }
}
