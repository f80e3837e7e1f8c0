// One opened folder: everything below it is reached through its descriptor, so that no link is followed, not even in a race.
import { isUtf8 } from 'node:buffer';
import { type BigIntStats, constants, type Dirent, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict } from '../errors.ts';
import { unless } from './faults.ts';
import { type DiskName, isPlain, isShownAsStored, isTemporary, shownNames } from './names.ts';
import type { EntryKind, Named } from './port.ts';

export const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: a fifo that somebody laid into a site must not hang the process. */
export const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const diskName = (bytes: Buffer): DiskName => (isUtf8(bytes) ? bytes.toString() : bytes);

/** @returns what a directory entry, or what was looked at, is */
export function kindOf(stats: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

export type FolderEntry = { readonly name: DiskName; readonly isFolder: boolean; readonly kind: EntryKind };

/** @returns whether the system resolves names below a descriptor (Linux); elsewhere see Folder */
export function hasDescriptorPaths(): boolean {
  return existsSync('/proc/self/fd');
}

/**
 * A folder held open. On Linux `/proc/self/fd/<n>/<name>` acts like openat(2): the name is looked up in the very folder that was
 * opened, wherever its path leads by now, and O_NOFOLLOW refuses a link in its place. Elsewhere each segment is checked by lstat
 * before it is opened, which refuses links that stand there, but not one that is swapped in at that moment: run sites on Linux.
 * Close it only after everything begun on it has ended: a descriptor's number is used again at once, for another folder.
 */
export class Folder {
  readonly #handle: FileHandle;
  readonly #base: string;
  readonly #byDescriptor: boolean;

  private constructor(handle: FileHandle, path: string, byDescriptor: boolean) {
    this.#handle = handle;
    this.#base = byDescriptor ? `/proc/self/fd/${handle.fd}` : path;
    this.#byDescriptor = byDescriptor;
  }

  /** @param path of a folder that is no link; links above it are the operator's own and are followed */
  static async open(path: string, byDescriptor = hasDescriptorPaths()): Promise<Folder> {
    return new Folder(await open(path, folderFlags), path, byDescriptor);
  }

  /** @returns the path by which system calls reach `name` in this very folder, while it is open */
  at(name: DiskName): string | Buffer {
    return typeof name === 'string' ? `${this.#base}/${name}` : Buffer.concat([Buffer.from(`${this.#base}/`), name]);
  }

  /** @returns the folder below; ENOENT where nothing is, ENOTDIR where it is no folder or a link */
  async enter(name: DiskName): Promise<Folder> {
    const path = this.at(name);
    if (!this.#byDescriptor && !(await lstat(path)).isDirectory())
      throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    return new Folder(await open(path, folderFlags), path.toString(), this.#byDescriptor);
  }

  /** @returns the folder above, if it still is the one with this identity; 409 when it was moved away meanwhile */
  async above(identity: string): Promise<Folder> {
    const path = this.#byDescriptor ? `${this.#base}/..` : join(this.#base, '..');
    const folder = new Folder(await open(path, folderFlags), path, this.#byDescriptor);
    const found = await folder.identity().catch(async (error) => {
      await folder.close();
      throw error;
    });
    if (found === identity) return folder;
    await folder.close();
    throw conflict();
  }

  async identity(): Promise<string> {
    const { dev, ino } = await this.stats();
    return `${dev}:${ino}`;
  }

  stats(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  /** @returns all entries, ours too, in no particular order */
  async entries(): Promise<FolderEntry[]> {
    const found = await readdir(this.at(''), { withFileTypes: true, encoding: 'buffer' });
    return found.map((entry) => ({ name: diskName(entry.name), isFolder: entry.isDirectory(), kind: kindOf(entry) }));
  }

  /** @returns what stands in the folder and is ours not; a hundred thousand names are told without a look at each */
  async named(): Promise<Named[]> {
    const found = await readdir(this.at(''), { withFileTypes: true });
    if (found.every(({ name }) => isShownAsStored(name)))
      return found.filter(({ name }) => !isTemporary(name)).map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    const entries = await this.entries();
    const kinds = new Map(entries.map(({ name, kind }) => [name, kind]));
    return Array.from(shownNames([...kinds.keys()]), ([name, spelling]) => ({ name, kind: kinds.get(spelling) ?? 'other' }));
  }

  /** @returns what names are shown as, and how the disk spells them */
  async shown(): Promise<Map<string, DiskName>> {
    return shownNames((await readdir(this.at(''), { encoding: 'buffer' })).map(diskName));
  }

  /** @returns how the disk spells what is shown as `name`; `name` itself where there is nothing */
  async spelling(name: string): Promise<DiskName> {
    if (isPlain(name) || (await this.has(name))) return name;
    return (await this.shown()).get(name) ?? name;
  }

  /** As `spelling`, for a name to be written: looks for decomposed Hangul only, so that ten thousand new files stay quick. */
  async spellingToWrite(name: string): Promise<string> {
    const decomposed = name.normalize('NFD');
    return decomposed !== name && !(await this.has(name)) && (await this.has(decomposed)) ? decomposed : name;
  }

  async has(name: DiskName): Promise<boolean> {
    return (await unless(['ENOENT', 'ENAMETOOLONG'], () => lstat(this.at(name)))) !== undefined;
  }

  /** The folder's handle, for ownership and mode. */
  get handle(): FileHandle {
    return this.#handle;
  }

  /** What was made, moved or removed in this folder is on the disk when this returns. */
  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Does the act with the folder and closes it, also when the act fails. */
export async function within<T>(folder: Folder, act: (folder: Folder) => Promise<T>): Promise<T> {
  try {
    return await act(folder);
  } finally {
    await folder.close();
  }
}

/** Opens the folder at `segments` below `folder` and closes what lies between, `folder` itself too. */
export async function descend(folder: Folder, segments: readonly string[]): Promise<Folder> {
  let current = folder;
  for (const segment of segments) current = await within(current, async (parent) => parent.enter(await parent.spelling(segment)));
  return current;
}
