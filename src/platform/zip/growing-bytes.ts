// Bytes that are collected bit by bit. Small Buffers kept one by one would each hold a whole slab of Node's pool in memory.

const segmentBytes = 256 * 1024;

export class GrowingBytes {
  readonly #segments: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      const start = this.#length % segmentBytes;
      if (start === 0) this.#segments.push(Buffer.allocUnsafeSlow(segmentBytes));
      const part = bytes.subarray(taken, taken + segmentBytes - start);
      this.#segments.at(-1)?.set(part, start);
      this.#length += part.length;
      taken += part.length;
    }
  }

  /** Forgets everything behind `length`. */
  cut(length: number): void {
    this.#length = length;
    this.#segments.length = Math.ceil(length / segmentBytes);
  }

  *parts(): Generator<Buffer> {
    for (const [index, segment] of this.#segments.entries()) yield segment.subarray(0, this.#length - index * segmentBytes);
  }
}
