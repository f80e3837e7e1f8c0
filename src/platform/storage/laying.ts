// Lays many small files into folders that nobody looks into yet: few calls of the system each, and all of them durable at the end.
import { execFile } from 'node:child_process';
import { closeSync, fchmodSync, fchownSync, fstatSync, fsync, futimesSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { unavailable } from '../errors.ts';
import { answering } from './faults.ts';
import { descend, type Folder, within } from './folder.ts';
import { enterOrMake, type GroupLookup, type Modes, sharedWithGroup } from './ownership.ts';
import { split } from './path.ts';
import type { SiteLayer, SitePath } from './port.ts';

type Place = {
  readonly openRoot: () => Promise<Folder>;
  readonly group: GroupLookup;
  readonly modes: Modes;
};

const permissionBits = 0o777;
const toDisk = promisify(fsync);
/** Up to so many files each is brought to the disk by itself: the whole file system may hold gigabytes that others have just written. */
const few = 8;

export class DiskLayer implements SiteLayer {
  readonly #place: Place;
  /** the folder of the last file stays open: files of one folder follow one another */
  #folder: { readonly key: string; readonly folder: Folder } | undefined;
  #laid = 0;
  /** of the site's folders, what was entered while files were few */
  readonly #entered = new Map<string, SitePath>();

  constructor(place: Place) {
    this.#place = place;
  }

  async file(path: SitePath, content: Uint8Array, { mode, modifiedAt }: { mode: number; modifiedAt: number }): Promise<void> {
    const rights = this.#place.modes.inherited ? sharedWithGroup(mode) : mode;
    const { parents, name } = split(path);
    await answering(async () => {
      const group = await this.#place.group();
      const folder = await this.#enter(parents);
      // Without the pool of threads: its turns would take longer than the calls.
      const file = openSync(folder.at(name), 'wx', this.#place.modes.file);
      try {
        for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
        const stats = fstatSync(file);
        if (group !== undefined && stats.gid !== group) fchownSync(file, stats.uid, group);
        fchmodSync(file, (stats.mode & ~permissionBits & 0o7777) | (rights & permissionBits));
        futimesSync(file, modifiedAt / 1000, modifiedAt / 1000);
        if (++this.#laid <= few) await toDisk(file);
      } finally {
        closeSync(file);
      }
    });
  }

  async folder(path: SitePath): Promise<void> {
    await answering(() => this.#enter(path));
  }

  async #enter(parents: SitePath): Promise<Folder> {
    const key = parents.join('/');
    if (this.#folder?.key === key) return this.#folder.folder;
    await this.close();
    let folder = await this.#place.openRoot();
    for (const segment of parents) {
      const parent = folder;
      folder = await enterOrMake(parent, segment, this.#place.group, this.#place.modes, false).finally(() => parent.close());
    }
    this.#folder = { key, folder };
    if (this.#entered.size <= few) this.#entered.set(key, parents);
    return folder;
  }

  async finish(): Promise<void> {
    await this.close();
    if (this.#laid > few || this.#entered.size > few) return this.#wholeFileSystem();
    const chains = [...this.#entered.values()].flatMap((path) => path.map((_, depth) => path.slice(0, depth + 1)));
    const folders = new Map([[], ...chains].map((path) => [path.join('/'), path]));
    await answering(async () => {
      for (const path of folders.values())
        await within(await descend(await this.#place.openRoot(), path), (folder) => folder.sync());
    });
  }

  /** At once, which the system does sooner than each of many files. */
  async #wholeFileSystem(): Promise<void> {
    const root = await this.#place.openRoot();
    try {
      // `sync` is shown the folder by a descriptor of this process: no name is given to a program.
      await promisify(execFile)('sync', ['-f', `/proc/${process.pid}/fd/${root.handle.fd}`]);
    } catch (cause) {
      throw unavailable('error.storage', { code: cause instanceof Error ? 'sync' : 'unknown' });
    } finally {
      await root.close();
    }
  }

  async close(): Promise<void> {
    const open = this.#folder;
    this.#folder = undefined;
    await open?.folder.close();
  }
}
