// Deleting a database: asked for at once, done by a job that dumps it into the trash and reads the dump back before anything goes.
import { type Actor, systemActor } from '../audit/audit.ts';
import { conflict, notFound, whenMissing } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import { ImportStore } from './import-store.ts';
import { attempts, type DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import type { Database } from './states.ts';
import { DatabaseStore } from './store.ts';
import type { Trash } from './trash.ts';

export class Removing {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #trash: Trash;
  readonly #store: DatabaseStore;
  readonly #imports: ImportStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers, trash: Trash) {
    this.#parts = parts;
    this.#servers = servers;
    this.#trash = trash;
    this.#store = new DatabaseStore(parts.connection);
    this.#imports = new ImportStore(parts.connection);
  }

  /** See `Databases.remove`. */
  async ask(site: Site, { id }: Database, actor: Actor): Promise<void> {
    const { connection, clock, queue, audit, sites } = this.#parts;
    const { customerId } = site;
    await connection.write(async (tx) => {
      await sites.takeOpen(tx, site.id);
      const database = await this.#store.find(site, id, tx);
      if (!database || database.droppedAt !== null) throw notFound();
      if (database.madeAt === null) throw conflict('databases.refused.making');
      if (database.removalAskedAt !== null) throw conflict('databases.refused.removing');
      const [newest] = await this.#imports.last(site, id, 1, tx);
      if (newest && newest.endedAt === null) throw conflict('databases.import.running.conflict');
      await this.#store.change(tx, id, { removal_asked_at: clock.now(), removal_failed_at: null });
      const options = { key: `databases.remove:${id}`, lane: 'long', maximumAttempts: attempts } as const;
      await queue.add(tx, 'databases.remove', { databaseId: id, customerId, actorPersonId: actor.personId ?? null }, options);
      const about = { actor, customerId, siteId: site.id, subjectId: id };
      await audit.record(tx, { action: 'databases.removalAsked', ...about });
    });
  }

  /** The job `databases.remove`. May run twice. */
  async run(databaseId: string, run: JobRun): Promise<void> {
    const database = await this.#store.byId(databaseId);
    if (!database || database.droppedAt !== null || database.removalAskedAt === null) return;
    try {
      await this.#remove(database, run.signal);
    } catch (error) {
      if (run.lastAttempt && !run.signal.aborted) await this.#giveUp(database);
      throw error;
    }
  }

  async #remove(database: Database, signal: AbortSignal): Promise<void> {
    const { connection, clock, audit, sites } = this.#parts;
    const { id, name, login, customerId, siteId } = database;
    const site = await sites.byId(siteId);
    const hosted = { name, user: login };
    const server = await this.#servers.reach(database);
    if (await isThere(server.tables(hosted))) await this.#trash.save(site, database, { because: 'removed', causeId: id, signal });
    signal.throwIfAborted();
    await server.drop(hosted);
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, id, { dropped_at: clock.now() }))) return;
      const about = { actor: systemActor, customerId, siteId, subjectId: id };
      await audit.record(tx, { action: 'databases.removed', ...about });
    });
  }

  /** It stays as it is, and says so. */
  async #giveUp({ id, customerId, siteId }: Database): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, id, { removal_asked_at: null, removal_failed_at: clock.now() }))) return;
      const about = { actor: systemActor, customerId, siteId, subjectId: id };
      await audit.record(tx, { action: 'databases.removalFailed', ...about });
    });
  }
}

/** An attempt before may have dropped it and died before it said so. */
async function isThere(asked: Promise<object>): Promise<boolean> {
  return (await asked.catch(whenMissing)) !== undefined;
}
