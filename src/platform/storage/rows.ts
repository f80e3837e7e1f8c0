// What stands in a site as lines of text: a million of them are handed over and compared as bytes, without an object for each.
import type { Entry } from './port.ts';

/** Stands behind the size of a file, where whoever knows its content may say more. JSON never holds this byte. */
export const gapByte = 0x01;
const gap = '\u0001';

export type Row = { readonly path: string; readonly entry: Entry };

/** @returns the entry as JSON in one line with its end; the order of fields is fixed, so that equal entries are equal bytes */
export function rowText(path: string, { kind, size, mode, modifiedAt, stamp, target }: Entry): string {
  const said = `"mode":${mode & 0o7777},"modifiedAt":${modifiedAt},"stamp":${JSON.stringify(stamp)}`;
  const more = target === undefined ? '' : `,"target":${JSON.stringify(target)}`;
  return `{"path":${JSON.stringify(path)},"kind":"${kind}","size":${size},${kind === 'file' ? gap : ''}${said}${more}}\n`;
}

/** @param text one row, with or without its end. @returns what it tells: not when it was changed last, and no spelling */
export function rowIn(text: string): Row {
  const { path, ...entry } = JSON.parse(text.replace(gap, ''));
  return { path, entry: { name: path.slice(path.lastIndexOf('/') + 1), ...entry } };
}
