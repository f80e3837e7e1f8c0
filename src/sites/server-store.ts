// The SQL of servers.
import type { Selectable } from 'kysely';
import type { SiteTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Reach, Server } from './servers.ts';
import type { Site } from './sites.ts';
import { fromRow as siteFromRow } from './store.ts';

const fromRow = (row: Selectable<SiteTables['servers']>): Server => ({
  id: row.id,
  name: row.name,
  group: row.server_group,
  reach: reachOf(row),
  storage: row.storage,
  hostKind: row.host_kind,
  hostCommand: row.host_command === null ? null : JSON.parse(row.host_command),
  ftpHost: row.ftp_host,
  ftpPort: row.ftp_port,
  ftpLog: row.ftp_log,
  ftpFingerprint: row.ftp_fingerprint,
  createdAt: row.created_at,
  drainedAt: row.drained_at,
  checkedAt: row.checked_at,
  checkFault: row.check_fault,
});

function reachOf({ address, ssh_port: port, ssh_user: user, host_keys: keys }: Selectable<SiteTables['servers']>): Reach | null {
  if (address === '' || port === null || user === null) return null;
  return { address, port, user, hostKeys: (keys ?? '').split('\n').filter(Boolean) };
}

/** The columns of how a server is reached. */
export const reachColumns = (reach: Reach | null) => ({
  address: reach?.address ?? '',
  ssh_port: reach?.port ?? null,
  ssh_user: reach?.user ?? null,
  host_keys: reach?.hostKeys.join('\n') ?? null,
});

export class ServerStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when the name is taken */
  async add(tx: Tx, server: SiteTables['servers']): Promise<boolean> {
    const result = await tx
      .insertInto('servers')
      .values(server)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async byId(id: string): Promise<Server | undefined> {
    const row = await this.#connection.db.selectFrom('servers').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  async byName(name: string): Promise<Server | undefined> {
    const row = await this.#connection.db.selectFrom('servers').selectAll().where('name', '=', name).executeTakeFirst();
    return row && fromRow(row);
  }

  async all(): Promise<Server[]> {
    return (await this.#connection.db.selectFrom('servers').selectAll().orderBy('created_at').execute()).map(fromRow);
  }

  /** @returns how many sites that are not terminated stand on each server that has any, and how many of them are in trouble */
  async siteCounts(): Promise<Map<string, { sites: number; inTrouble: number }>> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .select((eb) => ['server_id', eb.fn.countAll().as('sites'), eb.fn.count('host_fault').as('in_trouble')])
      .where('terminated_at', 'is', null)
      .groupBy('server_id')
      .execute();
    return new Map(rows.map((row) => [row.server_id, { sites: Number(row.sites), inTrouble: Number(row.in_trouble) }]));
  }

  async sitesOn(serverId: string, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .select('name')
      .where('server_id', '=', serverId)
      .where('terminated_at', 'is', null)
      .orderBy('name')
      .limit(count)
      .execute();
    return rows.map(({ name }) => name);
  }

  async everOn(serverId: string, afterId: string, count: number): Promise<Site[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .selectAll()
      .where('id', '>', afterId)
      .where('server_id', '=', serverId)
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(siteFromRow);
  }

  /** @returns sites whose host failed at them, with what it said */
  async inTrouble(count: number): Promise<{ site: string; server: string; fault: string }[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .innerJoin('servers', 'servers.id', 'sites.server_id')
      .select(['sites.name as site', 'servers.name as server', 'sites.host_fault as fault'])
      .where('sites.host_fault', 'is not', null)
      .where('sites.terminated_at', 'is', null)
      .orderBy('sites.id')
      .limit(count)
      .execute();
    return rows.map(({ site, server, fault }) => ({ site, server, fault: fault ?? '' }));
  }

  /** @returns the server for the next site: one that answers before one that does not, and among these the one with the fewest */
  async forNewSite(tx: Tx): Promise<string | undefined> {
    const row = await tx
      .selectFrom('servers')
      .select('id')
      .where('drained_at', 'is', null)
      .where('server_group', '=', 'web')
      .orderBy((eb) => eb.case().when('check_fault', 'is', null).then(0).else(1).end())
      .orderBy((eb) =>
        eb
          .selectFrom('sites')
          .select((of) => of.fn.countAll().as('count'))
          .whereRef('sites.server_id', '=', 'servers.id')
          .where('sites.terminated_at', 'is', null),
      )
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst();
    return row?.id;
  }

  async setDrained(tx: Tx, id: string, drainedAt: number | null): Promise<boolean> {
    const result = await tx
      .updateTable('servers')
      .set({ drained_at: drainedAt })
      .where('id', '=', id)
      .where('drained_at', drainedAt === null ? 'is not' : 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async setReach(tx: Tx, id: string, reach: Reach): Promise<void> {
    await tx.updateTable('servers').set(reachColumns(reach)).where('id', '=', id).execute();
  }

  async setChecked(tx: Tx, id: string, now: number, fault: string | null): Promise<void> {
    const well = fault === null ? { fault_told_at: null } : {};
    await tx
      .updateTable('servers')
      .set({ checked_at: now, check_fault: fault, ...well })
      .where('id', '=', id)
      .execute();
  }

  /** @returns whether nobody was told of the fault that lasts: of several workers one is told so */
  async markTold(tx: Tx, id: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('servers')
      .set({ fault_told_at: now })
      .where('id', '=', id)
      .where('fault_told_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }
}
