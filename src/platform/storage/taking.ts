// Takes a file out of a site into a folder of this machine, in one step for everybody who looks at the site.
import type { PathLike } from 'node:fs';
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { conflict, notFound } from '../errors.ts';
import { describe } from './entries.ts';
import { unless } from './faults.ts';
import type { Folder } from './folder.ts';
import { type DiskName, temporaryName } from './names.ts';
import { moveToFreeName } from './publish.ts';

/** Owner alone, and not the site's system user: nobody runs or reads it any more. */
const keptMode = 0o600;

/**
 * First the file loses its name to a hidden one, so that nobody can open it any more by a path; only then it is looked at and moved.
 * The hidden name is that of `into`, by which a process that died in between is followed up.
 * @param stamp of the entry that is meant: when something else stands there by now, that goes back under its name
 */
export async function takeOut(folder: Folder, name: DiskName, stamp: string | undefined, into: string): Promise<void> {
  const hidden = folder.at(temporaryName(basename(into)));
  if (stamp !== undefined) await unless(['ENOENT', 'ENOTDIR'], () => rename(folder.at(name), hidden));
  const stats = await unless(['ENOENT', 'ENOTDIR'], () => lstat(hidden, { bigint: true }));
  if (!stats) throw notFound();
  if (!stats.isFile() || (stamp !== undefined && !isSame(describe('', stats).stamp, stamp))) {
    await giveBack(hidden, folder.at(name), stats.isDirectory());
    throw conflict();
  }
  try {
    await moveAcross(hidden, into);
  } catch (error) {
    for (const path of [into, partOf(into)]) await rm(path, { force: true });
    await giveBack(hidden, folder.at(name), false);
    throw error;
  }
  await folder.sync();
}

/** The change time is the last part of a stamp, and renaming has just set it. */
function isSame(found: string, meant: string): boolean {
  const content = (stamp: string) => stamp.split('-').slice(0, -1).join('-');
  return content(found) === content(meant);
}

/** What has come under the name meanwhile is newer, and would have replaced the file that was hidden. */
async function giveBack(hidden: PathLike, path: PathLike, isFolder: boolean): Promise<void> {
  if (isFolder) return rename(hidden, path);
  const isBack = await unless(['EEXIST'], () => moveToFreeName(hidden, path).then(() => true));
  if (!isBack) await unlink(hidden);
}

/** What is at `into` is whole at any time: a copy goes there by its last step. */
async function moveAcross(from: PathLike, into: string): Promise<void> {
  const renamed = await unless(['EXDEV'], () => rename(from, into).then(() => true));
  const there = renamed ? into : partOf(into);
  if (!renamed) await copyFile(from, there, constants.COPYFILE_FICLONE);
  await chmod(there, keptMode);
  await sync(there);
  if (!renamed) await rename(there, into);
  await sync(dirname(into));
  if (!renamed) await unlink(from);
}

/** @returns where a copy grows that is not whole yet */
export const partOf = (into: string): string => `${into}.part`;

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}
