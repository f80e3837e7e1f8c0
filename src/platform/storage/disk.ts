// A site's files in a folder on this machine.
import { lstat, mkdir, rename, rmdir, symlink } from 'node:fs/promises';
import { conflict, notFound, unavailable } from '../errors.ts';
import { freeBytes, setDetails } from './details.ts';
import { describe, look, openFile } from './entries.ts';
import { answering, faultCode } from './faults.ts';
import { descend, Folder, hasDescriptorPaths, within } from './folder.ts';
import { DiskLayer } from './laying.ts';
import { DiskLister } from './listing.ts';
import { type DiskName, isPlain } from './names.ts';
import { enterOrMake, type GroupLookup, groupLookup, type Modes, sharedWithGroup, usualModes } from './ownership.ts';
import { checked, split } from './path.ts';
import type {
  ByteRange,
  Entry,
  EntryDetails,
  Named,
  OpenFile,
  PutMode,
  SiteLayer,
  SiteLister,
  SitePath,
  SiteReader,
  SiteStorage,
  SiteWalk,
} from './port.ts';
import { makeDurable, moveToFreeName, movingIn } from './publish.ts';
import { DiskReader } from './reading.ts';
import { takeOut } from './taking.ts';
import { forEach, removeTree } from './tree.ts';
import { DiskWalk } from './walking.ts';

export type DiskOptions = {
  /** name or number of the group that files and folders are given (SITES_GROUP); without it they keep that of the process */
  readonly group?: string | number | undefined;
  /** opens names below descriptors, the default where the system can (see Folder) */
  readonly byDescriptor?: boolean;
};

/**
 * @param root the site's folder on this machine; links above it are followed, in its place and below it never. Names that are
 * stored decomposed (NFD) or in EUC-KR are listed and found in NFC. Our own names of what is under way
 * (`.gotgan-<uuid>`) are not there.
 */
export function diskSite(root: string, options: DiskOptions = {}): SiteStorage {
  const byDescriptor = options.byDescriptor ?? hasDescriptorPaths();
  return new DiskSite(() => Folder.open(root, byDescriptor), groupLookup(options.group));
}

/** A site below the folder that `openRoot` opens for each act. */
export class DiskSite implements SiteStorage {
  readonly #openRoot: () => Promise<Folder>;
  readonly #group: GroupLookup;
  readonly #modes: Modes;

  constructor(openRoot: () => Promise<Folder>, group: GroupLookup, modes: Modes = usualModes) {
    this.#openRoot = openRoot;
    this.#group = group;
    this.#modes = modes;
  }

  async #in<T>(path: SitePath, act: (folder: Folder) => Promise<T>): Promise<T> {
    return answering(async () => within(await descend(await this.#openRoot(), path), act));
  }

  async #make(path: SitePath): Promise<Folder> {
    let current = await this.#openRoot();
    for (const segment of path)
      current = await within(current, (parent) => enterOrMake(parent, segment, this.#group, this.#modes));
    return current;
  }

  async stat(path: SitePath): Promise<Entry> {
    if (path.length === 0) return this.#in([], async (root) => describe('', await root.stats()));
    const { parents, name } = split(path);
    const entry = await this.#in(parents, async (folder) => look(folder, name, await folder.spelling(name)));
    if (!entry) throw notFound();
    return entry;
  }

  async list(path: SitePath, only?: readonly string[]): Promise<Entry[]> {
    return this.#in(checked(path), async (folder) => {
      const wanted = only ? await spelled(folder, checked(only)) : [...(await folder.shown())];
      const entries = await forEach(wanted, ([shown, name]) => look(folder, shown, name));
      return entries.filter((entry) => entry !== undefined);
    });
  }

  lister(): SiteLister {
    return new DiskLister((path, act) => this.#in(checked(path), act));
  }

  /** Only where the system resolves names below a descriptor. */
  async walk(path: SitePath, beside: readonly string[]): Promise<SiteWalk | undefined> {
    if (!hasDescriptorPaths()) return undefined;
    return answering(
      async () => new DiskWalk(await descend(await this.#openRoot(), checked(path)), { path: path.join('/'), beside }),
    );
  }

  async names(path: SitePath): Promise<Named[]> {
    return this.#in(checked(path), (folder) => folder.named());
  }

  async open(path: SitePath, range?: ByteRange): Promise<OpenFile> {
    if (path.length === 0) throw notFound();
    const { parents, name } = split(path);
    return this.#in(parents, async (folder) => openFile(folder, name, await folder.spelling(name), range));
  }

  reader(): SiteReader {
    const enter = async (parents: SitePath) => descend(await this.#openRoot(), checked(parents));
    return new DiskReader({ enter, stat: (path) => this.stat(path) });
  }

  async makeFolder(path: SitePath): Promise<void> {
    await answering(async () => within(await this.#make(checked(path)), async () => {}));
  }

  /** As the port says; when it fails `from` stays, so that the same file may be put under another name. */
  async put(path: SitePath, from: string, mode: PutMode): Promise<void> {
    const { parents, name } = split(path);
    await answering(async () => {
      const group = await this.#group();
      const names = await finished(from, group);
      await within(await this.#make(parents), async (folder) => {
        // a link in the way counts as taken, and is itself replaced, never its target
        const target = mode === 'create' ? await folder.spellingToWrite(name) : await folder.spelling(name);
        const move = mode === 'create' ? moveToFreeName : rename;
        const copy = names > 1 || this.#modes.inherited === true;
        await movingIn(folder, from, { group, copy, modes: this.#modes }, (file) => move(file, folder.at(target)));
        await folder.sync();
      });
    });
  }

  /** Only where a file is on its folder's file system and the system has one call for all of it. */
  async layer(): Promise<SiteLayer | undefined> {
    if (!hasDescriptorPaths()) return undefined;
    return new DiskLayer({ openRoot: this.#openRoot, group: this.#group, modes: this.#modes });
  }

  async makeLink(path: SitePath, target: string): Promise<void> {
    const { parents, name } = split(path);
    await this.#in(parents, async (folder) => {
      await symlink(target, folder.at(await folder.spellingToWrite(name)));
      await folder.sync();
    });
  }

  async setDetails(path: SitePath, details: EntryDetails): Promise<void> {
    const { parents, name } = split(path);
    const { mode } = details;
    const isShared = this.#modes.inherited === true && mode !== undefined;
    const here = isShared ? { ...details, mode: sharedWithGroup(mode) } : details;
    await this.#in(parents, async (folder) => setDetails(folder, await folder.spelling(name), here));
  }

  freeBytes(): Promise<number> {
    return this.#in([], freeBytes);
  }

  async move(from: SitePath, to: SitePath): Promise<void> {
    const source = split(from);
    const target = split(to);
    if (from.length < to.length && from.every((segment, index) => segment === to[index])) throw conflict();
    await this.#in(source.parents, (old) =>
      this.#in(target.parents, async (folder) => {
        const name = await old.spelling(source.name);
        await moveEntry(old, name, folder, { name: await folder.spelling(target.name), mode: this.#modes.folder });
        await folder.sync();
        await old.sync();
      }),
    );
  }

  async take(path: SitePath, stamp: string | undefined, into: string): Promise<void> {
    const { parents, name } = split(path);
    await this.#in(parents, async (folder) => takeOut(folder, await folder.spelling(name), stamp, into));
  }

  async held<T>(path: SitePath, act: (folder: number, name: Buffer) => Promise<T>): Promise<T | undefined> {
    if (!hasDescriptorPaths()) return undefined;
    const { parents, name } = split(path);
    return this.#in(parents, async (folder) => act(folder.handle.fd, Buffer.from(await folder.spelling(name))));
  }

  async remove(path: SitePath): Promise<void> {
    const { parents, name } = split(path);
    await answering(async () => {
      const root = await this.#openRoot().catch(siteIsMissing);
      const folder = await descend(root, parents).catch(nothingThere);
      if (!folder) return;
      await within(folder, async () => {
        await removeTree(folder, await folder.spelling(name));
        await folder.sync();
      });
    });
  }
}

/** @returns what is shown as these names, and how the disk spells it; the folder is read only where a name may be spelled otherwise */
async function spelled(folder: Folder, names: readonly string[]): Promise<[string, DiskName][]> {
  const isThere = async (name: string) => isPlain(name) || (await folder.has(name));
  const plain = new Set(
    (await forEach(names, async (name) => ((await isThere(name)) ? name : ''))).filter((name) => name !== ''),
  );
  if (plain.size === new Set(names).size) return Array.from(plain, (name) => [name, name]);
  const shown = await folder.shown();
  return names.map((name) => [name, shown.get(name) ?? name]);
}

/** A site's folder that is not there is a disk that is not there: whoever removes something may not take it for done. */
function siteIsMissing(error: unknown): never {
  const code = faultCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') throw unavailable('error.storage', { code });
  throw error;
}

function nothingThere(error: unknown): undefined {
  if (faultCode(error) !== 'ENOENT') throw error;
}

/** Makes the file to be put durable; that it is missing is a bug, not the person's 404. @returns its number of names */
async function finished(from: string, group: number | undefined): Promise<number> {
  try {
    return await makeDurable(from, group);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(faultCode(error)))
      throw new Error('The file to be put is not there', { cause: error });
    throw error;
  }
}

async function moveEntry(old: Folder, name: DiskName, folder: Folder, to: { name: DiskName; mode: number }): Promise<void> {
  const target = folder.at(to.name);
  if (!(await lstat(old.at(name))).isDirectory()) return moveToFreeName(old.at(name), target);
  // rename(2) puts a folder in the place of an empty one only, so an empty folder of ours takes the name without a race
  await mkdir(target, to.mode);
  try {
    await rename(old.at(name), target);
  } catch (error) {
    await rmdir(target).catch(() => {});
    throw error;
  }
}
