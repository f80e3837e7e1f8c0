// Makes the archive of a site: its databases, www/ with all that is in it, a guide to restore it by hand, and the signed manifest (KHADA 7.6).
import { isSqlite } from '../platform/sqlite-file/orders.ts';
import type { Entry, SiteReader } from '../platform/storage/port.ts';
import { rowIn } from '../platform/storage/rows.ts';
import { Buffers } from '../platform/zip/buffers.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import { ZipWriter } from '../platform/zip/writer.ts';
import { writePieces, writeTwiceAtMost } from './archive-big.ts';
import { closeArchive } from './archive-closing.ts';
import { type WrittenDatabases, writeDatabases } from './archive-databases.ts';
import { type ArchiveOrder, orAnew, type WrittenArchive } from './archive-order.ts';
import { type Queued, type Write, WriteQueue } from './archive-queue.ts';
import { SqliteFiles } from './archive-sqlite.ts';
import { CarryOver, type Known, type Run } from './carry-over.ts';
import type { LeftOut, ManifestMember } from './manifest.ts';
import { MemberRows } from './member-rows.ts';
import { manifestMember, zipMember } from './members.ts';
import { type Listed, listSite, type SiteListing } from './site-listing.ts';
import { orChanged, type Read, type Reading, readOnce, readSmall } from './site-reading.ts';
import { companionOf } from './sqlite-listing.ts';

export type { ArchiveOrder, ArchiveStep, WrittenArchive } from './archive-order.ts';

/** A file written within this time before the archive began may be written again without a new stamp: clocks of file systems are coarse. */
const coarseMilliseconds = 2000;
const lineEnd = 0x0a;

/**
 * Writes a whole archive; memory stays bounded whatever the files' sizes are.
 * @throws PanelError 404 when the site has no `www/`, 503 when its storage does not answer; the signal's reason; errors of writing
 */
export const writeArchive = (order: ArchiveOrder): Promise<WrittenArchive> => orAnew(order, writeOnce);

async function writeOnce(order: ArchiveOrder): Promise<WrittenArchive> {
  order.progress?.('listing', 0, 0);
  const open: { close(): Promise<void> }[] = [];
  const opened = <T extends { close(): Promise<void> }>(one: T) => {
    open.push(one);
    return one;
  };
  try {
    const carryOver = opened(await CarryOver.from(order.previous));
    const { storage, signal, target } = order;
    const tell = () => order.progress?.('listing', 0, 0);
    const listing = opened(await listSite({ storage, signal, before: carryOver.counts, tell, spoolPath: `${target}.listing` }));
    const making = new Making(order, listing, {
      carryOver,
      members: opened(await MemberRows.open(`${target}.members`)),
      writer: opened(await ZipWriter.create(target, listing.bytes)),
      reader: opened(storage.reader()),
    });
    await making.writeDatabases();
    await making.writeSite();
    return await making.close();
  } finally {
    for (const one of open.reverse()) await one.close();
  }
}

type Tools = {
  readonly members: MemberRows;
  readonly carryOver: CarryOver;
  readonly writer: ZipWriter;
  readonly reader: SiteReader;
};

/** One archive on its way. */
class Making {
  readonly #order: ArchiveOrder;
  readonly #listing: SiteListing;
  readonly #leftOut: LeftOut[] = [];
  readonly #members: MemberRows;
  readonly #carryOver: CarryOver;
  readonly #writer: ZipWriter;
  readonly #reader: SiteReader;
  readonly #buffers = new Buffers();
  readonly #sqlite: SqliteFiles;
  #databases: WrittenDatabases['databases'] = [];
  readonly #queue = new WriteQueue((next) => this.#write(next));
  #filesDone = 0;
  #carriedFiles = 0;

  constructor(order: ArchiveOrder, listing: SiteListing, { members, carryOver, writer, reader }: Tools) {
    this.#order = order;
    this.#listing = listing;
    this.#members = members;
    this.#carryOver = carryOver;
    this.#writer = writer;
    this.#reader = reader;
    const { storage, at, signal, target } = order;
    const tools = { storage, reader, writer, buffers: this.#buffers };
    this.#sqlite = new SqliteFiles({ ...tools, at, signal, scratch: `${target}.sqlite`, tell: () => this.#tell() });
  }

  /** Before the files, so that they are of the moment that the archive is named by. What is missing of them is told first. */
  async writeDatabases(): Promise<void> {
    const { databases: source, at, signal, progress } = this.#order;
    if (!source) return;
    const tell = (done: number, total: number) => progress?.('databases', done, total);
    const tools = { writer: this.#writer, members: this.#members };
    const { databases, leftOut } = await writeDatabases({ source, ...tools, at, signal, progress: tell });
    this.#databases = databases;
    this.#leftOut.push(...leftOut);
  }

  /** Small files are prepared side by side, everything is written in order. */
  async writeSite(): Promise<void> {
    const { signal } = this.#order;
    try {
      for await (const rows of this.#listing.portions()) {
        for (let at = 0; at < rows.length; ) {
          signal.throwIfAborted();
          const run = this.#carryOver.run(rows, at);
          if (run) await this.#queue.add({ run, members: run.records.count, bytes: run.lines.length, costs: 0 });
          if (run) at = run.rowsEnd;
          else if (this.#carryOver.wantsMore) await this.#carryOver.more();
          else at = await this.#single(rows, at);
        }
      }
      await this.#queue.empty();
      await this.#carryOver.confirm();
    } finally {
      await this.#queue.settled();
      await this.#sqlite.clear();
    }
  }

  /** What no run holds. @returns where the row ends; where it begins, when it may be in a run after all */
  async #single(rows: Uint8Array, at: number): Promise<number> {
    const end = rows.indexOf(lineEnd, at) + 1;
    const one = rowIn(Buffer.from(rows.buffer, rows.byteOffset + at, end - at).toString());
    const known = companionOf(one.path) === undefined ? await this.#carryOver.find(one) : undefined;
    if (known === 'again') return at;
    await this.#queue.add(known ? { one, known, members: 1, bytes: 0, costs: 0 } : this.#begin(one));
    return end;
  }

  async #write(next: Queued): Promise<void> {
    this.#order.signal.throwIfAborted();
    if (next.run) await this.#addRun(next.run);
    else if (next.one) await this.#carry(next.one, next.known);
    else await (await next.ready)();
  }

  #begin(one: Listed): Queued {
    const ready = this.#prepare(one);
    ready.catch(() => {}); // it is awaited in its turn, perhaps after another one has failed
    return { ready, members: 1, bytes: Math.min(one.entry.size, pieceBytes), costs: 1 };
  }

  async close(): Promise<WrittenArchive> {
    this.#order.progress?.('closing', this.#filesDone, this.#listing.files);
    const [writer, members, databases] = [this.#writer, this.#members, [...this.#databases, ...this.#sqlite.databases]];
    const leftOut = [...this.#leftOut, ...this.#listing.leftOut];
    const manifest = await closeArchive({ writer, members }, this.#order, { databases, leftOut });
    return { manifest, databases, carriedFiles: this.#carriedFiles, ...(await writer.finish()) };
  }

  async #prepare(one: Listed): Promise<Write> {
    const { path, entry } = one;
    if (entry.kind === 'folder') return () => this.#addFolder(path, entry);
    if (entry.kind === 'link') return () => this.#addLink(path, entry);
    if (companionOf(path) === undefined) return this.#prepareFile(one);
    // Whether its database was taken, with what it holds, is known when its turn comes.
    return async () => (this.#sqlite.covers(path) ? this.#progress() : (await this.#prepareFile(one))());
  }

  async #prepareFile(one: Listed): Promise<Write> {
    if (one.entry.size > pieceBytes) return () => this.#addBigFile(one);
    return this.#prepareSmall(one.path, one.entry);
  }

  async #addFolder(path: string, entry: Entry): Promise<void> {
    await this.#writer.putEmpty(zipMember(path, entry));
    await this.#members.add(manifestMember(path, entry, 0));
  }

  async #addLink(path: string, entry: Entry): Promise<void> {
    await this.#writer.put(zipMember(path, entry), await this.#writer.pack(Buffer.from(entry.target ?? '')));
    await this.#members.add({ ...manifestMember(path, entry, 0), target: entry.target ?? '' });
  }

  /** As they stand in the archive before, in one piece. */
  async #addRun(run: Run): Promise<void> {
    await this.#writer.copy(run.records, this.#carryOver.content(run));
    await this.#members.addLines(run.lines, run.counts);
    this.#carriedFiles += run.counts.files;
    this.#filesDone += run.counts.files;
    this.#tell();
  }

  async #carry({ path, entry }: Listed, known: Known): Promise<void> {
    const carried = await this.#carryOver.take(known);
    if (!carried) return (await this.#prepareFile({ path, entry }))();
    const database = this.#carryOver.databaseAt(path);
    if (database) this.#sqlite.carry(database, entry.size);
    await this.#writer.carry(zipMember(path, entry), carried);
    this.#carriedFiles++;
    await this.#fileDone({ ...manifestMember(path, entry, carried.size), sha256: known.sha256 });
  }

  async #prepareSmall(path: string, listed: Entry): Promise<Write> {
    let buffer = this.#buffers.take(listed.size);
    let reading = await this.#readSmall(path, buffer.subarray(0, listed.size));
    if (reading === 'unreadable' || (typeof reading === 'object' && reading.changed)) {
      const bytes = typeof reading === 'string' ? listed.size : reading.sizeAfter;
      this.#buffers.give(buffer);
      if (bytes > pieceBytes) return () => this.#addBigFile({ path, entry: { ...listed, size: bytes } });
      buffer = this.#buffers.take(bytes);
      reading = await this.#readSmall(path, buffer.subarray(0, bytes));
    }
    if (typeof reading === 'string') {
      this.#buffers.give(buffer);
      return async () => this.#leaveOut(path, reading);
    }
    if (isSqlite(reading.content.bytes)) {
      this.#buffers.give(buffer);
      return () => this.#addSqlite({ path, entry: listed });
    }
    const { entry, changed } = reading;
    const packed = await this.#writer.pack(reading.content.bytes);
    return async () => {
      await this.#writer.put(zipMember(path, entry), packed);
      this.#buffers.give(buffer);
      await this.#keep(path, entry, { changed, size: packed.size, sha256: packed.sha256 });
    };
  }

  async #addBigFile(one: Listed): Promise<void> {
    return (await this.#sqlite.isOne(one.path)) ? this.#addSqlite(one) : this.#addBig(one.path, one.entry.size);
  }

  /** A database that cannot be taken at one moment is archived as it lies there, and that is said. */
  async #addSqlite(one: Listed): Promise<void> {
    const { path, entry } = one;
    const added = await this.#sqlite.add(one);
    if (typeof added === 'object') return this.#fileDone(added.member, added.sha256);
    if (added === 'gone') return this.#leaveOut(path, added);
    this.#leftOut.push({ path, reason: added });
    return this.#addBig(path, entry.size);
  }

  async #addBig(path: string, listedBytes: number): Promise<void> {
    const tools = { writer: this.#writer, buffers: this.#buffers };
    const reading = await writeTwiceAtMost(this.#writer, listedBytes, (bytes) =>
      this.#read(path, (entry, read) => writePieces(tools, zipMember(path, entry), { read: this.#told(read), bytes })),
    );
    if (typeof reading === 'string') this.#leaveOut(path, reading);
    else await this.#keep(path, reading.entry, { changed: reading.changed, ...reading.content });
  }

  async #read<T extends { size: number }>(
    path: string,
    use: (entry: Entry, read: Read) => Promise<T>,
  ): Promise<Reading<T> | 'gone' | 'unreadable'> {
    const { signal, storage } = this.#order;
    signal.throwIfAborted();
    return orChanged(await readOnce({ storage, reader: this.#reader }, path.split('/'), use));
  }

  async #readSmall(path: string, into: Uint8Array) {
    const { signal, storage } = this.#order;
    signal.throwIfAborted();
    return orChanged(await readSmall({ storage, reader: this.#reader }, path.split('/'), into));
  }

  async #keep(path: string, entry: Entry, file: { changed: boolean; size: number; sha256: Promise<string> }): Promise<void> {
    const isPlain = this.#sqlite.isPlain(path);
    if (file.changed && !isPlain) this.#leftOut.push({ path, reason: 'changed' });
    const settled = !file.changed && !isPlain && entry.modifiedAt < this.#order.at - coarseMilliseconds;
    await this.#fileDone(manifestMember(path, { ...entry, stamp: settled ? entry.stamp : '' }, file.size), file.sha256);
  }

  #leaveOut(path: string, reason: LeftOut['reason']): void {
    this.#leftOut.push({ path, reason });
    this.#progress();
  }

  async #fileDone(member: ManifestMember, sha256?: Promise<string>): Promise<void> {
    await this.#members.add(member, sha256);
    this.#progress();
  }

  #progress(): void {
    this.#filesDone++;
    this.#tell();
  }

  #tell(): void {
    this.#order.progress?.('files', this.#filesDone, Math.max(this.#filesDone, this.#listing.files));
  }

  /** A film of hours is one file: that it still comes is told piece by piece. */
  #told(read: Read): Read {
    return (into, position) => {
      this.#tell();
      return read(into, position);
    };
  }
}
