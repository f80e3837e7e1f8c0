// Passwords that are known from breaches (ASVS 6.2.12): a list of SHA-1 digests that the operator imports, searched on the disk.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const digestBytes = 20;

export class BreachedPasswords {
  readonly #file: string;

  /** @param file of 20 bytes a password, sorted, as `import` writes it; without the file nothing is known to be breached */
  constructor(file: string) {
    this.#file = file;
  }

  /** @throws when the list is there and cannot be read */
  async has(password: string): Promise<boolean> {
    const list = await open(this.#file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!list) return false;
    try {
      return await isIn(list, createHash('sha1').update(password).digest());
    } finally {
      await list.close();
    }
  }

  /**
   * Takes over a list, replacing the one before only when all of it was read.
   * @param source a text file with one SHA-1 in hexadecimal a line, sorted; what follows a colon is ignored
   * @returns how many passwords it knows
   * @throws Error that names the first line that is no digest or not in order
   */
  async import(source: string): Promise<number> {
    const half = `${this.#file}.new`;
    let count = 0;
    async function* digests() {
      const lines = createInterface({ input: createReadStream(source), crlfDelay: Number.POSITIVE_INFINITY });
      let [last, number, batch] = ['', 0, [] as Buffer[]];
      for await (const line of lines) {
        number += 1;
        const digest = line.split(':', 1)[0]?.trim().toUpperCase() ?? '';
        if (digest === '') continue;
        if (!/^[0-9A-F]{40}$/.test(digest)) throw new Error(`line ${number} is no SHA-1 digest`);
        if (digest <= last) throw new Error(`line ${number} is not in order; sort the list first`);
        last = digest;
        count += 1;
        if (batch.push(Buffer.from(digest, 'hex')) === 4096) yield Buffer.concat(batch.splice(0));
      }
      yield Buffer.concat(batch);
    }
    try {
      await pipeline(Readable.from(digests()), createWriteStream(half, { mode: 0o640, flush: true }));
      if (count === 0) throw new Error('the list is empty');
      await rename(half, this.#file);
    } finally {
      await rm(half, { force: true });
    }
    return count;
  }
}

/** Binary search: thirty reads find one of a thousand million. */
async function isIn(list: FileHandle, wanted: Buffer): Promise<boolean> {
  const { size } = await list.stat();
  const digest = Buffer.alloc(digestBytes);
  let [from, to] = [0, Math.floor(size / digestBytes)];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    await list.read(digest, 0, digestBytes, middle * digestBytes);
    const order = digest.compare(wanted);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}
