// What is told of a file is changed here: mode, time, and the very bytes of its name.
import { lstat, lutimes, open, rename, statfs } from 'node:fs/promises';
import { conflict, notFound } from '../errors.ts';
import { type Folder, readFlags } from './folder.ts';
import type { DiskName } from './names.ts';
import type { EntryDetails } from './port.ts';

const permissionBits = 0o777;

/** See SiteStorage.setDetails. What is opened is no link, so nothing behind one is ever touched. */
export async function setDetails(folder: Folder, name: DiskName, { mode, modifiedAt, spelling }: EntryDetails): Promise<void> {
  const isLink = (await lstat(folder.at(name))).isSymbolicLink();
  if (isLink && mode !== undefined) throw notFound();
  if (isLink && modifiedAt !== undefined) await lutimes(folder.at(name), modifiedAt / 1000, modifiedAt / 1000);
  if (!isLink && (mode !== undefined || modifiedAt !== undefined)) {
    const handle = await open(folder.at(name), readFlags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() && !stats.isDirectory()) throw notFound();
      // The bits above (set-group-ID of folders) stay: they pass on the group here, whatever they did elsewhere.
      if (mode !== undefined) await handle.chmod((stats.mode & ~permissionBits & 0o7777) | (mode & permissionBits));
      if (modifiedAt !== undefined) await handle.utimes(modifiedAt / 1000, modifiedAt / 1000);
    } finally {
      await handle.close();
    }
  }
  if (spelling === undefined || Buffer.from(name).equals(spelling)) return;
  if (await folder.has(spelling)) throw conflict();
  await rename(folder.at(name), folder.at(spelling));
  await folder.sync();
}

/** @returns bytes that are free for whoever is not root, where this folder lies */
export async function freeBytes(folder: Folder): Promise<number> {
  const { bavail, bsize } = await statfs(folder.at(''), { bigint: true });
  return Number(bavail * bsize);
}
