// Turns untrusted text into a path inside a site: the one validator for every path that comes in.
import { notFound } from '../errors.ts';
import { isTemporary } from './names.ts';
import type { SitePath } from './port.ts';

export const maximumSegmentBytes = 255;
export const maximumSegments = 40;
export const maximumPathBytes = 4000;

/** Longer text is refused before it is normalised: decomposed Hangul shrinks to a third, never to less than a fifth. */
const maximumTextLength = maximumPathBytes * 5;

/**
 * @param text decoded text of an address or a field, parts separated by `/`
 * @returns the segments in NFC; a leading, trailing or doubled slash is tolerated, `[]` is the site's folder itself.
 * `undefined` for what no path may hold: NUL and control characters, backslash, half a surrogate pair, `.` and `..`,
 * a segment over 255 bytes of UTF-8, more than 40 segments, more than 4,000 bytes in all.
 */
export function parsePath(text: string): SitePath | undefined {
  if (text.length > maximumTextLength || !text.isWellFormed() || /[\p{Cc}\\]/u.test(text)) return undefined;
  const segments = text
    .normalize('NFC')
    .split('/')
    .filter((segment) => segment !== '');
  if (segments.length > maximumSegments || Buffer.byteLength(segments.join('/')) > maximumPathBytes) return undefined;
  const allowed = (segment: string) => segment !== '.' && segment !== '..' && Buffer.byteLength(segment) <= maximumSegmentBytes;
  return segments.every(allowed) ? segments : undefined;
}

/** @returns whether a path is `start` itself or lies below it */
export const startsWith = (path: SitePath, start: SitePath): boolean => start.every((segment, at) => path[at] === segment);

/** Segments that a SitePath cannot have are a bug of the caller, never a way out of the site. */
export function checked(path: SitePath): SitePath {
  for (const segment of path) {
    if (/^\.{0,2}$|[/\0]/.test(segment)) throw new RangeError('Not a SitePath');
    if (isTemporary(segment)) throw notFound();
  }
  return path;
}

/** @returns the path of the parent and the last segment; the site's own folder has none and cannot be written */
export function split(path: SitePath): { parents: SitePath; name: string } {
  const name = checked(path).at(-1);
  if (name === undefined) throw new RangeError("The site's own folder is no entry of the site");
  return { parents: path.slice(0, -1), name };
}
