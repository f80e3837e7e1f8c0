// The job of an import: loaded beside the old content first, switched only when it is whole, so that a failure leaves the old one as it was.
import { systemActor } from '../audit/audit.ts';
import { minute } from '../platform/clock.ts';
import { type DatabaseServer, type HostedDatabase, LoadFault, sizeOf } from '../platform/database-server/port.ts';
import { PanelError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import { ImportProgress } from './import-progress.ts';
import { type ImportChange, ImportStore } from './import-store.ts';
import { drawPassword } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { isPacked, markBytes, type SqlText, sqlText } from './source.ts';
import type { Database, DatabaseImport, ImportFault } from './states.ts';
import { DatabaseStore } from './store.ts';
import type { Trash } from './trash.ts';

type Fault = { readonly fault: ImportFault; readonly line?: number; readonly about?: string };
/** It cannot be done, however often it is tried. */
class Stopped extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.fault);
    this.fault = fault;
  }
}

type Work = {
  readonly one: DatabaseImport;
  readonly runId: string;
  readonly site: Site;
  readonly database: Database;
  readonly target: HostedDatabase;
  readonly staged: HostedDatabase;
  readonly server: DatabaseServer;
  readonly progress: ImportProgress;
};

/** Text of SQL takes more room than what it makes; beyond this it cannot fit. */
const textTimes = 8;
const textFree = 256 * 1024 * 1024;
const longestAbout = 300;
const switchAgain = 10 * minute;

export class Importing {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #trash: Trash;
  readonly #store: ImportStore;
  readonly #databases: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers, trash: Trash) {
    this.#parts = parts;
    this.#servers = servers;
    this.#trash = trash;
    this.#store = new ImportStore(parts.connection);
    this.#databases = new DatabaseStore(parts.connection);
  }

  /** The job `databases.import`. May run twice; whoever takes it over begins anew, or goes on where the switch had begun. */
  async run(importId: string, run: JobRun): Promise<void> {
    const { connection, clock } = this.#parts;
    const runId = newId(clock.now());
    if (!(await connection.write((tx) => this.#store.claim(tx, importId, runId, clock.now())))) return;
    const one = await this.#store.byId(importId);
    if (!one) return;
    const progress = new ImportProgress({
      clock,
      signal: run.signal,
      write: (change) => this.#change(one, runId, change),
    });
    try {
      await this.#import(await this.#work(one, runId, progress));
    } catch (error) {
      await progress.end();
      await this.#failed(one, runId, error, run);
    }
  }

  async #work(one: DatabaseImport, runId: string, progress: ImportProgress): Promise<Work> {
    const site = await this.#parts.sites.byId(one.siteId);
    const database = await this.#databases.byId(one.databaseId);
    if (!database || database.droppedAt !== null || one.stagedName === null) throw new Stopped({ fault: 'stopped' });
    const server = await this.#servers.reach(database);
    const staged = { name: one.stagedName, user: one.stagedName };
    return { one, runId, site, database, server, staged, progress, target: { name: database.name, user: database.login } };
  }

  async #import(work: Work): Promise<void> {
    const { one, server, target, staged, site, database, progress, runId } = work;
    if (one.step !== 'switching') {
      await this.#load(work);
      if (one.mode === 'replace') {
        await this.#step(work, 'saving');
        await this.#trash.save(site, database, { because: 'replaced', causeId: one.id, signal: progress.signal });
      } else if ((await server.tables(target)).length > 0) throw new Stopped({ fault: 'notEmpty' });
      progress.signal.throwIfAborted();
      await this.#step(work, 'switching');
    }
    await server.replaceWith(target, staged);
    await this.#done(work, runId);
  }

  async #load({ one, site, database, server, staged, progress, runId }: Work): Promise<void> {
    // What an attempt before has loaded.
    await server.drop(staged);
    await server.create(staged, { password: drawPassword(), ...(database.charset !== null && { charset: database.charset }) });
    const maximumBytes = await this.#room(site, database);
    const text = await this.#open(one, textTimes * maximumBytes + textFree);
    try {
      const { lines, neutralised } = await server.load(staged, text.stream, {
        signal: progress.signal,
        maximumBytes,
        // Exports name the database they are from or for.
        knownAs: [database.name],
        progress: (at) => progress.report({ ...at, readBytes: text.readBytes() }),
      });
      await progress.end();
      const read_bytes = text.readBytes();
      if (!(await this.#change(one, runId, { lines, neutralised, read_bytes }))) throw lost();
    } catch (error) {
      const own = text.fault();
      if (own === undefined) throw error;
      throw new Stopped({ fault: own, ...(error instanceof LoadFault && { line: error.line }) });
    } finally {
      text.stream.destroy();
    }
  }

  /** @returns bytes that the site's storage still holds beside its files and other databases */
  async #room(site: Site, database: Database): Promise<number> {
    const others = (await this.#databases.ofSite(site)).filter(({ id }) => id !== database.id);
    const taken = others.reduce((sum, { bytes }) => sum + (bytes ?? 0), site.usedBytes);
    return Math.max(0, site.quotaBytes - taken);
  }

  async #open({ source }: DatabaseImport, mostBytes: number): Promise<SqlText> {
    const { archives } = this.#parts;
    const gone = (error: unknown) => {
      throw error instanceof PanelError && error.status === 404 ? new Stopped({ fault: 'stopped' }) : error;
    };
    if (source === null) throw new Stopped({ fault: 'stopped' });
    const { size, stream } = await archives.open(source).catch(gone);
    stream.destroy();
    const head = size === 0 ? Buffer.alloc(0) : await this.#head(source, size);
    const whole = await archives.open(source).catch(gone);
    return sqlText(whole.stream, { packed: isPacked(head), mostBytes });
  }

  async #head(source: string, size: number): Promise<Buffer> {
    const { stream } = await this.#parts.archives.open(source, { start: 0, end: Math.min(size, markBytes) - 1 });
    const pieces: Buffer[] = [];
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  #change({ id }: DatabaseImport, runId: string, change: ImportChange): Promise<boolean> {
    return this.#parts.connection.write((tx) => this.#store.change(tx, id, runId, change));
  }

  async #step({ one, runId }: Work, step: DatabaseImport['step']): Promise<void> {
    if (!(await this.#change(one, runId, { step, moved_at: this.#parts.clock.now() }))) throw lost();
  }

  async #done({ one, database, server, target, site }: Work, runId: string): Promise<void> {
    const { connection, clock, audit, archives } = this.#parts;
    const tables = await server.tables(target);
    const now = clock.now();
    const bytes = sizeOf(tables);
    await connection.write(async (tx) => {
      const change = { state: 'done', ended_at: now, moved_at: now, staged_name: null } as const;
      if (!(await this.#store.change(tx, one.id, runId, change))) return;
      await this.#databases.change(tx, database.id, { bytes, table_count: tables.length, measured_at: now });
      const about = { actor: systemActor, customerId: site.customerId, siteId: site.id, subjectId: database.id };
      await audit.record(tx, { action: 'databases.imported', ...about, details: { tables: tables.length } });
    });
    if (one.source !== null && !one.isFromTrash) await archives.remove(one.source);
    await connection.write((tx) => this.#store.tidied(tx, one.id, { source: null }));
  }

  async #failed(one: DatabaseImport, runId: string, error: unknown, run: JobRun): Promise<void> {
    // A worker that is asked to stop has not failed: another one begins anew.
    if (run.signal.aborted) {
      await this.#change(one, runId, { state: 'queued' });
      throw error;
    }
    const fault = faultOf(error);
    if (fault) return this.#end(one, runId, fault);
    if (run.lastAttempt) await this.#lastFailed(one, runId);
    else await this.#change(one, runId, { state: 'queued' });
    throw error;
  }

  /** A switch that has begun is half of each: it is finished, however long the server is away. */
  async #lastFailed(one: DatabaseImport, runId: string): Promise<void> {
    const { connection, clock, queue } = this.#parts;
    const fresh = await this.#store.byId(one.id);
    if (fresh?.step !== 'switching') return this.#end(one, runId, { fault: 'unavailable' });
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, one.id, runId, { state: 'queued' }))) return;
      const { customerId, personId } = one;
      const later = { key: `databases.import:${one.id}`, lane: 'long', runAt: clock.now() + switchAgain } as const;
      await queue.add(tx, 'databases.import', { importId: one.id, customerId, actorPersonId: personId }, later);
    });
  }

  async #end(one: DatabaseImport, runId: string, { fault, line, about }: Fault): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const why = { fault, fault_line: line ?? null, fault_about: about?.slice(0, longestAbout) ?? null };
      if (!(await this.#store.change(tx, one.id, runId, { state: 'failed', ended_at: clock.now(), ...why }))) return;
      const { customerId, siteId, databaseId: subjectId } = one;
      const details = { fault, ...(line !== undefined && { line }) };
      await audit.record(tx, { action: 'databases.importFailed', actor: systemActor, customerId, siteId, subjectId, details });
    });
    await this.tidy().catch((cause) =>
      this.#parts.log.warn({ import: one.id, err: cause }, 'what an import left is removed later'),
    );
  }

  /** By the clock: removes what ended imports have left on servers and in storage. */
  async tidy(): Promise<void> {
    const { archives, connection, log } = this.#parts;
    for (const one of await this.#store.leftovers()) {
      try {
        if (one.stagedName !== null) await this.#dropStaged(one, one.stagedName);
        if (one.source !== null && !one.isFromTrash) await archives.remove(one.source);
        await connection.write((tx) => this.#store.tidied(tx, one.id, { source: null, staged_name: null }));
      } catch (cause) {
        log.warn({ import: one.id, err: cause }, 'what an import left could not be removed yet');
      }
    }
  }

  async #dropStaged({ databaseId }: DatabaseImport, name: string): Promise<void> {
    const database = await this.#databases.byId(databaseId);
    if (database) await (await this.#servers.reach(database)).drop({ name, user: name });
  }
}

const lost = () => new Error('another worker has taken over this import');

/** @returns why it can never be done; undefined when it may be, later */
function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Stopped) return error.fault;
  // Programs are made from the server's own text of them, whose lines are nobody's.
  if (error instanceof LoadFault && error.reason === 'programs') return { fault: error.reason, about: error.about };
  if (error instanceof LoadFault) return { fault: error.reason, line: error.line, about: error.about };
  return undefined;
}
