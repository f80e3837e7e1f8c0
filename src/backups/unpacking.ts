// Unpacks an archive of ours into an empty folder and compares what lies there with the manifest: the first half of a drill.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import type { ZipReader } from '../platform/zip/reader.ts';
import { type ManifestMember, type ManifestSource, manifestName, parseManifest, signatureName } from './manifest.ts';

/** Something is not as the manifest says. `path` for the log alone: it may name what is nobody's business. */
export class Unlike extends Error {
  readonly path: string;

  constructor(path: string, what: string) {
    super(what);
    this.name = 'Unlike';
    this.path = path;
  }
}

/** Told now and then; throws to stop. */
type Tick = () => Promise<void> | void;

/** @returns bytes that the members take unpacked */
export function unpackedBytes(reader: ZipReader): number {
  let bytes = 0;
  for (const entry of reader.entries()) bytes += entry.size;
  return bytes;
}

/**
 * @param folder exists, is empty and belongs to nobody else; modes are not set, so that all of it can be read and removed again
 * @throws DamagedArchive, Unlike for a name that no archive of ours has, errors of the file system
 */
export async function unpackInto(folder: string, reader: ZipReader, tick: Tick): Promise<void> {
  // Links last: nothing is ever written through one.
  for (const wantsLinks of [false, true]) {
    let parent = '';
    for (const entry of reader.entries()) {
      if ((entry.kind === 'link') !== wantsLinks) continue;
      await tick();
      const target = join(folder, ...segmentsOf(entry.name));
      if (dirname(target) !== parent) await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      parent = dirname(target);
      await unpackOne(reader, entry, target);
    }
  }
}

function segmentsOf(name: string): string[] {
  const segments = name.split('/');
  if (segments.some((one) => one === '' || one === '.' || one === '..' || one.includes('\0'))) throw new Unlike(name, 'name');
  return segments;
}

async function unpackOne(reader: ZipReader, entry: ZipEntry, target: string): Promise<void> {
  if (entry.kind === 'folder') return void (await mkdir(target, { recursive: true, mode: 0o700 }));
  if (entry.kind === 'link') return symlink((await reader.read(entry, 64 * 1024)).toString(), target);
  if (entry.size > pieceBytes) return pipeline(await reader.open(entry), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  const content = await reader.read(entry, pieceBytes);
  const file = await open(target, 'wx', 0o600);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

export type Compared = { readonly head: Omit<ManifestSource, 'members'>; readonly files: number; readonly bytes: number };

/**
 * Compares every member with what lies in the folder, by the manifest that lies there too.
 * @param entries how many the archive has
 * @throws Unlike, DamagedArchive for a manifest that cannot be understood
 */
export async function compareUnpacked(folder: string, reader: ZipReader, tick: Tick): Promise<Compared> {
  const text = createReadStream(join(folder, manifestName));
  try {
    const { members, ...head } = await parseManifest(text);
    let [count, files, bytes] = [0, 0, 0];
    for await (const member of members) {
      await tick();
      await compareOne(join(folder, ...segmentsOf(member.path)), member);
      count += 1;
      if (member.kind === 'file') files += 1;
      bytes += member.size;
    }
    let inArchive = 0;
    for (const { name } of reader.entries()) if (name !== manifestName && name !== signatureName) inArchive += 1;
    if (inArchive !== count) throw new Unlike('', 'unlisted');
    return { head, files, bytes };
  } finally {
    text.destroy();
  }
}

async function compareOne(path: string, member: ManifestMember): Promise<void> {
  const stats = await lstat(path).catch((cause) => {
    throw cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? new Unlike(member.path, 'missing') : cause;
  });
  const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'file';
  if (kind !== member.kind) throw new Unlike(member.path, 'kind');
  if (kind === 'link' && (await readlink(path)) !== member.target) throw new Unlike(member.path, 'target');
  if (kind !== 'file') return;
  if (stats.size !== member.size || (await digestOf(path)) !== member.sha256) throw new Unlike(member.path, 'content');
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file?.close();
  }
}

/** @returns whether the archive itself is at fault */
export const isDamage = (error: unknown): error is Unlike | DamagedArchive =>
  error instanceof Unlike || error instanceof DamagedArchive;
