// Takes a file out of a site on another server, in one step for everybody who looks at the site.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { conflict, notFound } from '../errors.ts';
import type { RemotePath } from '../ssh/port.ts';
import { unless } from './faults.ts';
import { temporaryName } from './names.ts';
import { at, describe, fault, isFolder, kindOf, lookAt, type Names, type Remote } from './sftp-paths.ts';
import { moveToFreeName, syncFolder } from './sftp-writing.ts';
import { partOf } from './taking.ts';

/** Pieces of a file that are on their way at a time. */
const readWindow = 16;

type Taking = {
  /** of the entry that is meant; undefined: what a process that died has hidden */
  readonly stamp: string | undefined;
  /** path on this machine, where nothing stands yet */
  readonly into: string;
  /** does an act in a session that is opened for it if need be */
  readonly anew: (act: (remote: Remote) => Promise<void>) => Promise<void>;
};

/**
 * First the file loses its name to a hidden one, so that nobody can open it any more by a path; only then it is looked at and copied.
 * The hidden name is that of `into`, by which a process that died in between is followed up. When something else than what is meant
 * stands there by now, that goes back under its name.
 */
export async function takeOut(remote: Remote, names: Names, { stamp, into, anew }: Taking): Promise<void> {
  const { session } = remote;
  const folder = names.slice(0, -1);
  const path = at(remote, names);
  const hidden = at(remote, [...folder, temporaryName(basename(into))]);
  if (stamp !== undefined) await unless(['ENOENT'], () => session.rename(path, hidden));
  const found = await lookAt(remote, hidden);
  if (!found) throw notFound();
  try {
    const isMeant = stamp === undefined || describe('', found).stamp === stamp;
    if (kindOf(found) !== 'file' || !isMeant) throw conflict();
    await copyOut(remote, { from: hidden, into, size: found.size });
    // Whoever has removed it meanwhile has done what is to be done: it is here, whole.
    await unless(['ENOENT'], () => session.remove(hidden));
  } catch (error) {
    for (const each of [into, partOf(into)]) await rm(each, { force: true });
    // The line may be what has failed: then over another one.
    await giveBack(remote, hidden, path).catch(() => anew((other) => giveBack(other, hidden, path)).catch(() => {}));
    throw error;
  }
  await syncFolder(remote, folder);
}

/** What has come under the name meanwhile is newer, and would have replaced the file that was hidden. */
async function giveBack(remote: Remote, hidden: RemotePath, path: RemotePath): Promise<void> {
  const found = await lookAt(remote, hidden);
  if (!found) return;
  if (isFolder(found)) return remote.session.rename(hidden, path);
  const isBack = await unless(['EEXIST'], () => moveToFreeName(remote, hidden, path).then(() => true));
  if (!isBack) await remote.session.remove(hidden);
}

async function copyOut(remote: Remote, { from, into, size }: { from: RemotePath; into: string; size: number }): Promise<void> {
  const { session } = remote;
  const file = await open(partOf(into), 'w', 0o600);
  const handle = await session.open(from, 'read').catch(async (error) => {
    await file.close();
    throw error;
  });
  try {
    for (let position = 0; position < size; position += readWindow * session.maximumRead)
      await copyPieces(remote, { handle, file, position, size });
    await file.sync();
  } finally {
    await file.close();
    await session.close(handle).catch(() => {});
  }
  await rename(partOf(into), into);
  const above = await open(dirname(into), 'r');
  await above.sync().finally(() => above.close());
}

type Copying = { readonly handle: Buffer; readonly file: FileHandle; readonly position: number; readonly size: number };

async function copyPieces({ session }: Remote, { handle, file, position, size }: Copying): Promise<void> {
  const length = session.maximumRead;
  const starts = Array.from({ length: readWindow }, (_, index) => position + index * length).filter((start) => start < size);
  await Promise.all(
    starts.map(async (start) => {
      const end = Math.min(start + length, size);
      for (let at = start; at < end; ) {
        const bytes = await session.read(handle, at, end - at);
        // somebody who had it open has cut it shorter: what is left is not what was looked at
        if (bytes.length === 0) throw fault('EIO');
        await file.write(bytes, 0, bytes.length, at);
        at += bytes.length;
      }
    }),
  );
}
