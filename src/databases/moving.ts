// Databases of a site that goes to another server: whether they can go, carrying them over with their users, and the switch.
import { PassThrough } from 'node:stream';
import type { Tx } from '../platform/database/database.ts';
import { type DatabaseServer, type HostedDatabase, LoadFault, type RowCount } from '../platform/database-server/port.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import { ImportStore } from './import-store.ts';
import { drawPassword } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { type Database, stateOf } from './states.ts';
import { DatabaseStore } from './store.ts';

/** Why a site cannot go to another server, in words for the operator: nothing that time would mend. */
export class CannotMove extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'CannotMove';
  }
}

/** A database that changes its server: ids are those of database servers. */
export type MovingDatabase = HostedDatabase & {
  readonly databaseId: string;
  readonly charset: string | null;
  readonly fromId: string;
  readonly toId: string;
};

/** What was counted on both servers, and is the same. */
export type Carried = { readonly tables: number; readonly rows: number };

export class MovingDatabases {
  readonly #servers: DatabaseServers;
  readonly #store: DatabaseStore;
  readonly #imports: ImportStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#servers = servers;
    this.#store = new DatabaseStore(parts.connection);
    this.#imports = new ImportStore(parts.connection);
  }

  /**
   * Which of the site's databases have to be carried over. One stays where it is when both servers use the same engine at the same address.
   * @param ours names of databases on the new server that may be replaced, since an earlier move left them there
   * @returns also those that stay, whose row alone changes
   * @throws CannotMove when the new server lacks an engine, has an older one or a database of that name, or a password cannot go along
   */
  async plan(site: Site, toServerId: string, ours: ReadonlySet<string>): Promise<(MovingDatabase & { stays: boolean })[]> {
    const planned = [];
    for (const database of await this.#store.ofSite(site)) {
      if (database.madeAt === null) continue;
      const from = await this.#servers.row(database.serverId);
      const to = await this.#servers.rowFor(toServerId, database.engine);
      if (!to)
        throw new CannotMove(`${database.name}: the new server has no ${database.engine} (gotgan server prepare-database)`);
      const one = { ...hosted(database), databaseId: database.id, charset: database.charset, fromId: from.id, toId: to.id };
      const stays = await this.#servers.areOne(from, to);
      if (!stays) await this.#requireWay(one, ours);
      planned.push({ ...one, stays });
    }
    return planned;
  }

  async #requireWay(one: MovingDatabase, ours: ReadonlySet<string>): Promise<void> {
    const [from, to] = await this.#both(one);
    const [before, after] = [await from.version(), await to.version()];
    if (isOlder(after, before))
      throw new CannotMove(`${one.name}: the new server's ${to.engine} is older (${after.join('.')} < ${before.join('.')})`);
    if (!ours.has(one.name) && (await to.tables(one).catch(whenMissing)) !== undefined)
      throw new CannotMove(`${one.name}: the new server has a database of this name`);
    await from.secretOf(one).catch((error) => {
      const code = error instanceof PanelError ? error.parameters.code : undefined;
      throw typeof code === 'string' ? new CannotMove(`${one.name}: ${code}`) : error;
    });
  }

  async #both({ fromId, toId }: MovingDatabase): Promise<[DatabaseServer, DatabaseServer]> {
    return [await this.#servers.reach({ serverId: fromId }), await this.#servers.reach({ serverId: toId })];
  }

  /** Whether something is made, loaded or removed in the site's databases now: in the caller's transaction, that holds the site. */
  async isBusy(tx: Tx, site: Site): Promise<boolean> {
    for (const database of await this.#store.ofSite(site, tx)) {
      if (!['ready', 'locked'].includes(stateOf(database))) return true;
      const [newest] = await this.#imports.last(site, database.id, 1, tx);
      if (newest && newest.endedAt === null) return true;
    }
    return false;
  }

  /**
   * Makes the database and its user on the new server, loads what the old one dumps, sets the same password, and counts on both.
   * May be repeated: what an attempt before has made there is dropped.
   * @throws CannotMove when the new server refuses what the old one holds, or has something else afterwards; PanelError 503
   */
  async carry(one: MovingDatabase, signal: AbortSignal): Promise<Carried> {
    const [from, to] = await this.#both(one);
    await to.drop(one);
    await to.create(one, { password: drawPassword(), ...(one.charset !== null && { charset: one.charset }) });
    const text = new PassThrough();
    const both = [from.dump(one, text, { signal }), to.load(one, text, { signal })];
    try {
      await Promise.all(both);
    } catch (error) {
      await Promise.allSettled(both);
      signal.throwIfAborted();
      throw error instanceof LoadFault ? new CannotMove(`${one.name}: the new server refuses ${error.message}`) : error;
    }
    await to.setSecret(one, await from.secretOf(one));
    return sameCounts(one.name, await from.counts(one), await to.counts(one));
  }

  /** In the caller's transaction: from now on the database is the one on the new server. @returns false when it is not where it was */
  switchTo(tx: Tx, { databaseId, fromId, toId }: Pick<MovingDatabase, 'databaseId' | 'fromId' | 'toId'>): Promise<boolean> {
    return this.#store.switchServer(tx, databaseId, fromId, toId);
  }

  /** Locks the user of what is left on a server of a database that lives elsewhere, if there is one. May be repeated. */
  async lockLeft({ name, user }: HostedDatabase, databaseServerId: string): Promise<void> {
    if (await this.#store.livesOn(databaseServerId, name)) return;
    await (await this.#servers.reach({ serverId: databaseServerId })).lock({ name, user }).catch(whenMissing);
  }

  /** Drops what is left on a server of a database that lives elsewhere; one that lives there is never touched. May be repeated. */
  async dropLeft({ name, user }: HostedDatabase, databaseServerId: string): Promise<void> {
    if (await this.#store.livesOn(databaseServerId, name)) return;
    await (await this.#servers.reach({ serverId: databaseServerId })).drop({ name, user });
  }
}

const hosted = ({ name, login }: Database): HostedDatabase => ({ name, user: login });

/** Numbers that the other lacks decide nothing. */
function isOlder(one: readonly number[], other: readonly number[]): boolean {
  for (const [index, number] of one.entries()) {
    const against = other[index] ?? number;
    if (number !== against) return number < against;
  }
  return false;
}

function sameCounts(name: string, before: readonly RowCount[], after: readonly RowCount[]): Carried {
  const rowsOf = new Map(after.map(({ table, rows }) => [table, rows]));
  const differs = before.find(({ table, rows }) => rowsOf.get(table) !== rows);
  if (differs)
    throw new CannotMove(
      `${name}: table ${differs.table} has ${differs.rows} rows, there ${rowsOf.get(differs.table) ?? 'none'}`,
    );
  if (before.length !== after.length) throw new CannotMove(`${name}: ${before.length} tables became ${after.length}`);
  return { tables: before.length, rows: before.reduce((sum, { rows }) => sum + rows, 0) };
}
