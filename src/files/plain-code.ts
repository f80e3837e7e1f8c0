// Code as signatures are compared with: lower case, and without what obfuscators put between. Each step goes over the text once.

const isWord = (code: number) =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code >= 0x80;
const isWhite = (code: number) => code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0;

/**
 * @param text bytes as latin1
 * @returns two readings: with comments taken out, and with them left in, since what looks like a comment may stand in a string
 */
export function plainCode(text: string): readonly string[] {
  const lower = text.toLowerCase();
  const whole = joined(withoutSpace(lower));
  if (!lower.includes('/*')) return [whole];
  return [joined(withoutSpace(withoutComments(lower))), whole];
}

function withoutComments(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const begins = text.indexOf('/*', from);
    const ends = begins < 0 ? -1 : text.indexOf('*/', begins + 2);
    if (ends < 0) return parts.concat(text.slice(from)).join('');
    parts.push(text.slice(from, begins));
    from = ends + 2;
  }
}

/** White space stays, as one space, only between two characters of names. */
function withoutSpace(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isWhite(text.charCodeAt(at))) continue;
    parts.push(text.slice(from, at));
    const before = text.charCodeAt(at - 1);
    while (at + 1 < text.length && isWhite(text.charCodeAt(at + 1))) at++;
    if (isWord(before) && isWord(text.charCodeAt(at + 1))) parts.push(' ');
    from = at + 1;
  }
  return parts.concat(text.slice(from)).join('');
}

/** `\x65`, `\145` and `chr(101)` as the letters they are, and strings that are joined as one. */
function joined(text: string): string {
  const letter = (code: number) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code).toLowerCase() : ' ');
  const spelled = text
    .replace(/\\x([0-9a-f]{2})/g, (_, hex) => letter(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{2,3})/g, (_, octal) => letter(Number.parseInt(octal, 8)))
    .replace(/chr\((\d{1,3}|0x[0-9a-f]{2})\)/g, (_, number) => `'${letter(Number(number))}'`);
  return spelled.replace(/'\.'|"\."|'\."|"\.'/g, '');
}
