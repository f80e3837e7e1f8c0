// SHA-512 crypt, `$6$` of crypt(3), after Ulrich Drepper's specification (https://www.akkadia.org/drepper/SHA-crypt.txt); no library of it is kept well.
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

export type Sha512Crypt = { readonly password: string; readonly salt: string; readonly rounds: number };

/** crypt(3)'s own alphabet of base64. */
const signs = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const blockBytes = 64;

const digest = (...parts: readonly (Buffer | string)[]) => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** @returns as many bytes of the block, over and over, as `length` asks for */
const stretched = (block: Buffer, length: number) => Buffer.alloc(length, block);

/**
 * Takes about 3 µs of a core a round: for a thread, not for the event loop.
 * @param salt at most 16 signs
 * @param rounds 1000 to 999,999,999
 * @returns the 86 signs behind the last `$`
 */
export function sha512Crypt({ password, salt, rounds }: Sha512Crypt): string {
  const key = Buffer.from(password, 'utf8');
  const alternate = digest(key, salt, key);
  const parts: (Buffer | string)[] = [key, salt, stretched(alternate, key.length)];
  for (let length = key.length; length > 0; length >>= 1) parts.push(length & 1 ? alternate : key);
  let result = digest(...parts);
  const p = stretched(digest(stretched(key, key.length ** 2)), key.length);
  const s = stretched(digest(stretched(Buffer.from(salt), salt.length * (16 + (result[0] ?? 0)))), Buffer.byteLength(salt));
  for (let round = 0; round < rounds; round += 1) {
    const hash = createHash('sha512').update(round & 1 ? p : result);
    if (round % 3) hash.update(s);
    if (round % 7) hash.update(p);
    result = hash.update(round & 1 ? result : p).digest();
  }
  return encoded(result);
}

/** Three bytes at a time, from three places that move on by 21: the order of the specification. */
function encoded(bytes: Buffer): string {
  let text = '';
  for (let at = 0, [a, b, c] = [0, 21, 42]; at < 21; at += 1, [a, b, c] = [b + 1, c + 1, a + 1]) {
    text += group(((bytes[a] ?? 0) << 16) | ((bytes[b] ?? 0) << 8) | (bytes[c] ?? 0), 4);
  }
  return text + group(bytes[blockBytes - 1] ?? 0, 2);
}

function group(value: number, count: number): string {
  return Array.from({ length: count }, (_, at) => signs[(value >> (6 * at)) & 0x3f]).join('');
}

/** The same in a thread of its own. */
export function sha512CryptAside(wanted: Sha512Crypt): Promise<string> {
  const program = new URL(`./sha512-crypt-worker${extname(import.meta.url)}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: wanted });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) => reject(new Error(`sha512-crypt: its thread ended with ${code}`)));
  });
}
