// Whether bytes that pass by are text: UTF-8 or CP949, without NUL.
import { isAscii } from 'node:buffer';

/**
 * Push every chunk in order, then ask `end`. UTF-8 (with or without a byte order mark) and CP949 are followed side by side, each byte
 * once. CP949 is checked by its structure, because the runtime's `euc-kr` decoder knows neither its 8,822 added syllables nor their bytes.
 */
export class TextRules {
  #utf8: InstanceType<typeof TextDecoder> | undefined = new TextDecoder('utf-8', { fatal: true });
  #cp949 = true;
  #lead = 0;
  #hasNul = false;
  #begun = false;
  #utf16 = false;

  /** @returns whether it may still be text */
  push(chunk: Buffer): boolean {
    if (!this.#begun && chunk.length > 0) {
      this.#begun = true;
      this.#utf16 = (chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff);
    }
    this.#hasNul ||= chunk.includes(0);
    this.#followCp949(chunk);
    this.#followUtf8(chunk, true);
    return this.#maybe();
  }

  /** @returns what it is: `utf-16` only where its byte order mark says so */
  end(): 'text' | 'utf-16' | 'binary' {
    this.#followUtf8(Buffer.alloc(0), false);
    if (this.#lead !== 0) this.#cp949 = false;
    if (this.#maybe()) return 'text';
    return this.#utf16 ? 'utf-16' : 'binary';
  }

  #maybe(): boolean {
    return !this.#hasNul && !this.#utf16 && (this.#utf8 !== undefined || this.#cp949);
  }

  #followUtf8(chunk: Buffer, stream: boolean): void {
    try {
      this.#utf8?.decode(chunk, { stream });
    } catch {
      this.#utf8 = undefined;
    }
  }

  #followCp949(chunk: Buffer): void {
    if (!this.#cp949 || (this.#lead === 0 && isAscii(chunk))) return;
    const lead = followPairs(chunk, this.#lead);
    this.#cp949 = lead !== undefined;
    this.#lead = lead ?? 0;
  }
}

/** @returns the first byte of a pair that the chunk ends in, 0 where it ends between characters, `undefined` where it is no CP949 */
function followPairs(chunk: Buffer, pending: number): number | undefined {
  let lead = pending;
  for (const byte of chunk) {
    if (lead !== 0) {
      if (!isTrail(lead, byte)) return undefined;
      lead = 0;
    } else if (byte >= 0x80) {
      if (byte === 0x80 || byte === 0xff) return undefined;
      lead = byte;
    }
  }
  return lead;
}

/** KS X 1001 rows everywhere, and the added syllables where the first byte is at most C6 (Windows code page 949). */
export function isTrail(lead: number, byte: number): boolean {
  if (byte >= 0xa1 && byte <= 0xfe) return true;
  return lead <= 0xc6 && ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x81 && byte <= 0xa0));
}
