// Sites as folders on this machine: open ones below one folder, closed ones below another, so that nothing of them is served.
import { access, constants, link, lstat, mkdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hour, systemClock } from '../clock.ts';
import { conflict, notFound, unavailable } from '../errors.ts';
import { DiskSite } from '../storage/disk.ts';
import { answering, faultCode, unless } from '../storage/faults.ts';
import { Folder, within } from '../storage/folder.ts';
import { largest } from '../storage/folder-totals.ts';
import { type DiskName, isTemporary, temporaryName } from '../storage/names.ts';
import { enterOrMake, folderMode, type GroupLookup, groupLookup, settle } from '../storage/ownership.ts';
import { copyIn, makeDurable, noHardLinks, writeIn } from '../storage/publish.ts';
import { countTree, removeTree } from '../storage/tree.ts';
import type { Counted, HostedSite, SiteHome, SiteHost } from './port.ts';

export type FolderHostOptions = {
  /** folder of the open sites, which the web server serves from (`<root>/<site>/www`) */
  readonly root: string;
  /** folder of the suspended sites, on the same file system and never served */
  readonly closedRoot: string;
  /** name or number of the group that may read the sites (SITES_GROUP) */
  readonly group?: string | number | undefined;
};

const checksumEnding = '.sha256';

function siteName(site: HostedSite): string {
  if (!/^[a-z0-9-]{3,32}$/.test(site.name)) throw new RangeError('Not the name of a site');
  return site.name;
}

/** Both folders are made when they are needed. Acts throw RangeError for names that no site or backup can have. */
export function folderHost(options: FolderHostOptions): SiteHost {
  return new FolderHost(options);
}

class FolderHost implements SiteHost {
  readonly #root: string;
  readonly #closedRoot: string;
  readonly #group: GroupLookup;

  constructor({ root, closedRoot, group }: FolderHostOptions) {
    this.#root = root;
    this.#closedRoot = closedRoot;
    this.#group = groupLookup(group);
  }

  /** A suspended site stays suspended: an old job that is repeated must not open it again. */
  async open(site: HostedSite): Promise<void> {
    const name = siteName(site);
    await answering(async () => {
      if (await within(await place(this.#closedRoot), (closed) => closed.has(name))) return;
      await within(await place(this.#root), async (root) => {
        await within(await enterOrMake(root, name, this.#group), async (folder) => {
          // again and again, since a crash may have come between making and this; the folders inside inherit group and mode
          await settle(folder.handle, folderMode, await this.#group());
          for (const inside of ['www', 'backup', 'trash'])
            await within(await enterOrMake(folder, inside, this.#group), async () => {});
        });
      });
    });
  }

  /** Nothing there is no error: what is not there does not answer. */
  async suspend(site: HostedSite): Promise<void> {
    const name = siteName(site);
    await answering(() => moveSite(this.#root, this.#closedRoot, name));
  }

  async resume(site: HostedSite): Promise<void> {
    const name = siteName(site);
    const isThere = await answering(() => moveSite(this.#closedRoot, this.#root, name));
    if (!isThere) throw notFound();
  }

  async remove(site: HostedSite): Promise<void> {
    const name = siteName(site);
    await answering(async () => {
      for (const path of [this.#root, this.#closedRoot]) {
        await within(await place(path), async (folder) => {
          await removeTree(folder, name);
          await folder.sync();
        });
      }
    });
  }

  async usage(site: HostedSite): Promise<Counted> {
    const name = siteName(site);
    return answering(async () =>
      within(await this.#openSite(name), async (folder) => {
        const www = await within(await folder.enter('www'), (top) => countTree(top, ['www']));
        // Sites that were opened before there was a trash have none until something is deleted.
        const trash = await unless(['ENOENT'], () => folder.enter('trash'));
        const { bytes, files } = trash ? await within(trash, (top) => countTree(top, ['trash'])) : { bytes: 0, files: 0 };
        const thrownAway = files > 0 ? [{ path: ['trash'], bytes, files }] : [];
        return { bytes: www.bytes + bytes, files: www.files + files, folders: largest([...www.folders, ...thrownAway]) };
      }),
    );
  }

  /** Nothing to do: files are the panel's own, and the group's. */
  async mend(): Promise<void> {}

  /** Makes the folders where they are missing, as every act does. */
  async check(): Promise<void> {
    try {
      for (const path of [this.#root, this.#closedRoot]) await (await place(path)).close();
      for (const path of [this.#root, this.#closedRoot]) await access(path, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw unavailable('error.storage', { code: faultCode(error) || 'unknown' });
    }
  }

  async homeOf(site: HostedSite): Promise<SiteHome> {
    const name = siteName(site);
    const [root, closed] = [this.#root, this.#closedRoot].map((path) => join(resolve(path), name)) as [string, string];
    return answering(async () => (await unless(['ENOENT'], () => homeIn(root))) ?? homeIn(closed));
  }

  /** Reaches a site's files also while it is suspended, for backups and for its owner's own download. */
  storageFor(site: HostedSite): DiskSite {
    const name = siteName(site);
    return new DiskSite(() => this.#openSite(name), this.#group);
  }

  /** As the port says; 404 when the archive is not at `from`. */
  async showBackup(site: HostedSite, name: string, from: string, checksum: string): Promise<void> {
    const folderName = siteName(site);
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) || name.endsWith(checksumEnding)) {
      throw new RangeError('Not the name of a backup');
    }
    await answering(async () =>
      within(await this.#openSite(folderName), async (folder) =>
        within(await enterOrMake(folder, 'backup', this.#group), async (backup) => {
          await show(backup, name, { from, checksum, group: await this.#group() });
          await removeShownBefore(backup, name);
          await backup.sync();
        }),
      ),
    );
  }

  async #openSite(name: string): Promise<Folder> {
    const open = await unless(['ENOENT'], () => enterBelow(this.#root, name));
    return open ?? enterBelow(this.#closedRoot, name);
  }
}

async function homeIn(folder: string): Promise<SiteHome> {
  const { uid: userId, gid: groupId } = await stat(join(folder, 'www'));
  return { folder, userId, groupId };
}

async function place(path: string): Promise<Folder> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  return Folder.open(path);
}

async function enterBelow(path: string, name: string): Promise<Folder> {
  return within(await Folder.open(path), (folder) => folder.enter(name));
}

/** Another caller may move it between two looks: what stands in both places this often stands there twice. */
const looks = 3;

/** Moves a site's folder, once or again. @returns whether it stands in the new place */
async function moveSite(from: string, to: string, name: string): Promise<boolean> {
  return within(await place(from), async (old) =>
    within(await place(to), async (folder) => {
      for (let look = 0; look < looks; look += 1) {
        if (!(await old.has(name))) return folder.has(name);
        // rename(2) would silently take the place of an empty folder
        if (await folder.has(name)) continue;
        const moved = await unless(['ENOENT'], () => rename(old.at(name), folder.at(name)).then(() => true));
        await folder.sync();
        await old.sync();
        return moved ?? folder.has(name);
      }
      throw conflict();
    }),
  );
}

type Shown = { readonly from: string; readonly checksum: string; readonly group: number | undefined };

/** Puts the archive into the folder under its name: the same file where the system can link it, else a copy. */
async function show(backup: Folder, name: string, { from, checksum, group }: Shown): Promise<void> {
  const linkName = temporaryName();
  const linked = await unless(['EXDEV', ...noHardLinks], () => link(from, backup.at(linkName)).then(() => true));
  const temporary = linked ? linkName : await copyIn(backup, from, group);
  try {
    await makeDurable(backup.at(temporary), group);
    // the checksum first: a file that has one beside it is a backup that was shown, and may go when the next one comes
    await writeIn(backup, `${name}${checksumEnding}`, checksum, group);
    await rename(backup.at(temporary), backup.at(name));
    await backup.sync();
  } finally {
    // also after success: renaming a file onto another name of itself leaves both
    await rm(backup.at(temporary), { force: true });
  }
}

/** Removes every backup that has a checksum beside it, but the newest; a customer's own files stay. */
async function removeShownBefore(backup: Folder, newest: string): Promise<void> {
  const names = (await backup.entries()).map((entry) => entry.name);
  for (const name of names) {
    if (await isLeftOver(backup, name)) await removeTree(backup, name);
    if (typeof name !== 'string' || !name.endsWith(checksumEnding) || name === `${newest}${checksumEnding}`) continue;
    const archive = name.slice(0, -checksumEnding.length);
    if (archive !== '' && archive !== newest) await unless(['ENOENT', 'EISDIR', 'EPERM'], () => unlink(backup.at(archive)));
    await unless(['ENOENT', 'EISDIR', 'EPERM'], () => unlink(backup.at(name)));
  }
}

/** What a crash left here; the change time, since a linked archive has its own content time. */
async function isLeftOver(backup: Folder, name: DiskName): Promise<boolean> {
  if (!isTemporary(name)) return false;
  const stats = await unless(['ENOENT'], () => lstat(backup.at(name)));
  return stats !== undefined && stats.ctimeMs < systemClock.now() - hour;
}
