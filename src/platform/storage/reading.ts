// Reads many files of a site with few calls of the system: the folder of the last one stays open, each file is opened once.
import { type FileHandle, open } from 'node:fs/promises';
import { notFound } from '../errors.ts';
import { describe } from './entries.ts';
import { answering } from './faults.ts';
import { type Folder, readFlags } from './folder.ts';
import { type DiskName, isPlain } from './names.ts';
import type { Entry, ReadFile, SitePath, SiteReader } from './port.ts';

type Place = {
  /** opens the folder with these segments below the site's own */
  enter(parents: SitePath): Promise<Folder>;
  stat(path: SitePath): Promise<Entry>;
};

export class DiskReader implements SiteReader {
  readonly #place: Place;
  #folder: OpenFolder | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  open(path: SitePath): Promise<ReadFile> {
    const name = path.at(-1);
    if (name === undefined) throw new RangeError("The site's own folder is no file");
    return answering(async () => {
      const { file, entry } = await this.#folderOf(path.slice(0, -1)).use((folder) => openIn(folder, name));
      return new DiskFile(file, entry, () => this.#place.stat(path));
    });
  }

  #folderOf(parents: SitePath): OpenFolder {
    const key = parents.join('/');
    if (this.#folder?.key !== key) {
      this.#folder?.leave();
      this.#folder = new OpenFolder(key, this.#place.enter(parents));
    }
    return this.#folder;
  }

  async close(): Promise<void> {
    this.#folder?.leave();
    await this.#folder?.closed;
    this.#folder = undefined;
  }
}

type Names = { readonly folder: Folder; spelling(name: string): Promise<DiskName> };

/** A folder that is held until nobody uses it any more: a descriptor's number is used again at once, for another folder. */
class OpenFolder {
  readonly key: string;
  readonly closed: Promise<void>;
  readonly #folder: Promise<Folder>;
  #resolveClosed = () => {};
  #shown: Promise<Map<string, DiskName>> | undefined;
  /** the reader itself, and every act that goes on */
  #users = 1;

  constructor(key: string, folder: Promise<Folder>) {
    this.key = key;
    this.#folder = folder;
    folder.catch(() => {}); // who opens a file in it gets the error
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  async use<T>(act: (names: Names) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      const folder = await this.#folder;
      return await act({ folder, spelling: (name) => this.#spelling(folder, name) });
    } finally {
      this.leave();
    }
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    void this.#folder
      .then((folder) => folder.close())
      .catch(() => {})
      .finally(this.#resolveClosed);
  }

  /** The names are read once for all files of the folder; what came later is found under its own name. */
  async #spelling(folder: Folder, name: string): Promise<DiskName> {
    if (isPlain(name)) return name;
    this.#shown ??= folder.shown();
    return (await this.#shown).get(name) ?? name;
  }
}

async function openIn({ folder, spelling }: Names, name: string): Promise<{ file: FileHandle; entry: Entry }> {
  const file = await open(folder.at(isPlain(name) ? name : await spelling(name)), readFlags);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw notFound();
    return { file, entry: describe(name, stats) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

class DiskFile implements ReadFile {
  readonly entry: Entry;
  readonly #file: FileHandle;
  readonly #atPath: () => Promise<Entry>;

  constructor(file: FileHandle, entry: Entry, atPath: () => Promise<Entry>) {
    this.#file = file;
    this.entry = entry;
    this.#atPath = atPath;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return answering(async () => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await this.#file.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    });
  }

  /**
   * Asks the opened file, which is quicker than its path. Writing and renaming change its stamp, and so does losing its name to
   * another file; only without any name left the path must tell whether something new stands there.
   */
  async again(): Promise<Entry> {
    const stats = await answering(() => this.#file.stat({ bigint: true }));
    return stats.nlink === 0n ? this.#atPath() : describe(this.entry.name, stats);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
