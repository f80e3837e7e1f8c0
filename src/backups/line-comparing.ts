// Whether a line of a manifest says of its member what a row of a listing says, byte for byte; the row does not know the digest.
import { gapByte } from '../platform/storage/rows.ts';

const beforeDigest = Buffer.from('"sha256":"');
const afterDigest = Buffer.from('",');
const digestLength = 64;
const [quote, comma, lineEnd] = [0x22, 0x2c, 0x0a];

/** Where row and line end, each behind its line's end; zeros, where they are not the same. */
export type Ends = { readonly rows: number; readonly line: number };
export const different: Ends = { rows: 0, line: 0 };

/** @param at where a whole row begins. @param line where a whole line begins in `bytes`, one that another one follows */
export function sameLine(
  { rows, at }: { rows: Uint8Array; at: number },
  line: { readonly bytes: Buffer; readonly at: number },
): Ends {
  const { bytes } = line;
  for (let [row, byte] = [at, line.at]; ; row++) {
    const said = rows[row];
    if (said === gapByte) {
      byte = behindDigest(bytes, byte);
      if (byte === 0) return different;
    } else if (said === lineEnd) {
      if (bytes[byte] !== comma || bytes[byte + 1] !== lineEnd) return different;
      // an empty stamp: somebody wrote to it while it was read, so equality proves nothing
      const isStamped = rows[row - 2] !== quote || rows[row - 3] !== quote;
      return isStamped ? { rows: row + 1, line: byte + 2 } : different;
    } else if (said !== bytes[byte++]) return different;
  }
}

/** @returns the byte behind the digest that must stand here; 0 where none does */
function behindDigest(line: Buffer, at: number): number {
  const [start, end] = [at + beforeDigest.length, at + beforeDigest.length + digestLength];
  if (!stands(beforeDigest, line, at) || !stands(afterDigest, line, end)) return 0;
  for (let byte = start; byte < end; byte++) {
    const code = line[byte] ?? 0;
    const isHexadecimal = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (!isHexadecimal) return 0;
  }
  return end + afterDigest.length;
}

function stands(text: Buffer, bytes: Buffer, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}
