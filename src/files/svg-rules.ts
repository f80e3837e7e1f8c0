// Whether an SVG is only a picture: no script, no event attribute, nothing from outside, no entities. One linear pass over its tags.
import { setImmediate } from 'node:timers/promises';
import type { Found } from './refusals.ts';

type Fault = Extract<Found, 'script' | 'outside-reference' | 'entity' | 'malformed' | 'text'>;

const scripting = new Set([
  'script',
  'foreignobject',
  'handler',
  'listener',
  'iframe',
  'frame',
  'object',
  'embed',
  'applet',
  'audio',
  'video',
]);
const animating = new Set(['animate', 'set', 'animatetransform', 'animatemotion', 'animatecolor']);
const references = new Set([
  'href',
  'src',
  'action',
  'formaction',
  'data',
  'poster',
  'base',
  'srcset',
  'background',
  'codebase',
  'manifest',
  'ping',
]);
const innerPicture = /^data:image\/(?:png|jpe?g|gif|webp|avif)[;,]/i;
const innerFont = /^data:(?:font\/[\w.+-]+|application\/(?:x-)?font[\w.+-]*|application\/vnd\.ms-fontobject)[;,]/i;
const attribute = /\s*([^\s=/>"'<]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const knownEncoding = /^(?:utf-?8|us-ascii|iso-8859-1|euc-kr|cp949|windows-949|ks_c_5601-1987)$/i;
const tagsAtOnce = 200;
const mostComments = 5000;
/** Neither drawn paths nor pictures and fonts in base64 contain a `&` or a backslash; decoding megabytes of them would take long. */
const longestWithEscapes = 64 * 1024;

/**
 * @param text the whole document, decoded; at most a few MiB
 * @returns what makes it more than a picture, or `undefined`. Yields to other work every 200 tags.
 */
export async function judgeSvg(text: string): Promise<Fault | undefined> {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let root: string | undefined;
  /** all text of the style element that is open: its parts are read as one, whatever stands between them */
  let css: string | undefined;
  for (let count = 1; ; count++) {
    const open = text.indexOf('<', at);
    const between = text.slice(at, open < 0 ? text.length : open);
    if (css !== undefined && between.length > longestWithEscapes && between.includes('&')) return 'entity';
    if (css !== undefined) css += decoded(between);
    else if (root === undefined && /\S/.test(between)) return 'text';
    if (open < 0) return root !== 'svg' ? 'text' : css === undefined ? undefined : 'malformed';
    const piece = readPiece(text, open);
    if (typeof piece === 'string') return piece;
    if (piece.element !== undefined) {
      root ??= piece.element;
      if (root !== 'svg' || css !== undefined) return root === 'svg' ? 'malformed' : 'text';
      if (piece.element === 'style' && !piece.empty) css = '';
    } else if (css !== undefined) {
      css += piece.characters ?? '';
      const fault = piece.closes ? judgeCss(css) : undefined;
      if (fault) return fault;
      if (piece.closes) css = undefined;
    }
    at = piece.end;
    if (count % tagsAtOnce === 0) await setImmediate();
  }
}

type Piece = {
  readonly end: number;
  readonly element?: string;
  readonly empty?: boolean;
  readonly closes?: boolean;
  readonly characters?: string;
};

function readPiece(text: string, open: number): Piece | Fault {
  const upTo = (close: string, from: number): Piece | Fault => {
    const end = text.indexOf(close, from);
    return end < 0 ? 'malformed' : { end: end + close.length, closes: close === '>', characters: text.slice(from, end) };
  };
  if (text.startsWith('<!--', open)) {
    const comment = upTo('-->', open + 4);
    return typeof comment === 'string' ? comment : { end: comment.end };
  }
  if (text.startsWith('<![CDATA[', open)) return upTo(']]>', open + 9);
  if (text.startsWith('<!', open)) return readDoctype(text, open);
  if (text.startsWith('<?', open)) return readInstruction(text, open);
  if (text.startsWith('</', open)) {
    const tag = upTo('>', open + 2);
    return typeof tag === 'string' ? tag : { end: tag.end, closes: true };
  }
  return readElement(text, open);
}

function readDoctype(text: string, open: number): Piece | Fault {
  const end = text.indexOf('>', open);
  if (end < 0) return 'malformed';
  return /^<!DOCTYPE\s[^[<]*>$/i.test(text.slice(open, end + 1)) ? { end: end + 1 } : 'entity';
}

function readInstruction(text: string, open: number): Piece | Fault {
  const end = text.indexOf('?>', open);
  if (end < 0) return 'malformed';
  const instruction = text.slice(open + 2, end);
  if (/^xml-/i.test(instruction)) return 'outside-reference';
  const encoding = /^xml\s[\s\S]*?encoding\s*=\s*["']([^"']*)["']/.exec(instruction)?.[1];
  return encoding === undefined || knownEncoding.test(encoding) ? { end: end + 2 } : 'malformed';
}

function readElement(text: string, open: number): Piece | Fault {
  const name = /[a-z_][\w.:-]*/iy;
  name.lastIndex = open + 1;
  const full = name.exec(text)?.[0];
  if (full === undefined) return 'malformed';
  const element = local(full);
  if (scripting.has(element)) return 'script';
  let at = name.lastIndex;
  for (;;) {
    attribute.lastIndex = at;
    const found = attribute.exec(text);
    if (!found) break;
    const value = found[2] ?? found[3] ?? '';
    if (value.length > longestWithEscapes && value.includes('&')) return 'entity';
    const fault = judgeAttribute(element, found[1] ?? '', decoded(value));
    if (fault) return fault;
    at = attribute.lastIndex;
  }
  const close = /\s*(\/?)>/y;
  close.lastIndex = at;
  const closed = close.exec(text);
  return closed ? { end: close.lastIndex, element, empty: closed[1] === '/' } : 'malformed';
}

function judgeAttribute(element: string, full: string, value: string): Fault | undefined {
  const name = local(full);
  // Only the beginning of a value can be a scheme; a path may be megabytes long.
  const tight = value
    .trimStart()
    .slice(0, 256)
    .replace(/[\s\p{Cc}]+/gu, '');
  if (/^on/.test(name) || /^(?:javascript|vbscript|livescript):/i.test(tight)) return 'script';
  if (name === 'xmlns' || full.toLowerCase().startsWith('xmlns:'))
    return /1999\/xhtml|MathML/i.test(tight) ? 'script' : undefined;
  if (references.has(name))
    return value.trim() === '' || tight.startsWith('#') || innerPicture.test(tight) ? undefined : 'outside-reference';
  if (animating.has(element)) {
    if (name === 'attributename' && /^(?:.*:)?(?:on.*|href|src|style)$/i.test(tight)) return 'script';
    if (/(?:java|vb)script:/i.test(tight)) return 'script';
  }
  return value.includes('(') || value.includes('\\') ? judgeCss(value) : undefined;
}

function judgeCss(css: string): Fault | undefined {
  const bare = withoutComments(css);
  if (bare === undefined || (bare.length > longestWithEscapes && bare.includes('\\'))) return 'malformed';
  const plain = bare.includes('\\') ? bare.replace(/\\(?:([0-9a-f]{1,6})\s?|([\s\S]))/gi, unescaped) : bare;
  for (const text of plain === css ? [css] : [css, plain]) {
    if (/javascript:|expression\s*\(|-moz-binding|(?<![\w-])behavior\s*:/i.test(text)) return 'script';
    if (/@import|image-set\s*\(|(?:^|[^\w-])(?:image|src)\s*\(/i.test(text)) return 'outside-reference';
    for (const [, target = ''] of text.matchAll(/url\s*\(\s*["']?([\s\S]{0,64})/gi))
      if (!target.startsWith('#') && !innerPicture.test(target) && !innerFont.test(target)) return 'outside-reference';
  }
  return undefined;
}

function unescaped(_: string, hex?: string, sign = ''): string {
  return hex ? character(Number.parseInt(hex, 16)) : sign;
}

/** @returns `undefined` for a style that consists of comments */
function withoutComments(css: string): string | undefined {
  let bare = '';
  let at = 0;
  let count = 0;
  for (let open = css.indexOf('/*'); open >= 0; open = css.indexOf('/*', at)) {
    if (++count > mostComments) return undefined;
    bare += css.slice(at, open);
    const end = css.indexOf('*/', open + 2);
    if (end < 0) return bare;
    at = end + 2;
  }
  return bare + css.slice(at);
}

const local = (name: string) => name.slice(name.lastIndexOf(':') + 1).toLowerCase();

const character = (code: number) => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (_, hex?: string, decimal?: string, name = '') =>
      hex || decimal ? character(Number.parseInt(hex ?? decimal ?? '', hex ? 16 : 10)) : (named[name.toLowerCase()] ?? ''),
  );
}
