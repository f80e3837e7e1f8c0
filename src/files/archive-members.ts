// Looks into zip, gz, tar and office documents: every member by its name and content, links, passwords, bombs, overlaps.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createGunzip } from 'node:zlib';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import { isNeverAllowed, type Kind, kindOf } from './kinds.ts';
import { nameText } from './name-text.ts';
import { canonicalPath, extensionOf } from './names.ts';
import { type Refusal, refusal } from './refusals.ts';
import { judgeTar } from './tar-members.ts';
import {
  ArchiveRefused,
  badArchive,
  type Faults,
  judgeMember,
  judgeMemberName,
  type Looking,
  type MemberName,
} from './unpacking.ts';

const chunkBytes = 256 * 1024;

/**
 * @param looking the archive: a file whose signature already fits its name
 * @returns `archive_bad` or `password_zip`; `undefined` when every member may be. Errors: what the disk throws
 */
export async function judgeArchive(looking: Looking & { readonly faults: Faults }, kind: Kind): Promise<Refusal | undefined> {
  const { path } = looking.file;
  try {
    await lookInto(looking, kind);
  } catch (error) {
    return whyNot(error, path);
  }
  return looking.faults.refusal(path);
}

/** Goes through all members; `looking` is told of each. @throws ArchiveRefused and what parsers throw (see `whyNot`), what the disk throws */
export async function lookInto(looking: Looking, kind: Kind): Promise<void> {
  const { from, bytes } = looking.file;
  if (kind.family === 'gz') return judgeGzip(looking);
  if (kind.family !== 'tar') return judgeZip(looking, kind.members ?? []);
  looking.taker?.expect(bytes);
  await judgeTar(counted(createReadStream(from, { highWaterMark: chunkBytes }), looking), looking);
}

/** @returns what is wrong with the archive as a whole. @throws the error itself where it is of the disk or of this program */
export function whyNot(error: unknown, path: readonly string[]): Refusal {
  if (!(error instanceof ArchiveRefused)) {
    if (isOurs(error)) throw error;
    return badArchive(path, 'damaged', 0, '');
  }
  if (error.why === 'password')
    return refusal('password_zip', path, { first: refusal('password_zip', error.member).parameters.name ?? '' });
  return badArchive(path, error.why, error.member === '' ? 0 : 1, error.member);
}

/** Faults of the disk and of this program; everything else that is thrown comes from what the archive holds. */
function isOurs(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof ReferenceError || !(error instanceof Error)) return true;
  return 'syscall' in error || error.name === 'PanelError';
}

type Listed = { readonly entry: Entry; readonly shown: string; readonly name: MemberName };

async function judgeZip(looking: Looking, required: readonly string[]): Promise<void> {
  const zip = await openPromise(looking.file.from, { autoClose: false, decodeStrings: false }).catch(asPassword);
  try {
    const listed = await list(zip, looking);
    for (const member of required) if (!listed.some(({ shown }) => shown === member)) throw new ArchiveRefused('damaged');
    await refuseOverlaps(zip, listed, looking);
    for (const { entry, shown, name } of listed) {
      if (shown.endsWith('/')) {
        await looking.taker?.folder(name.path);
        continue;
      }
      await judgeMember({ name, shown, chunks: contentOf(zip, entry, shown, looking) }, looking);
    }
  } finally {
    zip.close();
  }
}

/** Names, kinds and declared sizes of all members, before anything is unpacked. Members with a fault are counted and left out. */
async function list(zip: ZipFile, looking: Looking): Promise<Listed[]> {
  looking.allowance.foresee(zip.entryCount, 0, 0);
  const listed: Listed[] = [];
  const seen = new Set<string>();
  let unpacked = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const names = memberNames(entry);
      const shown = names[0] ?? '';
      looking.allowance.takeMember(shown);
      if (entry.isEncrypted()) throw new ArchiveRefused('password', shown);
      unpacked += entry.uncompressedSize;
      const name = listable(entry, names, seen, looking);
      if (name) listed.push({ entry, shown, name });
    }
  } catch (error) {
    return asPassword(error);
  }
  looking.allowance.foresee(0, unpacked, looking.file.bytes);
  looking.taker?.expect(unpacked);
  return listed;
}

function listable(
  entry: Entry,
  names: readonly string[],
  seen: Set<string>,
  { office, allowance, faults }: Looking,
): MemberName | undefined {
  const [shown = ''] = names;
  const judged = names.map((each) => judgeMemberName(each, office, allowance.rules));
  const [name] = judged;
  const key = name?.path.join('/') ?? '';
  const type = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (type !== 0 && type !== 0o100000 && type !== 0o040000) faults.add('link', shown);
  else if (!name || judged.includes(undefined) || (seen.has(key) && !shown.endsWith('/'))) faults.add('member', shown);
  else if (office && /(?:^|\/)vba(?:project|data)\.(?:bin|xml)$/i.test(shown)) faults.add('macro', shown);
  else if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) faults.add('method', shown);
  else {
    seen.add(key);
    return name;
  }
  return undefined;
}

/** Bombs share one compressed stream between many members; readers that trust local headers see other names than those judged here. */
async function refuseOverlaps(zip: ZipFile, listed: readonly Listed[], looking: Looking): Promise<void> {
  let end = 0;
  for (const { entry, shown } of listed.toSorted(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  )) {
    const header = await zip.readLocalFileHeaderPromise(entry);
    const differs = !header.fileName.equals(entry.fileNameRaw) || header.compressionMethod !== entry.compressionMethod;
    if (entry.relativeOffsetOfLocalHeader < end || differs) throw new ArchiveRefused('damaged', shown);
    end = header.fileDataStart + entry.compressedSize;
  }
  if (end > looking.file.bytes) throw new ArchiveRefused('damaged');
}

async function* contentOf(zip: ZipFile, entry: Entry, shown: string, { allowance }: Looking): AsyncGenerator<Buffer> {
  let unpacked = 0;
  let sum = 0;
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    unpacked += chunk.length;
    allowance.takeBytes(chunk.length, unpacked, entry.compressedSize, shown);
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sum !== entry.crc32) throw new ArchiveRefused('damaged', shown);
}

/** @returns every way in which a reader may spell the member's name, the likeliest first */
function memberNames(entry: Entry): string[] {
  const raw = entry.fileNameRaw;
  const saysUtf8 = (entry.generalPurposeBitFlag & 0x800) !== 0;
  const names = [saysUtf8 ? raw.toString() : nameText(raw)];
  if (entry.extraFields.some(({ id }) => id === 0x7075))
    names.unshift(getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, true));
  return names;
}

function asPassword(error: unknown): never {
  // yauzl stops at the first member with PKWARE's strong encryption instead of listing it.
  if (error instanceof Error && /strong encryption/.test(error.message)) throw new ArchiveRefused('password');
  throw error;
}

async function* counted(
  chunks: AsyncIterable<Buffer>,
  { file, allowance }: Looking,
  packed = file.bytes,
): AsyncGenerator<Buffer> {
  let unpacked = 0;
  for await (const chunk of chunks) {
    unpacked += chunk.length;
    allowance.takeBytes(chunk.length, unpacked, packed, '');
    yield chunk;
  }
}

async function judgeGzip(looking: Looking): Promise<void> {
  const { path, from } = looking.file;
  const file = path.at(-1) ?? '';
  const stem = file.slice(0, file.lastIndexOf('.'));
  const inner = extensionOf(file) === 'tgz' ? `${stem}.tar` : stem;
  const stored = await storedName(from);
  // Who unpacks here never uses the stored name.
  if (stored !== undefined && !isHarmless(stored) && !looking.taker) looking.faults.add('member', stored);
  if (looking.taker) looking.taker.expect(await saidBytes(from, looking.file.bytes));
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  // The error reaches whoever reads from gunzip; the callback only keeps it from being thrown a second time.
  pipeline(createReadStream(from, { highWaterMark: chunkBytes }), gunzip, () => {});
  const chunks = counted(gunzip, looking);
  try {
    if (kindOf(extensionOf(inner))?.family === 'tar') return await judgeTar(chunks, looking);
    looking.allowance.takeMember(inner);
    const name = judgeMemberName(inner, false, looking.allowance.rules);
    if (name) await judgeMember({ name, shown: inner, chunks }, looking);
    else looking.faults.add('member', inner);
  } finally {
    gunzip.destroy();
  }
}

/** @returns how many bytes a gzip says to hold (RFC 1952 2.3.1), which is a guess beyond 4 GiB and a lie where its maker liked */
async function saidBytes(from: string, bytes: number): Promise<number> {
  const handle = await open(from, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, bytes - 4));
    return bytesRead === 4 ? buffer.readUInt32LE(0) : 0;
  } finally {
    await handle.close();
  }
}

/** @returns the original name that a gzip header may carry (RFC 1952 2.3) */
async function storedName(from: string): Promise<string | undefined> {
  const handle = await open(from, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const flags = buffer[3] ?? 0;
    const start = 10 + ((flags & 4) !== 0 ? 2 + buffer.readUInt16LE(10) : 0);
    const end = buffer.indexOf(0, start);
    if ((flags & 8) === 0) return undefined;
    return end >= 0 && end < bytesRead ? nameText(buffer.subarray(start, end)) : '\ufffd';
  } finally {
    await handle.close();
  }
}

/** The stored name is only a hint to the one who unpacks, often a temporary one without a kind; it must not be a program's or lead elsewhere. */
function isHarmless(name: string): boolean {
  return !('refusal' in canonicalPath(name)) && !name.toLowerCase().split('.').slice(1).some(isNeverAllowed);
}
