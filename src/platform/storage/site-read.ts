// Reads whole files of a site by plain calls of the system; runs in a thread. Each is reached through open folders alone, through no link.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { describe } from './entries.ts';
import { faultCode } from './faults.ts';
import { diskName, folderFlags, readFlags } from './folder.ts';
import { type DiskName, isPlain, shownNames } from './names.ts';
import type { Entry } from './port.ts';
import type { ReadItem, ReadOutcome } from './site-thread.ts';
import { below } from './site-walk.ts';

type Open = { readonly key: string; readonly folder: number; shown?: Map<string, DiskName> };

/** The folder of the last file stays open, and the one above it: who reads one file in each of ten thousand folders opens each of them once. */
export class FileReading {
  #folder: Open | undefined;
  #above: Open | undefined;

  /** @throws the system's error, when the file or its folder cannot be opened or is none */
  read({ root, path, into, length }: ReadItem): { before: Entry; outcome: Exclude<ReadOutcome, { fault: string }> } {
    const file = opened(this.#folderOf(root, path.slice(0, -1)), path.at(-1) ?? '', readFlags);
    try {
      const before = fstatSync(file, { bigint: true });
      if (!before.isFile()) throw Object.assign(new Error('no file'), { code: 'ENOENT' });
      const bytes = Buffer.from(into, 0, length);
      let filled = 0;
      for (let read = -1; read !== 0 && filled < length; filled += read)
        read = readSync(file, bytes, filled, length - filled, filled);
      const after = fstatSync(file, { bigint: true });
      const { stamp, size } = describe('', after);
      return { before: describe('', before), outcome: { filled, stamp, size, isNameless: after.nlink === 0n } };
    } finally {
      closeSync(file);
    }
  }

  #folderOf(root: number, parents: readonly string[]): Open {
    const key = parents.join('/');
    if (this.#folder?.key === key) return this.#folder;
    this.#folder = shut(this.#folder);
    const name = parents.at(-1);
    const above = name === undefined ? { key, folder: root } : this.#aboveOf(root, parents.slice(0, -1));
    this.#folder = { key, folder: opened(above, name ?? '.', folderFlags) };
    return this.#folder;
  }

  #aboveOf(root: number, parents: readonly string[]): Open {
    const key = parents.join('/');
    if (this.#above?.key === key) return this.#above;
    this.#above = shut(this.#above);
    let current: Open = { key, folder: opened({ key, folder: root }, '.', folderFlags) };
    try {
      for (const name of parents) {
        const above = current;
        current = { key, folder: opened(above, name, folderFlags) };
        shut(above);
      }
    } catch (cause) {
      shut(current);
      throw cause;
    }
    this.#above = current;
    return current;
  }
}

function shut(open: Open | undefined): undefined {
  if (open) closeSync(open.folder);
}

/** Most names are spelled as they are shown; of the others the names of the folder are read once. */
function opened(open: Open, name: string, flags: number): number {
  try {
    return openSync(below(open.folder, name), flags);
  } catch (cause) {
    if (isPlain(name) || !['ENOENT', 'ENAMETOOLONG'].includes(faultCode(cause))) throw cause;
    open.shown ??= shownNames(readdirSync(below(open.folder, ''), { encoding: 'buffer' }).map(diskName));
    const spelling = open.shown.get(name);
    if (spelling === undefined || spelling === name) throw cause;
    return openSync(below(open.folder, spelling), flags);
  }
}
