// Modes and group of what the panel writes: files 0640, folders 2750, no execute bit for files (architecture §13.13).
import { execFile } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { conflict } from '../errors.ts';
import { faultCode, unless } from './faults.ts';
import type { Folder } from './folder.ts';
import type { DiskName } from './names.ts';

export const fileMode = 0o640;
export const folderMode = 0o2750;

/** Rights of what is written. */
export type Modes = {
  readonly file: number;
  readonly folder: number;
  /** rights are passed on by the folder (default ACL): a file must be born in it, so it is copied in, never moved */
  readonly inherited?: boolean;
};

export const usualModes: Modes = { file: fileMode, folder: folderMode };
/** Where a site has a system user of its own, which writes beside the panel: the folder passes group and rights on to both. */
export const sharedModes: Modes = { file: 0o660, folder: 0o2770, inherited: true };

/**
 * What is written there belongs to the panel's user, and the site's own has it by its group: a file that was for its owner alone must not
 * become one that the site's programs cannot use. @returns rights in which the group may what the owner may
 */
export const sharedWithGroup = (mode: number): number => mode | ((mode & 0o700) >> 3);

/** @returns the number of the group that files are given, or `undefined` when they keep the process's own */
export type GroupLookup = () => Promise<number | undefined>;

/**
 * @param group name or number of a system group
 * @throws Error when the system knows no such group: a fault of the configuration
 */
export async function groupId(group: string | number): Promise<number> {
  const name = String(group);
  if (/^\d+$/.test(name)) return Number(name);
  if (!/^[A-Za-z_][A-Za-z0-9._-]*$/.test(name)) throw new Error('SITES_GROUP is no name of a group');
  const line = (text: string) => text.split('\n').find((each) => each.startsWith(`${name}:`));
  const local = line(await readFile('/etc/group', 'utf8').catch(() => ''));
  // getent asks what the machine asks: LDAP or SSSD where companies keep their groups
  const known = local ?? line((await promisify(execFile)('getent', ['group', name]).catch(() => ({ stdout: '' }))).stdout);
  const id = known?.split(':')[2];
  if (id === undefined || !/^\d+$/.test(id)) throw new Error('SITES_GROUP names a group that this machine does not know');
  return Number(id);
}

/** @returns a lookup that asks the system once, and again after a failure */
export function groupLookup(group: string | number | undefined): GroupLookup {
  let known: number | undefined;
  return async () => {
    if (group !== undefined) known ??= await groupId(group);
    return known;
  };
}

/** Gives an opened file or folder its mode and group, if it has others. */
export async function settle(handle: FileHandle, mode: number, group: number | undefined): Promise<void> {
  const stats = await handle.stat();
  const regroup = group !== undefined && stats.gid !== group;
  // chown first: it may clear the set-group-id bit
  if (regroup) await handle.chown(stats.uid, group);
  if (regroup || (stats.mode & 0o7777) !== mode) await handle.chmod(mode);
}

async function makeOrFind(parent: Folder, name: DiskName, mode: number): Promise<boolean> {
  return (await unless(['EEXIST'], () => mkdir(parent.at(name), mode).then(() => true))) ?? false;
}

/** @param isSynced false: who calls brings it to the disk. @returns the folder `name` in `parent`, made if need be; 409 where a file is in the way, ENOTDIR where a link is */
export async function enterOrMake(
  parent: Folder,
  name: string,
  group: GroupLookup,
  { folder: mode }: Modes = usualModes,
  isSynced = true,
): Promise<Folder> {
  const spelling = await parent.spelling(name);
  const made = await makeOrFind(parent, spelling, mode);
  const folder = await enterUnlessFile(parent, spelling);
  if (!made) return folder;
  try {
    await settle(folder.handle, mode, await group());
    if (isSynced) await parent.sync();
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function enterUnlessFile(parent: Folder, name: DiskName): Promise<Folder> {
  try {
    return await parent.enter(name);
  } catch (error) {
    const isFile = faultCode(error) === 'ENOTDIR' && !(await lstat(parent.at(name))).isSymbolicLink();
    throw isFile ? conflict() : error;
  }
}
