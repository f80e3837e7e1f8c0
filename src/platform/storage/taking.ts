// Takes a file out of a site into a folder of this machine, in one step for everybody who looks at the site.
import type { PathLike } from 'node:fs';
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { conflict, notFound } from '../errors.ts';
import { describe } from './entries.ts';
import { unless } from './faults.ts';
import type { Folder } from './folder.ts';
import type { DiskName } from './names.ts';
import { moveToFreeName } from './publish.ts';

/** Owner alone, and not the site's system user: nobody runs or reads it any more. */
const keptMode = 0o600;

/**
 * First the file loses its name to a hidden one, so that nobody can open it any more by a path; only then it is looked at and moved.
 * @param stamp of the entry that is meant: when something else stands there by now, that goes back under its name
 */
export async function takeOut(folder: Folder, name: DiskName, stamp: string, into: string): Promise<void> {
  const hidden = folder.at(folder.temporaryName());
  const moved = await unless(['ENOENT', 'ENOTDIR'], () => rename(folder.at(name), hidden).then(() => true));
  if (!moved) throw notFound();
  const stats = await lstat(hidden, { bigint: true });
  if (!stats.isFile() || !isSame(describe('', stats).stamp, stamp)) {
    await giveBack(hidden, folder.at(name), stats.isDirectory());
    throw conflict();
  }
  try {
    await moveAcross(hidden, into);
  } catch (error) {
    await rm(into, { force: true });
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

async function moveAcross(from: PathLike, into: string): Promise<void> {
  const renamed = await unless(['EXDEV'], () => rename(from, into).then(() => true));
  if (!renamed) await copyFile(from, into, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await chmod(into, keptMode);
  for (const path of [into, dirname(into)]) {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  }
  if (!renamed) await unlink(from);
}
