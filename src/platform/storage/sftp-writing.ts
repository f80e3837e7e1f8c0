// Changes a site's files over SFTP: every change whole or not at all, never over what stands there unless that is asked for.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { conflict } from '../errors.ts';
import type { Attributes, RemotePath, SftpSession } from '../ssh/port.ts';
import { faultCode, unless } from './faults.ts';
import { begunAt, type DiskName, datedTemporaryName, isPlain } from './names.ts';
import { sharedModes } from './ownership.ts';
import type { PutMode, SitePath } from './port.ts';
import { at, fault, isFolder, kindOf, lookAt, type Names, type Remote, readShown, readWhole, walk } from './sftp-paths.ts';
import { forEach } from './tree.ts';

/** Pieces of a file that are on their way at a time. */
const writeWindow = 16;
/** What we began and did not end is cleared away after a day. */
const abandonedMilliseconds = 24 * 60 * 60 * 1000;

/** @returns a code of the system for "failure", which says nothing: taken where something stands, else what it was */
async function taken(remote: Remote, path: RemotePath, error: unknown): Promise<never> {
  if (faultCode(error) === 'EFAIL' && (await lookAt(remote, path))) throw fault('EEXIST');
  throw error;
}

/** What was made, moved or removed in the folder is on the disk when this returns. */
export async function syncFolder(remote: Remote, names: Names): Promise<void> {
  const { session } = remote;
  const handle = await session.open(at(remote, names), 'read');
  await session.sync(handle).finally(() => void session.close(handle).catch(() => {}));
}

/** Makes a folder and its parents. @returns how they are spelled; 409 where a file is in the way, ENOTDIR where a link is */
export async function makeFolders(remote: Remote, path: SitePath): Promise<DiskName[]> {
  const { names, found } = await walk(remote, path);
  refuseUnlessFolders(found);
  for (let depth = found.length + 1; depth <= path.length; depth++) await makeOne(remote, names.slice(0, depth));
  return names;
}

function refuseUnlessFolders(found: readonly Attributes[]): void {
  for (const attributes of found) {
    if (kindOf(attributes) === 'link') throw fault('ENOTDIR');
    if (!isFolder(attributes)) throw conflict();
  }
}

async function makeOne(remote: Remote, names: Names): Promise<void> {
  const { session } = remote;
  const path = at(remote, names);
  try {
    await session.makeFolder(path, sharedModes.folder);
  } catch (error) {
    const found = faultCode(error) === 'EFAIL' ? await lookAt(remote, path) : undefined;
    if (!found) throw error;
    // somebody else made it at the same moment
    return refuseUnlessFolders([found]);
  }
  await session.setMode(path, sharedModes.folder);
  await syncFolder(remote, names.slice(0, -1));
}

/** Removes what could not be removed in this session, in another one if the server answers again; not waited for. */
type Discard = (path: RemotePath) => void;

/** Sends a file of this machine under a temporary name beside its place, durable, with our mode. @returns that name */
async function send(remote: Remote, folder: Names, file: FileHandle, discard: Discard): Promise<DiskName> {
  const { session } = remote;
  const name = datedTemporaryName(Date.now());
  const path = at(remote, [...folder, name]);
  const handle = await session.open(path, 'exclusive');
  try {
    await copy(session, handle, file);
    await session.setModeOf(handle, sharedModes.file);
    await session.sync(handle);
    await session.close(handle);
    return name;
  } catch (error) {
    void session.close(handle).catch(() => {});
    await session.remove(path).catch(() => discard(path));
    throw error;
  }
}

async function copy(session: SftpSession, handle: Buffer, file: FileHandle): Promise<void> {
  const under = new Set<Promise<void>>();
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(session.maximumWrite), 0, session.maximumWrite, position);
    if (bytesRead === 0) break;
    const write = session.write(handle, position, buffer.subarray(0, bytesRead)).finally(() => under.delete(write));
    under.add(write);
    write.catch(() => {}); // seen by the race or by the end, whichever comes first
    position += bytesRead;
    if (under.size >= writeWindow) await Promise.race(under);
  }
  await Promise.all(under);
}

/** Puts the opened file in its place, as SiteStorage.put says. */
export async function publish(
  remote: Remote,
  path: SitePath,
  from: { file: FileHandle; mode: PutMode; discard: Discard },
): Promise<void> {
  const { file, mode, discard } = from;
  const folder = await makeFolders(remote, path.slice(0, -1));
  const { name, standing } = await placeFor(remote, folder, path.at(-1) ?? '', mode);
  if (standing && (mode === 'create' || isFolder(standing))) throw conflict();
  const [temporary, target] = [at(remote, [...folder, await send(remote, folder, file, discard)]), at(remote, [...folder, name])];
  try {
    // the sending may have taken long: nothing on the way may have become a link
    refuseUnlessFolders((await walk(remote, path.slice(0, -1))).found);
    if (mode === 'create') await moveToFreeName(remote, temporary, target);
    else await remote.session.rename(temporary, target).catch((error) => taken(remote, target, error));
  } catch (error) {
    await remote.session.remove(temporary).catch(() => discard(temporary));
    throw error;
  }
  await syncFolder(remote, folder);
}

/** As on the disk, a new name is looked for as given and decomposed only, so that ten thousand new files stay quick. */
async function placeFor(
  remote: Remote,
  folder: Names,
  name: string,
  mode: PutMode,
): Promise<{ name: DiskName; standing?: Attributes }> {
  const spellings = [...new Set([name, name.normalize('NFD')])];
  const looks = await Promise.all(spellings.map((spelling) => lookAt(remote, at(remote, [...folder, spelling]))));
  for (const [index, standing] of looks.entries()) if (standing) return { name: spellings[index] ?? name, standing };
  if (mode === 'create' || isPlain(name)) return { name };
  const shown = readShown(await readWhole(remote, folder)).get(name);
  return shown ? { name: shown.name, standing: shown.attributes } : { name };
}

/**
 * Moves a file or link to a free name; EEXIST when it is taken, also in a race. If `from` was gone meanwhile (two moves at once)
 * nothing stays at `to` and the fault is ENOENT.
 */
export async function moveToFreeName(remote: Remote, from: RemotePath, to: RemotePath): Promise<void> {
  const { session } = remote;
  // EACCES: the system makes no second name of a file of somebody else
  const linked = await unless(['EACCES', 'ENOTSUP'], () => session.link(from, to).then(() => true)).catch((error) =>
    taken(remote, to, error),
  );
  if (!linked) return moveOverOwnPlaceholder(remote, from, to);
  try {
    await session.remove(from);
  } catch (error) {
    await session.remove(to).catch(() => {});
    throw error;
  }
}

/** rename(2) overwrites, so the name is first taken by an empty file that is ours to overwrite. */
async function moveOverOwnPlaceholder(remote: Remote, from: RemotePath, to: RemotePath): Promise<void> {
  const { session } = remote;
  const handle = await session.open(to, 'exclusive').catch((error) => taken(remote, to, error));
  await session.close(handle);
  try {
    await session.rename(from, to);
  } catch (error) {
    await session.remove(to).catch(() => {});
    throw error;
  }
}

/** Moves a folder: rename(2) puts it in the place of an empty one only, so an empty one of ours takes the name without a race. */
export async function moveFolder(remote: Remote, from: RemotePath, to: RemotePath): Promise<void> {
  const { session } = remote;
  await session.makeFolder(to, sharedModes.folder).catch((error) => taken(remote, to, error));
  try {
    await session.rename(from, to);
  } catch (error) {
    await session.removeFolder(to).catch(() => {});
    throw error;
  }
}

/** Removes what stands there, with all that is in it, never through a link. */
export async function removeTree(remote: Remote, names: Names, attributes: Attributes): Promise<void> {
  const { session } = remote;
  const path = at(remote, names);
  if (!isFolder(attributes)) return void (await unless(['ENOENT'], () => session.remove(path)));
  const inside = await unless(['ENOENT'], () => readWhole(remote, names));
  if (!inside) return;
  const entries = [...inside];
  await forEach(
    entries.filter(([, each]) => !isFolder(each)),
    ([name, each]) => removeTree(remote, [...names, name], each),
  );
  for (const [name, each] of entries) if (isFolder(each)) await removeTree(remote, [...names, name], each);
  await unless(['ENOENT'], () => session.removeFolder(path)).catch((error) => taken(remote, path, error));
}

/**
 * Clears away what writers that died left in a folder a day ago or longer: ours by its name, and nothing but files. When it was begun
 * stands in the name: the time of its content is the server's word, whose clock may be wrong, or the customer's, who may set it.
 */
export async function clearAbandoned(remote: Remote, names: Names, inside: ReadonlyMap<DiskName, Attributes>): Promise<void> {
  const before = Date.now() - abandonedMilliseconds;
  for (const [name, attributes] of inside) {
    const isOver = (begunAt(name) ?? before) < before;
    if (isOver && kindOf(attributes) === 'file')
      await unless(['ENOENT'], () => remote.session.remove(at(remote, [...names, name])));
  }
}

/** Opens the file to be put; that it is missing is a bug, not the person's 404. */
export async function openFinished(from: string): Promise<FileHandle> {
  try {
    const file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(faultCode(error))) throw error;
    throw new Error('The file to be put is not there', { cause: error });
  }
  throw new Error('What is to be published is no regular file');
}
