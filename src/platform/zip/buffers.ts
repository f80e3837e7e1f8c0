// Memory for contents that is used again and again: what is given up goes back to the system late, after much more was taken.

const sizes = [16 * 1024, 128 * 1024, 1024 * 1024];

/** It keeps as much as was in use at the same time, and no more. */
export class Buffers {
  readonly #free = new Map<number, Buffer[]>();

  /** @returns memory for at least so many bytes, with anything in it, which other threads may be given */
  take(bytes: number): Buffer {
    const size = sizes.find((one) => bytes <= one) ?? bytes;
    return this.#free.get(size)?.pop() ?? Buffer.from(new SharedArrayBuffer(size));
  }

  /** @param buffer as it was taken; nobody may use it any more */
  give(buffer: Buffer): void {
    if (!sizes.includes(buffer.length)) return;
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
  }
}
