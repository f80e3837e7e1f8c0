// Brings content of an archive beside www/: every file is compared with the manifest's SHA-256 while it is written.
import { createHash, hash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ManifestMember } from '../backups/backups.ts';
import type { SiteLayer, SitePath, SiteStorage } from '../platform/storage/port.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { RestoreSource } from './source.ts';

export type StagingParts = {
  readonly backup: RestoreSource;
  readonly storage: SiteStorage;
  /** of this machine, for files on their way; it is there */
  readonly folder: string;
  /** whether a member is wanted, by its path */
  readonly isWanted: (path: string) => boolean;
  /** where it goes in the site */
  readonly placeOf: (path: string) => SitePath;
  readonly signal: AbortSignal;
  /** told of every file. @throws why it must not go on */
  readonly tick: (bytes: number, files: number) => Promise<void>;
};

const permissionBits = 0o777;
/** Files on their way at a time: inflating and writing wait for different things. */
const atOnce = 8;
const bigBytes = 1024 * 1024;
/** Held in memory whole, and laid one after the other: with small files the waiting would take longer than the work. */
const smallBytes = 1024 * 1024;

/**
 * Stages what is wanted below `www/`.
 * @returns the members below `databases/`, by path
 * @throws DamagedArchive when the archive is not what its manifest says; the signal's reason; errors of the site's storage
 */
export async function stage(parts: StagingParts): Promise<ReadonlyMap<string, ManifestMember>> {
  const folders: ManifestMember[] = [];
  const dumps = new Map<string, ManifestMember>();
  const under = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | undefined;
  const begin = (work: Promise<void>) => {
    const watched = work.catch((error) => {
      failed ??= { error };
    });
    const ended = watched.finally(() => under.delete(ended));
    under.add(ended);
  };
  const layer = await parts.storage.layer();
  try {
    const concerns = (path: string) => parts.isWanted(path) || path.startsWith('databases/');
    await parts.backup.near(concerns, parts.signal);
    for await (const member of parts.backup.members(concerns)) {
      parts.signal.throwIfAborted();
      if (failed) break;
      if (member.path.startsWith('databases/')) dumps.set(member.path, member);
      if (!parts.isWanted(member.path)) continue;
      if (member.kind === 'folder') {
        const place = parts.placeOf(member.path);
        await (layer ? layer.folder(place) : parts.storage.makeFolder(place));
        folders.push(member);
      } else if (member.kind === 'link') begin(putLink(parts, member));
      else if (layer && member.size <= smallBytes && parts.backup.isPackedWithin(member, smallBytes))
        await layFile(parts, layer, member);
      else begin(putFile(parts, member));
      while (under.size >= atOnce) await Promise.race(under);
    }
  } finally {
    await Promise.all(under);
    await layer?.close();
  }
  if (failed) throw failed.error;
  await layer?.finish();
  // Last, and the deepest first: what is put into a folder changes its time.
  for (const member of folders.reverse()) await dress(parts, member);
  return dumps;
}

async function putLink({ storage, placeOf, tick }: StagingParts, member: ManifestMember): Promise<void> {
  const place = placeOf(member.path);
  await storage.makeFolder(place.slice(0, -1));
  await storage.makeLink(place, member.target ?? '');
  await storage.setDetails(place, { modifiedAt: member.modifiedAt });
  await tick(0, 1);
}

async function layFile({ backup, placeOf, tick }: StagingParts, layer: SiteLayer, member: ManifestMember): Promise<void> {
  const content = await backup.read(member);
  if (hash('sha256', content) !== member.sha256)
    throw new DamagedArchive(`${member.path}: another SHA-256 than the manifest says`);
  const { mode, modifiedAt, size } = member;
  await layer.file(placeOf(member.path), content, { mode, modifiedAt });
  await tick(size, 1);
}

async function putFile(parts: StagingParts, member: ManifestMember): Promise<void> {
  const { storage, placeOf, folder, signal, tick } = parts;
  const local = join(folder, randomUUID());
  try {
    await writeChecked(await parts.backup.open(member), { local, member, signal, tick });
    const place = placeOf(member.path);
    await storage.put(place, local, 'create');
    await storage.setDetails(place, { mode: member.mode & permissionBits, modifiedAt: member.modifiedAt });
    await tick(member.size > bigBytes ? 0 : member.size, 1);
  } finally {
    await rm(local, { force: true });
  }
}

type Writing = Pick<StagingParts, 'signal' | 'tick'> & { readonly local: string; readonly member: ManifestMember };

async function writeChecked(content: Readable, { local, member, signal, tick }: Writing): Promise<void> {
  const digest = createHash('sha256');
  const file = await open(local, 'wx', 0o600);
  try {
    for await (const piece of content as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      digest.update(piece);
      await file.writeFile(piece);
      if (member.size > bigBytes) await tick(piece.length, 0);
    }
  } finally {
    content.destroy();
    await file.close();
  }
  if (digest.digest('hex') !== member.sha256) throw new DamagedArchive(`${member.path}: another SHA-256 than the manifest says`);
}

/** Mode and time of a folder. */
async function dress({ storage, placeOf }: StagingParts, { path, mode, modifiedAt }: ManifestMember): Promise<void> {
  await storage.setDetails(placeOf(path), { mode: mode & permissionBits, modifiedAt });
}

/** A dump on its way out of an archive: `isWhole` tells, once it was read to its end, whether it is what the manifest says. */
export function checkedDump(content: Readable, member: ManifestMember): { readonly text: Readable; isWhole(): boolean } {
  const hash = createHash('sha256');
  let digest: string | undefined;
  const text = new PassThrough();
  const feed = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      hash.update(piece);
      yield piece;
    }
    digest = hash.digest('hex');
  };
  // The reader of `text` meets the fault.
  pipeline(content, feed, text).catch(() => {});
  return { text, isWhole: () => digest === member.sha256 };
}
