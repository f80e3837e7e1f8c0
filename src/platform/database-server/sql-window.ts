// The part of an SQL text that is being read: grows by what arrives, lets go of what was taken, and knows on which line it stands.
import { LoadFault } from './port.ts';

const lineFeed = 0x0a;
const space = 0x20;
const backslash = 0x5c;

export type Token = {
  /** `word` is bare, `name` a quoted identifier, `text` a string, `mark` one other sign */
  readonly kind: 'word' | 'name' | 'text' | 'mark';
  /** words in small letters, names without their quotes, marks as they are; empty for texts */
  readonly text: string;
  /** from the statement's first byte */
  readonly start: number;
  readonly end: number;
  /** stands behind a dot or an `@`: part of a longer name, never a keyword */
  readonly inName: boolean;
};

/** One statement. `bytes` are those of the window: they hold until the next one is asked for, and what is blanked there is not sent. */
export type Statement = {
  readonly bytes: Buffer;
  /** of its first byte, from 1 */
  readonly line: number;
  readonly tokens: readonly Token[];
  /** the text ended without the sign that ends a statement */
  readonly unfinished: boolean;
  /** constructs that were taken out while reading */
  readonly neutralised: number;
};

export class SqlWindow {
  /** may have been replaced after `append`; what counts is from `base`, `length` bytes long */
  bytes: Buffer = Buffer.allocUnsafe(1 << 18);
  base = 0;
  length = 0;
  line = 1;

  append(chunk: Buffer): void {
    if (this.base + this.length + chunk.length > this.bytes.length) this.#makeRoom(chunk.length);
    chunk.copy(this.bytes, this.base + this.length);
    this.length += chunk.length;
  }

  #makeRoom(more: number): void {
    const needed = this.length + more;
    const old = this.bytes;
    if (needed > old.length) this.bytes = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(old.length * 1.5)));
    // A window that one long statement made wide goes back when it is over.
    else if (old.length > 4 << 20 && needed < old.length >> 3) this.bytes = Buffer.allocUnsafeSlow(1 << 20);
    old.copy(this.bytes, 0, this.base, this.base + this.length);
    this.base = 0;
  }

  /** Lets go of the first bytes and counts their lines. */
  take(count: number): void {
    this.line += this.linesIn(count);
    this.base += count;
    this.length -= count;
  }

  /** @returns line feeds in the first bytes */
  linesIn(count: number): number {
    return linesIn(this.bytes.subarray(this.base, this.base + count));
  }

  view(count: number): Buffer {
    return this.bytes.subarray(this.base, this.base + count);
  }

  /** A byte order mark is no statement. @returns false when more text is needed @throws LoadFault for UTF-16, which no server could read */
  skipMark(ended: boolean): boolean {
    if (this.length < 3 && !ended) return false;
    const start = this.view(Math.min(3, this.length)).toString('hex');
    if (/^(fffe|feff)/.test(start)) throw new LoadFault({ line: 1, reason: 'refused', about: 'UTF-16' });
    if (start === 'efbbbf') this.take(3);
    return true;
  }

  /** @returns where reading stands inside of a quotation, and whether that is behind its end; a doubled quotation mark is none */
  readQuoted(start: number, closer: number, escapes: boolean, ended: boolean): { readonly at: number; readonly closed: boolean } {
    const { bytes, base, length } = this;
    let at = start;
    for (; at < length; at += 1) {
      const byte = bytes[base + at];
      if (byte === backslash && escapes) {
        if (at + 1 >= length) break;
        at += 1;
      } else if (byte === closer) {
        if (at + 1 >= length && !ended) break;
        if (at + 1 >= length || bytes[base + at + 1] !== closer) return { at: at + 1, closed: true };
        at += 1;
      }
    }
    return { at: Math.min(at, length), closed: false };
  }

  /** @returns a quoted identifier without its quotes, as far as names go */
  nameBetween(start: number, end: number, sign: string): string {
    return this.view(end - 1)
      .toString('utf8', start + 1)
      .slice(0, 64)
      .replaceAll(sign + sign, sign);
  }
}

export function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

/** Puts spaces in the place of bytes; line feeds stay, so that what an engine says of lines stays right. */
export function blank(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at += 1) if (bytes[at] !== lineFeed) bytes[at] = space;
}

/** Kinds of bytes: letters, digits, `_`, `$` and everything beyond ASCII make words in both engines. */
export const byteKinds: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code >= 0x80 || code === 0x5f || code === 0x24) return 2;
  if ((code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) return 2;
  return code === space || (code >= 9 && code <= 13) ? 1 : 0;
});
