// Texts as they are stored and as they are edited: UTF-8 and CP949 stay what they were, and so do the byte order mark and the ends of lines.
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

export type Coding = {
  readonly charset: 'utf-8' | 'cp949';
  readonly hasMark: boolean;
  readonly lineEnd: '\n' | '\r\n';
};

const mark = '\ufeff';

/** @returns the text with plain line feeds, and how it was stored; undefined for what is no text, or would not be stored again byte for byte */
export function decoded(bytes: Buffer): { text: string; coding: Coding } | undefined {
  if (bytes.includes(0)) return undefined;
  const charset = isUtf8(bytes) ? 'utf-8' : 'cp949';
  const whole = charset === 'utf-8' ? bytes.toString() : iconv.decode(bytes, 'cp949');
  const hasMark = whole.startsWith(mark);
  const stored = hasMark ? whole.slice(1) : whole;
  const returns = stored.match(/\r\n/g)?.length ?? 0;
  const feeds = stored.match(/\n/g)?.length ?? 0;
  const coding: Coding = { charset, hasMark, lineEnd: returns > feeds / 2 ? '\r\n' : '\n' };
  const text = stored.replace(/\r\n/g, '\n');
  // A lone CR, or a byte that CP949 does not know: editing would change what nobody touched.
  if (/[^\P{Cc}\t\n\f]/u.test(text) || (charset === 'cp949' && !encode(whole, charset).equals(bytes))) return undefined;
  return { text, coding };
}

/**
 * @param typed as a form sends it
 * @returns the bytes to be stored, or the first characters that its charset does not have
 */
export function encoded(
  typed: string,
  { charset, hasMark, lineEnd }: Coding,
): { bytes: Buffer } | { missing: readonly string[] } {
  const text = plain(typed);
  const whole = (hasMark ? mark : '') + (lineEnd === '\n' ? text : text.replace(/\n/g, '\r\n'));
  if (charset === 'utf-8') return { bytes: Buffer.from(whole) };
  const missing = [...new Set(text)].filter((sign) => iconv.decode(iconv.encode(sign, 'cp949'), 'cp949') !== sign);
  return missing.length > 0 ? { missing: missing.slice(0, 10) } : { bytes: encode(whole, charset) };
}

/** @returns what was typed with plain line feeds: forms send CRLF (HTML 4.10.22) */
export const plain = (typed: string): string => typed.replace(/\r\n?/g, '\n');

const encode = (text: string, charset: Coding['charset']) =>
  charset === 'utf-8' ? Buffer.from(text) : iconv.encode(text, 'cp949');
