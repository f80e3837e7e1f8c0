// How a finished file appears under its name: whole, durable, and without overwriting unless that is asked for.

import type { PathLike } from 'node:fs';
import { constants } from 'node:fs';
import { copyFile, link, open, rename, rm, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { unless } from './faults.ts';
import { type Folder, readFlags } from './folder.ts';
import { type DiskName, temporaryName } from './names.ts';
import { fileMode, type Modes, settle, usualModes } from './ownership.ts';

const pieceBytes = 1024 * 1024;

/** The system, not the person, says no to a hard link: no such links here, too many, or a file of somebody else. */
export const noHardLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Moves a file or link to a free name in one step; EEXIST when the name is taken, also in a race. If `from` was gone meanwhile
 * (two moves at once) nothing stays at `to` and the fault is ENOENT.
 */
export async function moveToFreeName(from: PathLike, to: PathLike): Promise<void> {
  const linked = await unless(noHardLinks, () => link(from, to).then(() => true));
  if (!linked) return moveOverOwnPlaceholder(from, to);
  try {
    await unlink(from);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** rename(2) overwrites, so the name is first taken by an empty file that is ours to overwrite. */
async function moveOverOwnPlaceholder(from: PathLike, to: PathLike): Promise<void> {
  await (await open(to, 'wx', fileMode)).close();
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** Copies a file of this machine into the folder under a temporary name, durable, with our mode and the group. @returns that name */
export async function copyIn(
  folder: Folder,
  from: string,
  group: number | undefined,
  modes: Modes = usualModes,
): Promise<string> {
  const name = temporaryName();
  try {
    if (modes.inherited) await copyBytes(from, folder.at(name), modes.file);
    else await copyFile(from, folder.at(name), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await makeDurable(folder.at(name), group, modes);
    return name;
  } catch (error) {
    await rm(folder.at(name), { force: true });
    throw error;
  }
}

/** libuv's own copy takes the group of the source along; here the folder is to say whose the file is. */
async function copyBytes(from: string, to: PathLike, mode: number): Promise<void> {
  const source = await open(from, readFlags);
  try {
    const target = await open(to, 'wx', mode);
    const pieces = source.createReadStream({ highWaterMark: pieceBytes, autoClose: false });
    await pipeline(pieces, target.createWriteStream()).finally(() => target.close());
  } finally {
    await source.close();
  }
}

/**
 * Gives a finished file our mode and the group and brings it to the disk (fsync).
 * @returns the number of its names (hard links)
 */
export async function makeDurable(path: PathLike, group: number | undefined, modes: Modes = usualModes): Promise<number> {
  const file = await open(path, readFlags);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('What is to be published is no regular file');
    await settle(file, modes.file, group);
    await file.sync();
    return stats.nlink;
  } finally {
    await file.close();
  }
}

/** Runs the move with a file of this folder's own file system: `from` itself where it lies there, else a copy of it. */
export async function movingIn(
  folder: Folder,
  from: string,
  options: { group: number | undefined; copy: boolean; modes?: Modes },
  move: (from: PathLike) => Promise<void>,
): Promise<void> {
  // a file with another name somewhere is never shared with a customer: who writes into one would write into both
  if (!options.copy && (await unless(['EXDEV'], () => move(from).then(() => true)))) return;
  const copy = await copyIn(folder, from, options.group, options.modes);
  try {
    await move(folder.at(copy));
  } finally {
    await rm(folder.at(copy), { force: true });
  }
  await unlink(from);
}

/** Replaces the content under `name` in one step by `content`, durable. */
export async function writeIn(folder: Folder, name: DiskName, content: string, group: number | undefined): Promise<void> {
  const temporary = folder.at(temporaryName());
  try {
    const file = await open(temporary, 'wx', fileMode);
    try {
      await file.writeFile(content);
      await settle(file, fileMode, group);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, folder.at(name));
  } finally {
    await rm(temporary, { force: true });
  }
}
