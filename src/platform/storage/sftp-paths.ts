// Finds its way through a site's folders over SFTP: how names are spelled there, and that nothing on the way is a link.
import { isUtf8 } from 'node:buffer';
import type { Attributes, RemoteHandle, RemotePath, SftpSession } from '../ssh/port.ts';
import { faultCode, unless } from './faults.ts';
import { type DiskName, isPlain, shownNames } from './names.ts';
import type { Entry, EntryKind, SitePath } from './port.ts';

/** A site's folder in a session. */
export type Remote = { readonly session: SftpSession; readonly root: string };

/** Names as the server spells them, from the site's folder down. */
export type Names = readonly DiskName[];

/** Where a path leads: `found` describes each segment as far as something stands there. */
export type Way = { readonly names: DiskName[]; readonly found: Attributes[] };

export type RemoteName = { readonly name: DiskName; readonly attributes: Attributes };

const formatBits = 0o170000;
/** S_IFREG, S_IFDIR and S_IFLNK */
const formats: ReadonlyMap<number, EntryKind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'folder'],
  [0o120000, 'link'],
]);
const millisecondsPerSecond = 1000;
/** Requests for the next part of a listing that are under way at most: OpenSSH tells a hundred names at a time. */
const listingWindow = 16;

export const kindOf = ({ mode }: Attributes): EntryKind => formats.get(mode & formatBits) ?? 'other';
export const isFolder = (attributes: Attributes): boolean => kindOf(attributes) === 'folder';

/** @returns an error with a code of the system, as the disk would throw it */
export const fault = (code: string): Error => Object.assign(new Error(code), { code });

/** @param name what the entry is shown as */
export function describe(name: string, attributes: Attributes): Entry {
  const { size, modifiedSeconds, mode, userId, groupId } = attributes;
  const kind = kindOf(attributes);
  return {
    name,
    kind,
    size: kind === 'file' ? size : 0,
    modifiedAt: modifiedSeconds * millisecondsPerSecond,
    mode: mode & 0o7777,
    stamp: [size, modifiedSeconds, mode, userId, groupId].map((part) => part.toString(36)).join('-'),
  };
}

/** @returns the path of what has these names */
export function at({ root }: Remote, names: Names): RemotePath {
  const parts = names.flatMap((name) => [Buffer.from('/'), typeof name === 'string' ? Buffer.from(name) : name]);
  const path = Buffer.concat([Buffer.from(root), ...parts]);
  return path.length === 0 ? Buffer.from('/') : path;
}

/** @returns what stands at the path, `undefined` where nothing does */
export function lookAt({ session }: Remote, path: RemotePath): Promise<Attributes | undefined> {
  return unless(['ENOENT', 'ENAMETOOLONG'], () => session.lstat(path));
}

/** Looks at every segment in one round trip. Behind a link or a file nothing is found. */
export async function walk(remote: Remote, path: SitePath): Promise<Way> {
  const names: DiskName[] = [...path];
  for (let spelled = 0; ; ) {
    const found = await lookAtEach(remote, names);
    const missing = found.length;
    const segment = path[missing];
    const above = found.at(-1);
    const isBehind = above !== undefined && !isFolder(above);
    if (segment === undefined || isBehind || isPlain(segment) || missing < spelled) return { names, found };
    const name = readShown(await readWhole(remote, names.slice(0, missing))).get(segment)?.name;
    if (name === undefined) return { names, found };
    names[missing] = name;
    spelled = missing + 1;
  }
}

async function lookAtEach(remote: Remote, names: Names): Promise<Attributes[]> {
  const looks = await Promise.all(names.map((_, index) => lookAt(remote, at(remote, names.slice(0, index + 1)))));
  const found: Attributes[] = [];
  for (const attributes of looks) {
    if (!attributes) break;
    found.push(attributes);
    if (!isFolder(attributes)) break;
  }
  return found;
}

/** @returns how the folder and what is above it are spelled; ENOENT or ENOTDIR where it is none or lies behind a link */
export async function enter(remote: Remote, path: SitePath): Promise<DiskName[]> {
  const { names, found } = await walk(remote, path);
  if (!found.every(isFolder)) throw fault('ENOTDIR');
  if (found.length < path.length) throw fault('ENOENT');
  return names;
}

/**
 * Does the act while every folder on the way is looked at in the same breath: the server answers in order, so that a link put in
 * its place after `walk` is seen. @throws ENOTDIR when one was there
 */
export async function unlinked<T>(remote: Remote, folders: Names, act: () => Promise<T>, undo: (result: T) => void): Promise<T> {
  const looks = folders.map((_, index) => lookAt(remote, at(remote, folders.slice(0, index + 1))));
  const [result, found] = await Promise.allSettled([act(), Promise.all(looks)]);
  if (result.status === 'rejected') throw result.reason;
  if (found.status === 'fulfilled' && found.value.every((attributes) => attributes && isFolder(attributes))) return result.value;
  undo(result.value);
  throw found.status === 'rejected' ? found.reason : fault('ENOTDIR');
}

/** Opens for reading, only what is of these kinds: the server follows links, so what is opened is looked at in the same breath. ENOENT for others */
export async function openAt(
  remote: Remote,
  names: Names,
  kinds: readonly EntryKind[],
): Promise<{ readonly handle: RemoteHandle; readonly attributes: Attributes }> {
  const { session } = remote;
  const path = at(remote, names);
  const free = (handle: RemoteHandle) => void session.close(handle).catch(() => {});
  const look = session.lstat(path);
  const [opened, looked] = await Promise.allSettled([
    unlinked(remote, names.slice(0, -1), () => session.open(path, 'read'), free),
    look,
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  if (looked.status === 'fulfilled' && kinds.includes(kindOf(looked.value)))
    return { handle: opened.value, attributes: looked.value };
  free(opened.value);
  throw looked.status === 'rejected' ? looked.reason : fault('ENOENT');
}

/** @returns what stands in a folder, by what it is shown as; ours is left out */
export function readShown(inside: ReadonlyMap<DiskName, Attributes>): Map<string, RemoteName> {
  const shown = new Map<string, RemoteName>();
  for (const [text, name] of shownNames([...inside.keys()])) {
    const attributes = inside.get(name);
    if (attributes) shown.set(text, { name, attributes });
  }
  return shown;
}

/** @returns everything that stands in a folder, ours too */
export async function readWhole(remote: Remote, names: Names): Promise<Map<DiskName, Attributes>> {
  const { session } = remote;
  const free = (handle: Buffer) => void session.close(handle).catch(() => {});
  const handle = await unlinked(remote, names, () => session.openFolder(at(remote, names)), free);
  const entries = new Map<DiskName, Attributes>();
  try {
    for (let window = 2, isOver = false; !isOver; window = Math.min(2 * window, listingWindow)) {
      const parts = await Promise.all(Array.from({ length: window }, () => session.readFolder(handle)));
      isOver = parts.includes(undefined);
      for (const { name, attributes } of parts.flatMap((part) => part ?? [])) {
        // a server that was taken over must not name what lies elsewhere
        if (name.length === 0 || name.includes(0) || name.includes('/')) throw fault('EFAIL');
        const text = isUtf8(name) ? name.toString() : name;
        if (text !== '.' && text !== '..') entries.set(text, attributes);
      }
    }
    return entries;
  } finally {
    free(handle);
  }
}

/** @returns the entry, with a link's target; `undefined` when a link is no longer there */
export async function describeAt(
  remote: Remote,
  shown: string,
  names: Names,
  attributes: Attributes,
): Promise<Entry | undefined> {
  const name = names.at(-1) ?? shown;
  const entry = { ...describe(shown, attributes), ...(name !== shown && { spelling: Buffer.from(name) }) };
  if (entry.kind !== 'link') return entry;
  try {
    return { ...entry, target: (await remote.session.readLink(at(remote, names))).toString() };
  } catch (error) {
    // it is a link no longer
    if (['ENOENT', 'ENAMETOOLONG', 'EFAIL'].includes(faultCode(error))) return undefined;
    throw error;
  }
}
