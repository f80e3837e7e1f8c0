// Reads many files of a site with few calls of the system: the folder of the last one stays open, each file is opened once.
import { type FileHandle, open } from 'node:fs/promises';
import { notFound } from '../errors.ts';
import { describe } from './entries.ts';
import { answering } from './faults.ts';
import { type Folder, hasDescriptorPaths, readFlags } from './folder.ts';
import { type DiskName, isPlain } from './names.ts';
import { checked } from './path.ts';
import type { Entry, ReadFile, SitePath, SiteReader, WholeFile } from './port.ts';
import { entriesSeen, type ReadItem, type ReadOutcome, SiteThread, withCode } from './site-thread.ts';
import { wholeBy } from './whole.ts';

type Place = {
  /** opens the folder with these segments below the site's own */
  enter(parents: SitePath): Promise<Folder>;
  stat(path: SitePath): Promise<Entry>;
};

/** Fewer are read sooner than a thread begins. */
const worthAThread = 500;

export class DiskReader implements SiteReader {
  readonly #place: Place;
  readonly #before: number;
  #folder: OpenFolder | undefined;
  #above: OpenFolder | undefined;
  #read = 0;
  #many: Promise<ManyReader | undefined> | undefined;

  /** @param before so many files are read without a thread */
  constructor(place: Place, before = worthAThread) {
    this.#place = place;
    this.#before = before;
  }

  /** See `SiteReader.whole`. */
  async whole(path: SitePath, into: Uint8Array): Promise<WholeFile> {
    const name = path.at(-1);
    this.#read++;
    if (this.#read <= this.#before || name === undefined || !(into.buffer instanceof SharedArrayBuffer))
      return wholeBy(this, path, into);
    const item = { into: into.buffer, length: into.length };
    return answering(async () => {
      const many = await this.#manyReader();
      if (!many) return wholeBy(this, path, into);
      const { entry, outcome } = await many.read([...checked(path.slice(0, -1)), name], item);
      const after = outcome.isNameless ? await this.#place.stat(path) : outcome;
      return { entry, bytes: outcome.filled, after };
    });
  }

  /** @returns none where the system does not resolve names below an open folder */
  #manyReader(): Promise<ManyReader | undefined> {
    this.#many ??= this.#place.enter([]).then(async (root) => {
      if (hasDescriptorPaths()) return new ManyReader(root);
      await root.close();
    });
    return this.#many;
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
      this.#folder = new OpenFolder(key, this.#enter(checked(parents)));
    }
    return this.#folder;
  }

  /** The folder above stays open too: who reads one file in each of ten thousand folders opens each of them once. */
  #enter(parents: SitePath): Promise<Folder> {
    const name = parents.at(-1);
    if (name === undefined) return this.#place.enter([]);
    const above = parents.slice(0, -1);
    const key = above.join('/');
    if (this.#above?.key !== key) {
      this.#above?.leave();
      this.#above = new OpenFolder(key, this.#place.enter(above));
    }
    return this.#above.use(async ({ folder }) => folder.enter(await folder.spelling(name)));
  }

  async close(): Promise<void> {
    for (const folder of [this.#folder, this.#above]) {
      folder?.leave();
      await folder?.closed;
    }
    this.#folder = this.#above = undefined;
    await this.#many?.then((many) => many?.close()).catch(() => {}); // who asked was told
  }
}

type Asked = { readonly item: ReadItem; settle(read: ReadByThread | Error): void };
type ReadByThread = { readonly entry: Entry; readonly outcome: Exclude<ReadOutcome, { fault: string }> };

/** Hands files to the thread as many at a time as were asked for while it read the ones before. */
class ManyReader {
  readonly #thread = new SiteThread();
  readonly #root: Folder;
  #asked: Asked[] = [];
  #isBusy = false;

  /** @param root the site's own folder, closed with it */
  constructor(root: Folder) {
    this.#root = root;
  }

  read(path: SitePath, into: Pick<ReadItem, 'into' | 'length'>): Promise<ReadByThread> {
    const item = { root: this.#root.handle.fd, path, ...into };
    return new Promise((resolve, reject) => {
      this.#asked.push({ item, settle: (read) => (read instanceof Error ? reject(read) : resolve(read)) });
      if (!this.#isBusy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    // Who asks for several in one turn has all of them in one order.
    await Promise.resolve();
    while (this.#asked.length > 0) {
      const some = this.#asked;
      this.#asked = [];
      await this.#readSome(some);
    }
    this.#isBusy = false;
  }

  async #readSome(some: readonly Asked[]): Promise<void> {
    try {
      const { seen, more = [] } = await this.#thread.ask({ items: some.map(({ item }) => item) });
      const names = some.map(({ item }) => item.path.at(-1) ?? '');
      for (const [index, entry] of entriesSeen(names, seen).entries()) {
        const outcome = more[index];
        if (entry && outcome && !('fault' in outcome)) some[index]?.settle({ entry, outcome });
        else some[index]?.settle(withCode(outcome && 'fault' in outcome ? outcome.fault : 'EIO'));
      }
    } catch (cause) {
      for (const one of some) one.settle(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  /** What hangs in a call of the system is not waited for, and keeps the folder open as long. */
  async close(): Promise<void> {
    const closed = this.#thread
      .close()
      .then(() => this.#root.close())
      .catch(() => {}); // nobody can do anything about it
    if (!this.#isBusy) await closed;
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
