// Imports: how one begins, and what pages are told of it. What it does stands in importing.ts.
import type { Actor } from '../audit/audit.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import { ImportStore } from './import-store.ts';
import { stagedName } from './names.ts';
import { attempts, type DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { type Database, type DatabaseImport, type ImportMode, stateOf } from './states.ts';
import { DatabaseStore } from './store.ts';

export type Beginning = {
  readonly mode: ImportMode;
  /** key of an archive that holds the dump */
  readonly source: string;
  readonly sourceBytes: number;
  readonly isFromTrash: boolean;
};

export class Imports {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #store: ImportStore;
  readonly #databases: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new ImportStore(parts.connection);
    this.#databases = new DatabaseStore(parts.connection);
  }

  /** @throws PanelError 404 */
  async find(site: Site, databaseId: string, id: string): Promise<DatabaseImport> {
    const found = await this.#store.find(site, databaseId, id);
    if (!found) throw notFound();
    return found;
  }

  /** @returns the newest imports into a database, the open one before all */
  last(site: Site, { id }: Database, count: number): Promise<DatabaseImport[]> {
    return this.#store.last(site, id, count);
  }

  /** Asked before a dump is taken in. @throws Invalid, PanelError 409, 503 */
  async refuse(database: Database, mode: ImportMode): Promise<void> {
    this.#refuseState(database);
    if (mode === 'replace') return;
    const server = await this.#servers.reach(database);
    const tables = await server.tables({ name: database.name, user: database.login });
    if (tables.length > 0)
      throw new Invalid({ mode: [{ key: 'databases.fault.notEmpty', parameters: { count: tables.length } }] });
  }

  #refuseState(database: Database): void {
    const state = stateOf(database);
    if (state !== 'ready') throw conflict(`databases.refused.${state}`);
  }

  /**
   * Begins to load a dump into a database: a job does it (`Databases.runImport`).
   * @param once of the form; its repeat is led to the page of the import
   * @returns the import's id. @throws Invalid on `mode`, PanelError 404, 409, 503
   */
  async begin(site: Site, database: Database, beginning: Beginning, actor: Actor, once?: Once): Promise<string> {
    await this.refuse(database, beginning.mode);
    return this.#parts.connection.write(async (tx) => {
      // Takes the site's row, so that an import and a deletion at once are decided one after the other.
      await this.#parts.sites.takeOpen(tx, site.id);
      return this.put(tx, site, { databaseId: database.id, beginning, actor, ...(once && { once }) });
    });
  }

  /** The same in the caller's transaction, which has taken the site's row or has just made the database. @throws PanelError 404, 409 */
  async put(
    tx: Tx,
    site: Site,
    { databaseId, beginning, actor, once }: { databaseId: string; beginning: Beginning; actor: Actor; once?: Once },
  ): Promise<string> {
    const { clock, queue, audit } = this.#parts;
    const database = await this.#databases.find(site, databaseId, tx);
    if (!database || database.droppedAt !== null) throw notFound();
    this.#refuseState(database);
    const now = clock.now();
    const id = newId(now);
    const { customerId } = site;
    const { mode, source, sourceBytes, isFromTrash } = beginning;
    const row = {
      ...{ id, database_id: databaseId, site_id: site.id, customer_id: customerId, actor_person_id: actor.personId ?? null },
      ...{ mode, source, from_trash: isFromTrash ? 1 : 0, source_bytes: sourceBytes },
      ...{ staged_name: stagedName(site.name, id), queued_at: now },
    };
    if (!(await this.#store.add(tx, row))) throw conflict('databases.import.running.conflict');
    const options = { key: `databases.import:${id}`, lane: 'long', maximumAttempts: attempts } as const;
    await queue.add(tx, 'databases.import', { importId: id, customerId, actorPersonId: actor.personId ?? null }, options);
    const about = { actor, customerId, siteId: site.id, subjectId: databaseId };
    const details = { mode, bytes: sourceBytes };
    if (isFromTrash) await audit.record(tx, { action: 'databases.restored', ...about, details });
    else await audit.record(tx, { action: 'databases.importAsked', ...about, details });
    await once?.finish(tx, importAddress(site, databaseId, id));
    return id;
  }
}

/** @returns the page of an import, without mount and language */
export const importAddress = (site: Pick<Site, 'name'>, databaseId: string, id: string): string =>
  `/sites/${site.name}/databases/${databaseId}/imports/${id}`;
