// SQLite databases among the files of a site: each is taken at one moment, with what its log holds, and looked into before it counts.
import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { second, systemClock } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import { askSqlite, patienceFor } from '../platform/sqlite-file/asking.ts';
import { companions, headerBytes, isSqlite, type SqliteAnswer, type SqliteCounts } from '../platform/sqlite-file/orders.ts';
import type { Entry, SiteReader, SiteStorage } from '../platform/storage/port.ts';
import type { Buffers } from '../platform/zip/buffers.ts';
import type { ZipWriter } from '../platform/zip/writer.ts';
import { writePieces } from './archive-big.ts';
import type { WrittenDatabases } from './archive-databases.ts';
import type { ManifestDatabase, ManifestMember } from './manifest.ts';
import { manifestMember, zipMember } from './members.ts';
import { documentRoot, type Listed } from './site-listing.ts';
import { type Read, readOnce } from './site-reading.ts';
import { companionOf, stampWith } from './sqlite-listing.ts';

/** More are archived as plain files, and said: each takes a program of its own, and a line of what people read. */
const mostDatabases = 200;
/** Each is written twice on the disk of the archives while it is taken. */
const mostBytes = 8 * 1024 ** 3;
/** After so many that took too long the rest is archived as plain files: who made them slow would have all of the night. */
const mostSlow = 3;
/** Written to within this time, it may be written to again without a new stamp. */
const quietMilliseconds = 2 * second;
const attempts = 3;
const pauseMilliseconds = second;
const pieceBytes = 1024 * 1024;

export type SqliteParts = {
  readonly storage: SiteStorage;
  readonly reader: SiteReader;
  readonly writer: ZipWriter;
  readonly buffers: Buffers;
  /** path of files that are not there, and are not there afterwards either; a kill leaves them beside the archive that is made */
  readonly scratch: string;
  /** when the archive began, epoch milliseconds */
  readonly at: number;
  readonly signal: AbortSignal;
  readonly tell: () => void;
  /** for one database of so many bytes, in milliseconds; `patienceFor` unless given */
  readonly patience?: (bytes: number) => number;
};

export type AddedDatabase = { readonly member: ManifestMember; readonly sha256: Promise<string> };

/** `file` holds the database until the next one is taken. An empty stamp: equality proves nothing. */
type TakenDatabase = { readonly file: string; readonly entry: Entry };

type Refused = 'gone' | 'inUse' | 'malformed';

/** What stands at the database's path and beside it, in the order of `companions`; the index `-shm` is made anew by whoever opens it. */
type Standing = { readonly database: Entry; readonly journal: Entry | undefined; readonly wal: Entry | undefined };

export class SqliteFiles {
  readonly #parts: SqliteParts;
  readonly #taken = new Map<string, WrittenDatabases['databases'][number]>();
  readonly #plain = new Set<string>();
  #slow = 0;

  constructor(parts: SqliteParts) {
    this.#parts = parts;
  }

  get databases(): WrittenDatabases['databases'] {
    return [...this.#taken.values()];
  }

  /** @returns whether the file belongs to a database that was taken before it, with what it holds */
  covers(path: string): boolean {
    const database = companionOf(path);
    return database !== undefined && this.#taken.has(database);
  }

  /** @returns whether the file was said to be a database that could only be archived as it lies there */
  isPlain(path: string): boolean {
    return this.#plain.has(path);
  }

  /** It stands in the archive before as it is, and is carried over. */
  carry(database: ManifestDatabase, bytes: number): void {
    this.#taken.set(database.path, { ...database, bytes });
  }

  /** Whether a file that can be read begins as a database does. */
  async isOne(path: string): Promise<boolean> {
    const beginning = Buffer.alloc(headerBytes);
    const reading = await readOnce(this.#parts, path.split('/'), (_, read) => read(beginning, 0));
    return typeof reading === 'object' && isSqlite(beginning);
  }

  /**
   * Writes it into the archive.
   * @returns it as a member, or why it can only be archived as a plain file; from then on `isPlain`
   */
  async add(listed: Listed): Promise<AddedDatabase | Refused> {
    const taken = await this.#take(listed);
    if (typeof taken === 'string') return taken;
    const { path } = listed;
    const { entry } = taken;
    const file = await open(taken.file);
    const read: Read = async (into, position) => {
      this.#parts.tell();
      return (await file.read(into, 0, into.length, position)).bytesRead;
    };
    try {
      const written = await writePieces(this.#parts, zipMember(path, entry), { read, bytes: entry.size });
      return { member: manifestMember(path, entry, written.size), sha256: written.sha256 };
    } finally {
      await file.close();
    }
  }

  async #take(listed: Listed): Promise<TakenDatabase | Refused> {
    const { path } = listed;
    const isEnough = this.#taken.size >= mostDatabases || this.#slow >= mostSlow;
    const taken = isEnough ? 'inUse' : await this.#tryAll(listed);
    if (typeof taken === 'string') {
      if (taken !== 'gone') this.#plain.add(path);
      return taken;
    }
    const { tables, rows } = taken;
    const name = path.slice(documentRoot.length + 1);
    this.#taken.set(path, { name, engine: 'sqlite', path, tables, rows, bytes: taken.entry.size });
    return taken;
  }

  async clear(): Promise<void> {
    for (const end of ['', ...companions]) await rm(this.#parts.scratch + end, { force: true });
  }

  async #tryAll(listed: Listed): Promise<(TakenDatabase & SqliteCounts) | Refused> {
    for (let attempt = 1; ; attempt++) {
      await this.clear();
      const seen = await this.#look(listed.path);
      if (!seen) return 'gone';
      if (!(await this.#hasRoom(seen))) return 'inUse';
      const answer = (await this.#quiet(listed.path, seen)) ?? (await this.#live(listed.path, seen));
      if (answer && !('fault' in answer)) return { ...answer, ...(await this.#described(listed, seen)) };
      if (answer?.fault === 'malformed') return 'malformed';
      if (answer?.fault === 'slow') this.#slow++;
      if (attempt === attempts || answer?.fault === 'busy' || answer?.fault === 'slow') return 'inUse';
      await sleep(pauseMilliseconds, undefined, { signal: this.#parts.signal });
    }
  }

  async #look(path: string): Promise<Standing | undefined> {
    this.#parts.signal.throwIfAborted();
    const segments = path.split('/');
    const name = segments.pop() ?? '';
    const found = (await this.#parts.storage.list(segments, [name, `${name}-journal`, `${name}-wal`]).catch(whenMissing)) ?? [];
    const of = (wanted: string) => found.find((one) => one.name === wanted && one.kind === 'file');
    const database = of(name);
    return database && { database, journal: of(`${name}-journal`), wal: of(`${name}-wal`) };
  }

  async #hasRoom(seen: Standing): Promise<boolean> {
    const bytes = bytesOf(seen);
    const { bavail, bsize } = await statfs(dirname(this.#parts.scratch));
    return bytes <= mostBytes && 2 * bytes < bavail * bsize;
  }

  /** Nobody writes to it: the very bytes, with its journal or log, which is put in as after a crash. @returns undefined when somebody does */
  async #quiet(path: string, seen: Standing): Promise<SqliteAnswer | undefined> {
    const all = [seen.database, seen.journal, seen.wal];
    const since = systemClock.now() - quietMilliseconds;
    if (all.some((one) => one && Math.max(one.modifiedAt, one.changedAt ?? 0) > since)) return undefined;
    const { scratch } = this.#parts;
    const copies: [Entry | undefined, string][] = [
      [seen.database, ''],
      [seen.journal, '-journal'],
      [seen.wal, '-wal'],
    ];
    for (const [entry, end] of copies) if (entry && !(await this.#copy(path + end, scratch + end))) return undefined;
    const after = await this.#look(path);
    if (!after || stampOf(after) !== stampOf(seen)) return undefined;
    return this.#ask({ act: seen.journal || seen.wal ? 'settle' : 'check', file: scratch }, seen);
  }

  async #copy(path: string, into: string): Promise<boolean> {
    const { signal, tell } = this.#parts;
    const piece = Buffer.allocUnsafe(pieceBytes);
    const file = await open(into, 'w', 0o600);
    try {
      const reading = await readOnce(this.#parts, path.split('/'), async (_, read) => {
        for (let position = 0, size = 1; size > 0; position += size) {
          signal.throwIfAborted();
          tell();
          size = await read(piece, position);
          await file.writeFile(piece.subarray(0, size));
        }
      });
      return typeof reading === 'object' && !reading.changed;
    } finally {
      await file.close();
    }
  }

  /** Others write to it: SQLite itself copies it, holding its lock for reading. @returns undefined where the site is on another machine */
  async #live(path: string, seen: Standing): Promise<SqliteAnswer | undefined> {
    await this.clear();
    const held = this.#parts.storage.held(path.split('/'), (folder, bytes) => {
      const name = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      return this.#ask({ act: 'copy', name, into: this.#parts.scratch }, seen, folder);
    });
    return held.catch(whenMissing);
  }

  #ask(order: Parameters<typeof askSqlite>[0], seen: Standing, folder?: number): Promise<SqliteAnswer> {
    const { signal, tell, patience = patienceFor } = this.#parts;
    const milliseconds = patience(bytesOf(seen));
    return askSqlite(order, { signal, tell, milliseconds, ...(folder !== undefined && { folder }) });
  }

  /**
   * As it was listed, which was before it was taken: where it still stands like that the next night, nothing was written in between.
   * @param seen before it was taken
   */
  async #described(listed: Listed, seen: Standing): Promise<TakenDatabase> {
    const { scratch, at } = this.#parts;
    const times = [listed.entry, seen.database, seen.journal, seen.wal].map((one) => one?.modifiedAt ?? 0);
    const stamp = Math.max(...times) < at - quietMilliseconds ? listed.entry.stamp : '';
    const { size } = await stat(scratch);
    return { file: scratch, entry: { ...seen.database, size, stamp } };
  }
}

const bytesOf = ({ database, journal, wal }: Standing) => database.size + (journal?.size ?? 0) + (wal?.size ?? 0);
const stampOf = ({ database, journal, wal }: Standing) => stampWith(database, [journal, wal]);
