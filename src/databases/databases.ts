// The door of databases: those of a site, their users, what is loaded into and out of them (KHADA 3.7, 7.6).
import type { Readable } from 'node:stream';
import type { Actor } from '../audit/audit.ts';
import { second } from '../platform/clock.ts';
import { sizeOf } from '../platform/database-server/port.ts';
import { notFound } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import { type Downloader, Downloads, type Subject } from './downloads.ts';
import { DumpingDatabases } from './dumping.ts';
import { Importing } from './importing.ts';
import { Imports } from './imports.ts';
import { Making } from './making.ts';
import { MovingDatabases } from './moving.ts';
import type { DatabasesParts } from './parts.ts';
import { Removing } from './removing.ts';
import { type Restored, Restoring } from './restoring.ts';
import { DatabaseServers, type Preparation, type PreparingServer, type Registering } from './servers.ts';
import { StandIns } from './stand-ins.ts';
import type { Database, KnownServer, SeenDatabase } from './states.ts';
import { DatabaseStore } from './store.ts';
import { Sweeping } from './sweeping.ts';
import { Trash } from './trash.ts';
import type { NamedDump } from './trash-store.ts';
import { TryingDatabases } from './trying.ts';

export { CannotMove, type MovingDatabase } from './moving.ts';
export { fullName, longestName } from './names.ts';
export type { DatabasesParts } from './parts.ts';
export type { Registering } from './servers.ts';
export { loadFault, type StandIns } from './stand-ins.ts';
export type { Database, SeenDatabase } from './states.ts';
export type { ThrowAway } from './trying.ts';

/** A page waits so long for a server, and then shows what was seen last. */
const lookMilliseconds = 3 * second;
const measuredAtOnce = 100;

/**
 * Databases by site: a stranger's is PanelError 404. Passwords of customers are kept nowhere here: the engine has their hashes, and
 * what was drawn is handed out once. Errors: PanelError 503 when a database server does not answer.
 */
export class Databases {
  /** what is loaded, and how far it has come */
  readonly imports: Imports;
  /** dumps of what was deleted or overwritten, for 30 days */
  readonly trash: Trash;
  /** databases as backups take them */
  readonly dumping: DumpingDatabases;
  /** throw-away databases, into which dumps are loaded for a drill */
  readonly trying: TryingDatabases;
  /** databases of a site that goes to another server */
  readonly moving: MovingDatabases;
  /** for restores: content that is loaded aside and counted before it takes a database's place */
  readonly standIns: StandIns;
  readonly #parts: DatabasesParts;
  readonly #store: DatabaseStore;
  readonly #servers: DatabaseServers;
  readonly #making: Making;
  readonly #removing: Removing;
  readonly #importing: Importing;
  readonly #downloads: Downloads;
  readonly #restoring: Restoring;
  readonly #sweeping: Sweeping;

  constructor(parts: DatabasesParts) {
    this.#parts = parts;
    this.#store = new DatabaseStore(parts.connection);
    this.#servers = new DatabaseServers(parts);
    this.trash = new Trash(parts, this.#servers);
    this.imports = new Imports(parts, this.#servers);
    this.standIns = new StandIns(parts, this.#servers, this.trash);
    this.#making = new Making(parts, this.#servers);
    this.dumping = new DumpingDatabases(parts, this.#servers);
    this.trying = new TryingDatabases(parts, this.#servers);
    this.moving = new MovingDatabases(parts, this.#servers);
    this.#removing = new Removing(parts, this.#servers, this.trash);
    this.#importing = new Importing(parts, this.#servers, this.trash);
    this.#downloads = new Downloads(parts, this.#servers);
    this.#restoring = new Restoring(parts, this.#making, this.imports);
    this.#sweeping = new Sweeping(parts);
  }

  /**
   * Makes an engine known for the sites of a server, or changes how it is reached; both accounts are tried first.
   * @throws Invalid on `host` for an address of a public network, or a name that could become one (KHADA 3.7); PanelError 503
   */
  registerServer(registering: Registering, actor: Actor): Promise<void> {
    return this.#servers.register(registering, actor);
  }

  /**
   * Makes the panel's account on a database server and one that may only read, from an administrator's access that is not kept, and
   * makes the engine known as `registerServer` does. May be repeated: both get new passwords.
   * @throws Invalid on `host` (KHADA 3.7), PanelError 503
   */
  prepareServer(preparing: PreparingServer, actor: Actor): Promise<Preparation> {
    return this.#servers.prepare(preparing, actor);
  }

  /** @returns the engines that the site's server has; none is a state of its own, not an error */
  serversFor(site: Pick<Site, 'serverId'>): Promise<KnownServer[]> {
    return this.#servers.ofSite(site);
  }

  /** @returns how programs of the customer reach a database. @throws PanelError 404 */
  serverOf(database: Database): Promise<KnownServer> {
    return this.#servers.known(database);
  }

  /** @returns host and port of a database server as programs of customers are told them. @throws PanelError 404 */
  async addressOf(database: Pick<Database, 'serverId'>): Promise<string> {
    const { shownHost, shownPort } = await this.#servers.known(database);
    return `${shownHost}:${shownPort}`;
  }

  /** @returns how many databases the plan of the site's order has, and how many are used; what is being made or removed counts */
  allowance(site: Site): Promise<{ limit: number; used: number }> {
    return this.#making.allowance(site);
  }

  /** @returns the site's databases by name, each with its tables, or without them where its server did not answer within 3 s */
  async list(site: Site): Promise<SeenDatabase[]> {
    const all = await this.#store.ofSite(site);
    return Promise.all(all.map((database) => this.#see(database)));
  }

  /** @returns names by id, of dropped ones for a year as well: rows of the audit hold ids alone, since a customer chose the name */
  namesOf(customerId: string): Promise<ReadonlyMap<string, string>> {
    return this.#store.namesOf(customerId);
  }

  /** @returns bytes of the site's databases as their servers told last, without asking them; what was never measured counts as nothing */
  bytesOf(site: Pick<Site, 'id'>): Promise<number> {
    return this.#store.bytesOf(site.id);
  }

  /** @returns one that is not dropped, with its tables as in `list`. @throws PanelError 404 */
  async find(site: Site, id: string): Promise<SeenDatabase> {
    return this.#see(await this.named(site, id));
  }

  /** @returns one that is not dropped, without asking its server. @throws PanelError 404 */
  async named(site: Site, id: string): Promise<Database> {
    const found = await this.#store.find(site, id);
    if (!found || found.droppedAt !== null) throw notFound();
    return found;
  }

  async #see(database: Database): Promise<SeenDatabase> {
    if (database.madeAt === null) return { ...database, tables: [] };
    const waited = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => waited.resolve(undefined), lookMilliseconds);
    const asked = this.#servers.reach(database).then((server) => server.tables({ name: database.name, user: database.login }));
    try {
      const tables = await Promise.race([asked.catch(() => undefined), waited.promise]);
      if (!tables) return { ...database, tables };
      return { ...database, tables, bytes: sizeOf(tables), tableCount: tables.length };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes a database with one user of the same name, which has rights there alone.
   * @param more what belongs to it in the same transaction, by its id: the answer of a form's repeat, an import into it
   * @returns the drawn password, where none was given: it is shown once
   * @throws Invalid on `db_name`, `charset`, `db_password`; PanelError 409 while the site is not open, is suspended, or has no such
   * engine; 503: then nothing was made
   */
  create(...given: Parameters<Making['create']>): ReturnType<Making['create']> {
    return this.#making.create(...given);
  }

  /** Sets a new password, typed or (for '') drawn; the one before is void at once. @throws Invalid on `db_password`; PanelError 409, 503 */
  setPassword(...given: Parameters<Making['setPassword']>): ReturnType<Making['setPassword']> {
    return this.#making.setPassword(...given);
  }

  /** Asks for a database to go: a job dumps it into the trash, reads the dump back, and only then drops it. @throws PanelError 404, 409 */
  remove(site: Site, database: Database, actor: Actor): Promise<void> {
    return this.#removing.ask(site, database, actor);
  }

  /** The job `databases.remove`. May run twice. */
  runRemoval(databaseId: string, run: JobRun): Promise<void> {
    return this.#removing.run(databaseId, run);
  }

  /**
   * Begins to load a dump of the trash: over its database, whose content then goes to the trash, or into a new one of the same name.
   * @throws Invalid on `db_name` when the plan holds no more; PanelError 409, 503
   */
  restore(site: Site, dump: NamedDump, actor: Actor, once?: Once): Promise<Restored> {
    return this.#restoring.restore(site, dump, actor, once);
  }

  /** The job `databases.import`. May run twice. */
  runImport(importId: string, run: JobRun): Promise<void> {
    return this.#importing.run(importId, run);
  }

  /** Whether this session may download without another fresh sign-in. @param subjectId of a database, or of a dump in the trash */
  isGranted(site: Site, subjectId: string, downloader: Downloader): Promise<boolean> {
    return this.#downloads.isGranted(site, subjectId, downloader);
  }

  /** Writes a download down, and tells the person by letter at the first of a session. */
  grantDownload(site: Site, subject: Subject, downloader: Downloader): Promise<void> {
    return this.#downloads.grant(site, subject, downloader);
  }

  /**
   * @param gone ends it
   * @returns the database as gzip of SQL text, dumped while it is read; it breaks off with an error when the dump is not whole
   */
  openDump(database: Database, gone: AbortSignal): Promise<Readable> {
    return this.#downloads.open(database, gone);
  }

  /** By the clock. @param before epoch milliseconds: grants of sessions that cannot live any more */
  sweepGrants(before: number): Promise<void> {
    return this.#downloads.sweepGrants(before);
  }

  /** Where dumps that come in are put until their job: all or nothing. */
  get archives(): ArchiveStorage {
    return this.#parts.archives;
  }

  /** @returns bytes that one dump may have */
  get importBytes(): number {
    return this.#parts.limits.importBytes;
  }

  /** For the job that suspends a site: nobody comes in any more, and who is in is put out. May be repeated. @throws PanelError 503 */
  suspend(site: Site): Promise<void> {
    return this.#making.setLocked(site, true);
  }

  /** Undoes `suspend`, unless the customer is restricted: then it shuts them. May be repeated. @throws PanelError 503 */
  async resume(site: Site): Promise<void> {
    const isRestricted = async () => (await this.#parts.accounts.restrictions.of(site.customerId)) !== undefined;
    for (let due = await isRestricted(); ; due = !due) {
      await this.#making.setLocked(site, due);
      // Restricted or not any more meanwhile: the job of that may have been quicker.
      if ((await isRestricted()) === due) return;
    }
  }

  /** By the clock: takes back what was cut off in the middle, on servers and in storage, and empties the trash and rows of what is too old. */
  async tidy(): Promise<void> {
    await this.#making.tidy();
    await this.#importing.tidy();
    await this.trash.sweep();
    await this.#sweeping.rows();
  }

  /** By the clock: removes dumps from storage that no row knows, which a process left behind that died at the wrong moment. */
  sweepArchives(): Promise<void> {
    return this.#sweeping.archives();
  }

  /** By the clock: looks at sizes, for pages while a server does not answer and for the room that is left. @param before epoch milliseconds */
  async measure(before: number): Promise<void> {
    for (let after = ''; ; ) {
      const some = await this.#store.notMeasuredSince(before, after, measuredAtOnce);
      for (const database of some) await this.#measureOne(database);
      const last = some.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  async #measureOne(database: Database): Promise<void> {
    const { connection, clock } = this.#parts;
    const { tables, bytes, tableCount } = await this.#see(database);
    if (!tables) return;
    const change = { bytes, table_count: tableCount, measured_at: clock.now() };
    await connection.write((tx) => this.#store.change(tx, database.id, change));
  }
}
