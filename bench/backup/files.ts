// The files that backups are measured with: half text that compresses, half random bytes; the same bytes in each run.
import { createCipheriv } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const filesInFolder = 100;
const bigFileBytes = 5_000_000;
/** Every thousandth file is big, so that both ways through the writer are measured. */
const bigEvery = 1000;

/** A stream of numbers that is the same each time. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** @returns 0 to `below` - 1 */
  next(below: number): number {
    // xorshift32 (Marsaglia 2003)
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % below;
  }
}

/** Bytes that nothing can compress. */
export function randomBytes(bytes: number, seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** Words of a language that nobody speaks, the frequent ones much more frequent, in lines: deflate makes a third of it. */
export function text(bytes: number, seed: number): Buffer {
  const numbers = new Numbers(seed);
  const syllables = ['ka', 'to', 'mi', 'ren', 'su', 'lo', 'pa', 'ndi', 'or', 've', 'sha', 'ne', 'gu', 'ti', 'el', 'bra'];
  const word = () => Array.from({ length: 1 + numbers.next(4) }, () => syllables[numbers.next(syllables.length)]).join('');
  const words = Array.from({ length: 6000 }, word);
  const made = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; ) {
    const line = Array.from({ length: 500 }, () => words[numbers.next(1 + numbers.next(words.length))]);
    at += made.write(`${line.join(' ')}\n`, at);
  }
  return made;
}

export type Amount = { readonly files: number; readonly bytes: number };

/** A pool to cut files from: larger than what any packer sees at once, so that no file repeats its neighbour. */
const poolBytes = 48 * 1024 * 1024;

/** @param www an empty folder; Korean names, some empty files, and big ones are among them */
export async function writeFiles(www: string, { files, bytes }: Amount): Promise<void> {
  const pools = [text(poolBytes, 7), randomBytes(poolBytes, 7)] as const;
  const numbers = new Numbers(11);
  const bigFiles = bytes / files > 10_000 ? Math.floor(files / bigEvery) : 0;
  const usual = Math.floor((bytes - bigFiles * bigFileBytes) / (files - bigFiles));
  for (let folder = 0; folder * filesInFolder < files; folder++) {
    const path = join(www, `사진-${folder}`);
    await mkdir(path, { recursive: true });
    const writing: Promise<void>[] = [];
    for (let index = folder * filesInFolder; index < Math.min(files, (folder + 1) * filesInFolder); index++) {
      const isBig = bigFiles > 0 && index % bigEvery === 500 + ((index / bigEvery) & 1);
      const pool = pools[index & 1 ? 1 : 0];
      const size = isBig ? bigFileBytes : numbers.next(2 * usual + 1);
      const start = numbers.next(poolBytes - size);
      writing.push(writeFile(join(path, `${index}.${index & 1 ? 'jpg' : 'html'}`), pool.subarray(start, start + size)));
    }
    await Promise.all(writing);
  }
}

/** Gives every hundredth file another content of its kind. @param round another number, other files and contents */
export async function changeSome(www: string, { files, bytes }: Amount, round: number): Promise<void> {
  const size = Math.floor(bytes / files);
  for (let index = round % 100; index < files; index += 100) {
    const path = join(www, `사진-${Math.floor(index / filesInFolder)}`, `${index}.${index & 1 ? 'jpg' : 'html'}`);
    await writeFile(path, index & 1 ? randomBytes(size, index) : text(size, index + round + 1));
  }
}
