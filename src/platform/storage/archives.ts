// Finished archives in a folder on this machine: `<root>/<site>/<file name>`.
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { day, systemClock } from '../clock.ts';
import { notFound, unavailable } from '../errors.ts';
import { look, openFile } from './entries.ts';
import { answering, faultCode, unless } from './faults.ts';
import { Folder, within } from './folder.ts';
import type { ArchiveStorage, ByteRange, StagedArchive } from './port.ts';
import { makeDurable, moveToFreeName } from './publish.ts';
import { forEach, removeTree } from './tree.ts';

const stagingPrefix = '.staging-';
/** Archives are the panel's own until they are shown: nobody else may look into their folders. */
const folderMode = 0o750;
/** Archives are large, and whoever opens one reads all of it: fewer pieces, fewer rounds through the event loop. */
const pieceBytes = 1024 * 1024;

const isPart = (text: string) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(text);

function parts(key: string): { site: string; name: string } {
  const [site = '', name = '', ...rest] = key.split('/');
  if (!isPart(site) || !isPart(name) || rest.length > 0) throw new RangeError('Not the key of an archive');
  return { site, name };
}

/** @param root folder for all sites' archives, made when the first archive is staged; keys that are none throw RangeError */
export function diskArchives(root: string): ArchiveStorage {
  const inSite = <T>(site: string, act: (folder: Folder) => Promise<T>) =>
    answering(async () => within(await Folder.open(root), async (all) => within(await all.enter(site), act)));
  return {
    stage: (key) => writing(() => stage(root, key)),
    open(key, range) {
      const { site, name } = parts(key);
      return inSite(site, (folder) => openArchive(folder, name, range));
    },
    async local(key) {
      const { site, name } = parts(key);
      const entry = await inSite(site, (folder) => look(folder, name, name));
      if (entry?.kind !== 'file') throw notFound();
      return { path: join(root, site, name), release: async () => {} };
    },
    async sizeOf(key) {
      const { site, name } = parts(key);
      // One question to the system, where going through folders is a dozen: of what others could put there nothing is read.
      const stats = await answering(() => lstat(join(root, site, name)));
      if (!stats.isFile()) throw notFound();
      return stats.size;
    },
    async list(site) {
      if (!isPart(site)) throw new RangeError('Not the name of a site');
      const entries = await answering(async () => (await unlessMissing(root, site, listFiles)) ?? []);
      return entries.map(({ name, size }) => ({ key: `${site}/${name}`, size }));
    },
    async remove(key) {
      const { site, name } = parts(key);
      await writing(() => unlessMissing(root, site, (folder) => removeFile(folder, name)));
    },
    async clear(site) {
      if (!isPart(site)) throw new RangeError('Not the name of a site');
      await writing(() => clear(root, site));
    },
    async unstage(key) {
      const { site, name } = parts(key);
      await writing(() => unlessMissing(root, site, (folder) => removeStaged(folder, name)));
    },
    sweep: () => writing(() => sweep(root)),
  };
}

const notThere = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** Where something is to be written, a place that is gone or blocked is storage that fails: nobody asked for a thing that is not there. */
function writing<T>(act: () => Promise<T>): Promise<T> {
  return answering(() =>
    act().catch((error) => {
      const code = faultCode(error);
      throw notThere.has(code) ? unavailable('error.storage', { code }) : error;
    }),
  );
}

/** Does the act in the site's folder of archives, or nothing where there is none. */
async function unlessMissing<T>(root: string, site: string, act: (folder: Folder) => Promise<T>): Promise<T | undefined> {
  const all = await unless(['ENOENT'], () => Folder.open(root));
  const folder = all && (await within(all, () => unless(['ENOENT'], () => all.enter(site))));
  return folder && within(folder, act);
}

async function stage(root: string, key: string): Promise<StagedArchive> {
  const { site, name } = parts(key);
  await mkdir(root, { recursive: true, mode: folderMode });
  await within(await Folder.open(root), async (all) => {
    await unless(['EEXIST'], () => mkdir(all.at(site), folderMode));
    await all.sync();
  });
  const path = join(root, site, `${stagingPrefix}${name}-${randomUUID()}`);
  return {
    path,
    commit: () => writing(() => commit(join(root, site), path, name)),
    discard: () => answering(() => rm(path, { force: true })),
  };
}

async function commit(folderPath: string, path: string, name: string): Promise<void> {
  try {
    await makeDurable(path, undefined);
  } catch (error) {
    if (faultCode(error) === 'ENOENT') throw new Error('Nothing was written to the staging file', { cause: error });
    throw error;
  }
  await within(await Folder.open(folderPath), async (folder) => {
    await moveToFreeName(path, folder.at(name));
    await folder.sync();
  });
}

async function openArchive(folder: Folder, name: string, range?: ByteRange) {
  const { entry, stream } = await openFile(folder, name, name, range, pieceBytes);
  if (range && range.end >= entry.size) {
    stream.destroy();
    // exactly the bytes asked for, or none: a cut archive must not pass as a whole one
    throw unavailable('error.storage', { code: 'SHORT' });
  }
  return { size: entry.size, stream };
}

async function listFiles(folder: Folder): Promise<{ name: string; size: number }[]> {
  const names = (await folder.entries()).map(({ name }) => name).filter((name) => typeof name === 'string' && isPart(name));
  const entries = await forEach(names, (name) => look(folder, String(name), name));
  return entries.filter((entry) => entry?.kind === 'file').filter((entry) => entry !== undefined);
}

async function removeStaged(folder: Folder, name: string): Promise<void> {
  const staged = `${stagingPrefix}${name}-`;
  const names = (await folder.entries()).map((entry) => String(entry.name)).filter((entry) => entry.startsWith(staged));
  for (const one of names) await unless(['ENOENT'], () => unlink(folder.at(one)));
}

async function clear(root: string, site: string): Promise<void> {
  const all = await unless(['ENOENT'], () => Folder.open(root));
  if (!all) return;
  await within(all, async (folder) => {
    await removeTree(folder, site);
    await folder.sync();
  });
}

/** With what a writer that died has left of it in staging. */
async function removeFile(folder: Folder, name: string): Promise<void> {
  await unless(['ENOENT'], () => unlink(folder.at(name)));
  await removeStaged(folder, name);
  await folder.sync();
}

async function sweep(root: string): Promise<number> {
  // the machine's own time: it is what file times are made of
  const stale = systemClock.now() - day;
  const sites = await unlessMissingRoot(root);
  let removed = 0;
  for (const site of sites) {
    removed += (await unlessMissing(root, site, (folder) => sweepFolder(folder, stale))) ?? 0;
  }
  return removed;
}

async function unlessMissingRoot(root: string): Promise<string[]> {
  const all = await unless(['ENOENT'], () => Folder.open(root));
  const entries = all ? await within(all, (folder) => folder.entries()) : [];
  return entries
    .filter(({ isFolder }) => isFolder)
    .map(({ name }) => String(name))
    .filter(isPart);
}

async function sweepFolder(folder: Folder, stale: number): Promise<number> {
  let removed = 0;
  for (const { name } of await folder.entries()) {
    if (!String(name).startsWith(stagingPrefix) || (await lstat(folder.at(name))).mtimeMs >= stale) continue;
    await rm(folder.at(name), { force: true });
    removed++;
  }
  return removed;
}
