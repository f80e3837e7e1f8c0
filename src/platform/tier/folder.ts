// A tier of archives in a folder, one folder a site. On the machine of the sites it is no second tier yet (KHADA 8.5, 8.6), and pages say so.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { notFound } from '../errors.ts';
import type { ZipEntry } from '../zip/directory.ts';
import { ZipReader } from '../zip/reader.ts';
import { TierFault } from './faults.ts';
import {
  type BackupTier,
  mayGo,
  type OpenSnapshot,
  type Snapshot,
  type SnapshotSource,
  type TierCheck,
  type Wanted,
} from './port.ts';

type Note = { readonly dataAt: number; readonly sha256: string; readonly bytes: number };

const isId = (text: string) => /^[0-9a-f-]{1,64}$/i.test(text);

/** @param root made with the first archive. An archive of the same disk is linked, not copied: it takes no room of its own */
export function folderTier(root: string): BackupTier {
  const at = (site: string, name = '') => {
    if (!isId(site)) throw new RangeError('Not the id of a site');
    return join(root, site, name);
  };
  const notes = (site: string) => told(() => readNotes(at(site)));
  return {
    probe: () =>
      told(async () => {
        await mkdir(root, { recursive: true, mode: 0o750 });
        await access(root, constants.W_OK | constants.X_OK);
      }),
    keep: (source) => told(() => keep(at(source.site), source)),
    async open(site, backupId) {
      if (!isId(backupId) || !(await notes(site)).has(backupId)) throw notFound();
      return told(async () => new OpenArchive(await ZipReader.open(at(site, `${backupId}.zip`))));
    },
    async list(site) {
      const known = [...(await notes(site))].filter(([, note]) => note !== unreadable);
      return known.map(([backupId, { dataAt, bytes }]) => ({ site, backupId, dataAt, bytes }));
    },
    async forget(site, backupIds, before) {
      const held = [...(await notes(site))].map(([backupId, { dataAt }]) => ({ backupId, dataAt }));
      // The note first: an archive without one counts for nothing.
      for (const { backupId } of mayGo(held, backupIds, before))
        for (const ending of ['json', 'zip']) await told(() => rm(at(site, `${backupId}.${ending}`), { force: true }));
    },
    tidy: async (site) => told(() => removeUnnoted(at(site))),
    check: (site, part, signal) => told(() => check(at(site), part, signal)),
    remove: (site) => told(() => rm(at(site), { recursive: true, force: true })),
  };
}

/** @returns where the archive of a backup lies below the root of such a tier. @throws RangeError for what is no id */
export function archiveIn(root: string, site: string, backupId: string): string {
  if (!isId(site) || !isId(backupId)) throw new RangeError('Not the id of a site or backup');
  return join(root, site, `${backupId}.zip`);
}

/** The system's own words become a fault of the tier. */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new TierFault('FULL', code, { cause });
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw new TierFault('REFUSED', code, { cause });
    throw code?.startsWith('E') ? new TierFault('FAILED', code, { cause }) : cause;
  }
}

async function readNotes(folder: string): Promise<Map<string, Note>> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = new Map<string, Note>();
  for (const name of names.filter((one) => one.endsWith('.json') && !one.startsWith('.'))) {
    const note = noteIn(await readFile(join(folder, name), 'utf8'));
    found.set(name.slice(0, -'.json'.length), note ?? unreadable);
  }
  return found;
}

/** A note of which a bit has changed: nothing is known of its archive, which is damaged then. */
const unreadable: Note = { dataAt: 0, sha256: '', bytes: -1 };

/** One line of JSON, and its CRC-32: notes of before have the first alone. @returns undefined for one that is not as it was written */
function noteIn(text: string): Note | undefined {
  const [json = '', crc] = text.split('\n');
  if (crc !== undefined && crc !== crcOf(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const crcOf = (json: string) => crc32(json).toString(16);

async function keep(folder: string, { site, backupId, dataAt, archive, sha256 }: SnapshotSource): Promise<Snapshot> {
  if (!isId(backupId)) throw new RangeError('Not the id of a backup');
  const known = (await readNotes(folder)).get(backupId);
  if (known && known !== unreadable) return { site, backupId, dataAt: known.dataAt, bytes: known.bytes };
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const fresh = join(folder, `.new-${backupId}`);
  await rm(fresh, { force: true });
  try {
    await link(archive, fresh).catch(async (error) => {
      if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(error.code)) throw error;
      await copyFile(archive, fresh);
    });
    await sync(fresh);
    const { size: bytes } = await stat(fresh);
    await rename(fresh, join(folder, `${backupId}.zip`));
    await writeNote(folder, backupId, { dataAt, sha256, bytes });
    return { site, backupId, dataAt, bytes };
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Durable before it counts. */
async function writeNote(folder: string, backupId: string, note: Note): Promise<void> {
  const fresh = join(folder, `.note-${backupId}`);
  const file = await open(fresh, 'w', 0o640);
  const json = JSON.stringify(note);
  await file.writeFile(`${json}\n${crcOf(json)}`).finally(() => file.close());
  await sync(fresh);
  await rename(fresh, join(folder, `${backupId}.json`));
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

async function removeUnnoted(folder: string): Promise<void> {
  const notes = await readNotes(folder);
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith('.') || (name.endsWith('.zip') && !notes.has(name.slice(0, -'.zip'.length))))
      await rm(join(folder, name), { force: true });
}

/** Each archive is read in its turn: one of so many parts at a time. */
async function check(folder: string, { part, parts }: { part: number; parts: number }, signal: AbortSignal): Promise<TierCheck> {
  const notes = [...(await readNotes(folder))].sort(([one], [other]) => (one < other ? -1 : 1));
  const damaged: string[] = [];
  for (const [at, [backupId, note]] of notes.entries()) {
    signal.throwIfAborted();
    const path = join(folder, `${backupId}.zip`);
    const size = await stat(path).then(
      (found) => found.size,
      () => -1,
    );
    const isRight = size === note.bytes && (at % parts !== part - 1 || (await digestOf(path)) === note.sha256);
    if (!isRight) damaged.push(backupId);
  }
  const bytes = notes.reduce((sum, [, note]) => sum + Math.max(0, note.bytes), 0);
  return { damaged, complaint: damaged.length > 0 ? 'DAMAGED' : undefined, bytes };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

class OpenArchive implements OpenSnapshot {
  readonly #reader: ZipReader;
  /** Restores ask in the order of the archive: the next one is looked for behind the last. */
  #way: Generator<ZipEntry> | undefined;

  constructor(reader: ZipReader) {
    this.#reader = reader;
  }

  manifest(): Promise<Readable> {
    return this.#member('manifest.json');
  }

  async fetch(): Promise<void> {}

  content({ path }: Wanted): Promise<Readable> {
    return this.#member(path);
  }

  async #member(path: string): Promise<Readable> {
    const entry = this.#ahead(path) ?? this.#ahead(path);
    if (!entry) throw notFound();
    return this.#reader.open(entry);
  }

  /** @returns undefined at the end of the archive, from where the next look begins anew */
  #ahead(path: string): ZipEntry | undefined {
    this.#way ??= this.#reader.entries();
    for (let next = this.#way.next(); !next.done; next = this.#way.next())
      if (next.value.name === path && next.value.kind === 'file') return next.value;
    this.#way = undefined;
    return undefined;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
