// Goes through a folder of a site with all that is below it, by plain calls of the system, in the order of archives; runs in a thread.
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { describe } from './entries.ts';
import { faultCode } from './faults.ts';
import { diskName, folderFlags } from './folder.ts';
import { type DiskName, isShownAsStored, isTemporary, shownNames } from './names.ts';
import type { Entry } from './port.ts';
import { RowBytes, rowsBelow } from './rows.ts';

/**
 * @param folder an open file that whoever asks keeps open
 * @param path what it is called in the rows
 * @param beside see `SiteStorage.walk`
 */
export type WalkOrder = { readonly folder: number; readonly path: string; readonly beside: readonly string[] };

/** `rows`: whole rows as `rowText` makes them. `left`: what is not among them, by the system's code of the reason; none: it is no file */
export type Walked = {
  readonly rows: Uint8Array;
  readonly files: number;
  readonly bytes: number;
  readonly left: readonly { readonly path: string; readonly code?: string }[];
  readonly isEnd: boolean;
};

const portionBytes = 128 * 1024;
/** A deep tree must not take all open files of the process: folders above these are opened anew on the way back. */
const mostOpen = 32;
/** The system refuses longer ones. */
const longestPath = 3500;
const quiet = { bigint: true, throwIfNoEntry: false } as const;

type Level = {
  readonly path: string;
  readonly name: DiskName;
  folder: number | undefined;
  /** by which files are looked at, with a slash at its end */
  plain: string | undefined;
  /** what rows of its entries begin with */
  readonly begin: Buffer;
  readonly names: readonly DiskName[];
  readonly shown: readonly string[];
  /** all names as they are stored, by what is shown, where some may stand beside others */
  readonly all: ReadonlyMap<string, DiskName> | undefined;
  next: number;
};

export class Walk {
  readonly #order: WalkOrder;
  readonly #levels: Level[] = [];
  readonly #rows = new RowBytes(portionBytes);
  #files = 0;
  #bytes = 0;
  #left: { path: string; code?: string }[] = [];

  /** @throws the system's error, when the folder itself cannot be read */
  constructor(order: WalkOrder) {
    this.#order = order;
    const entry = describe(order.path, fstatSync(order.folder, { bigint: true }));
    this.#rows.add(Buffer.from('{"path":"'), order.path, entry);
    const plain = readlinkSync(`/proc/self/fd/${order.folder}`);
    this.#levels.push(levelOf(order.folder, { path: order.path, name: '', plain: `${plain}/`, beside: order.beside }));
  }

  next(): Walked {
    while (!this.#rows.isFull) {
      const level = this.#levels.at(-1);
      if (!level) break;
      this.#step(level);
    }
    const [rows, files, bytes, left] = [this.#rows.taken(), this.#files, this.#bytes, this.#left];
    [this.#files, this.#bytes, this.#left] = [0, 0, []];
    return { rows, files, bytes, left, isEnd: this.#levels.length === 0 };
  }

  #step(level: Level): void {
    const at = level.next++;
    const [name, shown] = [level.names[at], level.shown[at]];
    if (name === undefined || shown === undefined) {
      this.#leave();
      return;
    }
    const path = `${level.path}/${shown}`;
    try {
      const entry = this.#look(level, name, shown);
      if (entry) this.#found(level, { path, name, shown, entry });
    } catch (cause) {
      // One entry that cannot be looked at tells that none here can.
      this.#left.push({ path: level.path, code: faultCode(cause) });
      this.#leave();
    }
  }

  #found(level: Level, { path, name, shown, entry }: { path: string; name: DiskName; shown: string; entry: Entry }): void {
    if (entry.kind === 'other') return void this.#left.push({ path });
    this.#rows.add(level.begin, shown, entry);
    if (entry.kind === 'file') {
      this.#files++;
      this.#bytes += entry.size;
    }
    if (entry.kind === 'folder') this.#enter(level, name, path);
  }

  #enter(level: Level, name: DiskName, path: string): void {
    let folder: number | undefined;
    try {
      folder = openSync(below(this.#folderOf(level), name), folderFlags);
      const plain = level.plain === undefined || typeof name !== 'string' ? undefined : `${level.plain}${name}/`;
      this.#levels.push(levelOf(folder, { path, name, plain, beside: this.#order.beside }));
    } catch (cause) {
      if (folder !== undefined) closeSync(folder);
      this.#left.push({ path, code: faultCode(cause) });
      return;
    }
    const far = this.#levels.at(-mostOpen);
    if (far !== undefined && far !== this.#levels[0]) shut(far);
  }

  #leave(): void {
    const level = this.#levels.pop();
    if (level && this.#levels.length > 0) shut(level);
  }

  /** Where it was shut it is opened anew from above, through no link. */
  #folderOf(level: Level): number {
    if (level.folder !== undefined) return level.folder;
    const way = this.#levels.slice(1, this.#levels.indexOf(level) + 1);
    let folder = this.#order.folder;
    for (const { name } of way) {
      const above = folder;
      try {
        folder = openSync(below(above, name), folderFlags);
      } finally {
        if (above !== this.#order.folder) closeSync(above);
      }
    }
    level.folder = folder;
    return folder;
  }

  /**
   * Files are looked at by their plain path: one through the open folder takes the system twice as long. Whoever puts a link in a folder's
   * place at that moment shows us the sizes and times of other files: a content is taken over only where they are those of before, and
   * read only through open folders. What is no file, or not there, is looked at again through the open folder.
   */
  #look(level: Level, name: DiskName, shown: string): Entry | undefined {
    const seen = typeof name === 'string' ? byPlainPath(level, name) : undefined;
    const entry = seen ? describe(shown, seen) : this.#lookSafely(level, name, shown);
    if (entry?.kind !== 'file' || !level.all) return entry;
    const stamps = this.#order.beside.flatMap((end) => {
      const stored = level.all?.get(shown + end);
      const found = stored === undefined ? undefined : this.#lookSafely(level, stored, shown + end);
      return found?.kind === 'file' ? [found.stamp] : [];
    });
    return stamps.length > 0 ? { ...entry, stamp: [entry.stamp, ...stamps].join('+') } : entry;
  }

  #lookSafely(level: Level, name: DiskName, shown: string): Entry | undefined {
    const path = below(this.#folderOf(level), name);
    const stats = lstatSync(path, quiet);
    if (!stats) return undefined;
    const entry = describe(shown, stats);
    if (entry.kind !== 'link') return entry;
    try {
      return { ...entry, target: readlinkSync(path) };
    } catch (cause) {
      // It is gone, or a link no longer.
      if (['ENOENT', 'EINVAL'].includes(faultCode(cause))) return undefined;
      throw cause;
    }
  }
}

function byPlainPath(level: Level, name: string) {
  if (level.plain === undefined) return undefined;
  try {
    const stats = lstatSync(level.plain + name, quiet);
    return stats?.isFile() ? stats : undefined;
  } catch {
    level.plain = undefined;
    return undefined;
  }
}

/** @returns the path by which a name in an open folder is reached */
export const below = (folder: number, name: DiskName): string | Buffer =>
  typeof name === 'string' ? `/proc/self/fd/${folder}/${name}` : Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);

function shut(level: Level): void {
  if (level.folder !== undefined) closeSync(level.folder);
  level.folder = undefined;
}

/** Names by their code units. Most folders hold only names that are shown as they are stored: those are read once, as text. */
function levelOf(
  folder: number,
  { path, name, plain, beside }: Pick<Level, 'path' | 'name' | 'plain'> & Pick<WalkOrder, 'beside'>,
): Level {
  const known = plain !== undefined && Buffer.byteLength(plain) < longestPath ? plain : undefined;
  const texts = readdirSync(below(folder, ''));
  let names: DiskName[] = texts;
  let shown: string[] = texts;
  if (texts.every(isShownAsStored)) {
    names = texts.filter((one) => !isTemporary(one)).sort();
    shown = names as string[];
  } else {
    const stored = readdirSync(below(folder, ''), { encoding: 'buffer' }).map(diskName);
    const pairs = [...shownNames(stored)].sort(([one], [other]) => (one < other ? -1 : 1));
    names = pairs.map(([, spelling]) => spelling);
    shown = pairs.map(([said]) => said);
  }
  const mayStandBeside = shown.some((one) => beside.some((end) => one.endsWith(end)));
  const all = mayStandBeside ? new Map(shown.map((one, at) => [one, names[at] ?? one])) : undefined;
  return { path, name, folder, plain: known, begin: rowsBelow(path), names, shown, all, next: 0 };
}
