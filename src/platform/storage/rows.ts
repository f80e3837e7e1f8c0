// What stands in a site as lines of text: a million of them are handed over and compared as bytes, without an object for each.
import type { Entry } from './port.ts';

/** Stands behind the size of a file, where whoever knows its content may say more. JSON never holds this byte. */
export const gapByte = 0x01;
const gap = '\u0001';

export type Row = { readonly path: string; readonly entry: Entry };

/** @returns the entry as JSON in one line with its end; the order of fields is fixed, so that equal entries are equal bytes */
export const rowText = (path: string, entry: Entry): string => `{"path":${JSON.stringify(path)}${behindPath(entry)}`;

/** @returns what stands in a row behind its path */
export function behindPath({ kind, size, mode, modifiedAt, stamp, target }: Entry): string {
  const said = `"mode":${mode & 0o7777},"modifiedAt":${modifiedAt},"stamp":${quoted(stamp)}`;
  const more = target === undefined ? '' : `,"target":${quoted(target)}`;
  return `,"kind":"${kind}","size":${size},${kind === 'file' ? gap : ''}${said}${more}}\n`;
}

/** Nothing in it has to be written in another way, in JSON or as bytes. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
export const isPlainText = (text: string): boolean => plain.test(text);
const quoted = (text: string) => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

const mostBytesOfName = 6 * 1024;

/** Rows as bytes: what many of them begin with is written once. */
export class RowBytes {
  readonly #most: number;
  #bytes: Buffer;
  #used = 0;

  /** @param most bytes, after which `isFull` */
  constructor(most: number) {
    this.#most = most;
    this.#bytes = Buffer.allocUnsafeSlow(most + 4 * mostBytesOfName);
  }

  get isFull(): boolean {
    return this.#used >= this.#most;
  }

  /** @param folder what `rowsBelow` made of the folder's path */
  add(folder: Buffer, name: string, entry: Entry): void {
    const rest = behindPath(entry);
    const most = folder.length + 6 * name.length + 3 * rest.length;
    if (this.#used + most > this.#bytes.length) this.#grow(most);
    folder.copy(this.#bytes, this.#used);
    const at = this.#used + folder.length;
    const isAscii = entry.target === undefined && plain.test(name);
    if (isAscii) this.#used = at + this.#bytes.write(`${name}"${rest}`, at, 'latin1');
    else this.#used = at + this.#bytes.write(`${JSON.stringify(name).slice(1)}${rest}`, at);
  }

  #grow(more: number): void {
    const bytes = Buffer.allocUnsafeSlow(this.#used + more);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
  }

  /** @returns what was added, in memory of its own */
  taken(): Uint8Array<ArrayBuffer> {
    const rows = new Uint8Array(this.#used);
    rows.set(this.#bytes.subarray(0, this.#used));
    this.#used = 0;
    return rows;
  }
}

/** @returns what rows of a folder's entries begin with */
export const rowsBelow = (path: string): Buffer => Buffer.from(`{"path":${JSON.stringify(`${path}/`).slice(0, -1)}`);

/** @param text one row, with or without its end. @returns what it tells: not when it was changed last, and no spelling */
export function rowIn(text: string): Row {
  const { path, ...entry } = JSON.parse(text.replace(gap, ''));
  return { path, entry: { name: path.slice(path.lastIndexOf('/') + 1), ...entry } };
}
