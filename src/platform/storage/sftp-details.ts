// What is told of a file is changed on a server reached by SFTP: mode, time, the bytes of its name; and links are made.
import { faultCode } from './faults.ts';
import type { EntryDetails, SitePath } from './port.ts';
import { at, enter, fault, isFolder, kindOf, lookAt, type Names, openAt, type Remote, walk } from './sftp-paths.ts';
import { syncFolder } from './sftp-writing.ts';

const permissionBits = 0o777;

/** See SiteStorage.makeLink. */
export async function makeLink(remote: Remote, path: SitePath, target: string): Promise<void> {
  const folder = await enter(remote, path.slice(0, -1));
  const link = at(remote, [...folder, path.at(-1) ?? '']);
  await remote.session.makeLink(link, Buffer.from(target)).catch(async (error) => {
    if (faultCode(error) === 'EFAIL' && (await lookAt(remote, link))) throw fault('EEXIST');
    throw error;
  });
  await syncFolder(remote, folder);
}

/** See SiteStorage.setDetails. */
export async function setDetails(remote: Remote, path: SitePath, { spelling, ...wanted }: EntryDetails): Promise<void> {
  const { session } = remote;
  const { names, found } = await walk(remote, path);
  const entry = found.length === path.length ? found.at(-1) : undefined;
  if (!entry || !found.slice(0, -1).every(isFolder)) throw fault('ENOENT');
  const kind = kindOf(entry);
  // Opening a pipe would never end.
  if (kind === 'other' || (kind === 'link' && wanted.mode !== undefined)) throw fault('ENOENT');
  if (kind !== 'link') await setOpened(remote, names, wanted);
  if (spelling === undefined || Buffer.from(names.at(-1) ?? '').equals(spelling)) return;
  const folder = names.slice(0, -1);
  const target = at(remote, [...folder, spelling]);
  if (await lookAt(remote, target)) throw fault('EEXIST');
  await session.rename(at(remote, names), target);
  await syncFolder(remote, folder);
}

async function setOpened(remote: Remote, names: Names, { mode, modifiedAt }: EntryDetails): Promise<void> {
  if (mode === undefined && modifiedAt === undefined) return;
  const { session } = remote;
  const { handle, attributes } = await openAt(remote, names, ['file', 'folder']);
  try {
    if (mode !== undefined)
      await session.setModeOf(handle, (attributes.mode & ~permissionBits & 0o7777) | (mode & permissionBits));
    if (modifiedAt !== undefined) await session.setTimesOf(handle, Math.floor(modifiedAt / 1000));
  } finally {
    void session.close(handle).catch(() => {});
  }
}
