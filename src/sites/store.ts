// The SQL of sites.
import { type Selectable, sql } from 'kysely';
import type { SiteTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { SiteHome } from '../platform/site-host/port.ts';
import type { FtpServer, Site } from './sites.ts';

export const fromRow = (row: Selectable<SiteTables['sites']>): Site => ({
  id: row.id,
  name: row.name,
  customerId: row.customer_id,
  orderId: row.order_id,
  serverId: row.server_id,
  quotaBytes: row.quota_bytes,
  usedBytes: row.used_bytes,
  usedFiles: row.used_files,
  countedAt: row.counted_at,
  createdAt: row.created_at,
  openedAt: row.opened_at,
  suspendedAt: row.suspended_at,
  frozenAt: row.frozen_at,
  terminatedAt: row.terminated_at,
  home: homeOf(row),
});

/** They are written together. */
function homeOf(row: Selectable<SiteTables['sites']>): SiteHome | null {
  const { home_folder: folder, home_user_id: userId, home_group_id: groupId, home_user: user } = row;
  if (folder === null || userId === null || groupId === null) return null;
  return { folder, userId, groupId, ...(user !== null && { user }) };
}

const ofCustomer = prepared((db, { customerId }: { customerId: string }) =>
  db
    .selectFrom('sites')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('terminated_at', 'is', null)
    .orderBy('created_at'),
);

export class SiteStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(
    tx: Tx,
    site: { id: string; name: string; customerId: string; orderId: string; serverId: string; quotaBytes: number; now: number },
  ): Promise<void> {
    await tx
      .insertInto('sites')
      .values({
        id: site.id,
        name: site.name,
        customer_id: site.customerId,
        order_id: site.orderId,
        server_id: site.serverId,
        quota_bytes: site.quotaBytes,
        used_bytes: 0,
        used_files: 0,
        counted_at: null,
        created_at: site.now,
        opened_at: null,
        suspended_at: null,
        frozen_at: null,
        terminated_at: null,
        usage_changes: 0,
        usage_level: 0,
        ...{ home_folder: null, home_user_id: null, home_group_id: null, home_user: null, host_fault: null },
      })
      .execute();
  }

  /** @returns false when it is another order's, or holds more than the room */
  /** @returns the name of the site that goes on under the order */
  async nameUnder(tx: Tx, orderId: string): Promise<string | undefined> {
    return (await tx.selectFrom('sites').select('name').where('order_id', '=', orderId).executeTakeFirst())?.name;
  }

  async setOrder(tx: Tx, site: Pick<Site, 'id' | 'orderId'>, order: { id: string; storageBytes: number }): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('sites')
      .set({ order_id: order.id, quota_bytes: order.storageBytes })
      .where('id', '=', site.id)
      .where('order_id', '=', site.orderId)
      .where('used_bytes', '<=', order.storageBytes)
      .where('terminated_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async ftpServer(id: string): Promise<FtpServer | undefined> {
    const row = await this.#connection.db
      .selectFrom('servers')
      .select(['ftp_host', 'ftp_port', 'address', 'ftp_fingerprint'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (!row) return undefined;
    return { host: row.ftp_host, port: row.ftp_port, isHere: row.address === '', fingerprint: row.ftp_fingerprint };
  }

  /** @returns undefined when it was open before */
  async markOpened(tx: Tx, siteId: string, now: number): Promise<{ suspended_at: number | null } | undefined> {
    return tx
      .updateTable('sites')
      .set({ opened_at: now })
      .where('id', '=', siteId)
      .where('opened_at', 'is', null)
      .returning('suspended_at')
      .executeTakeFirst();
  }

  /** What the site's host came to: where the site lies, and that it is well. */
  async setHome(
    tx: Tx,
    { id: siteId, serverId }: Pick<Site, 'id' | 'serverId'>,
    { folder, userId, groupId, user }: SiteHome,
  ): Promise<void> {
    const home = { home_folder: folder, home_user_id: userId, home_group_id: groupId, home_user: user ?? null };
    await tx
      .updateTable('sites')
      .set({ ...home, host_fault: null })
      .where('id', '=', siteId)
      // It may have moved to another one while its server was asked.
      .where('server_id', '=', serverId)
      .execute();
  }

  /** @param serverId whose fault it is: nothing is noted of a site that has moved away meanwhile; without it the site's own */
  async setHostFault(tx: Tx, { siteId, serverId }: { siteId: string; serverId?: string }, fault: string): Promise<void> {
    const query = tx.updateTable('sites').set({ host_fault: fault }).where('id', '=', siteId);
    await (serverId === undefined ? query : query.where('server_id', '=', serverId)).execute();
  }

  /**
   * A site that closing its account has shut can be suspended on top of that: the moment is a millisecond beyond the closing's then, so
   * that undoing the closing leaves it suspended (`LeaverStore.unshut`), and outages are judged as before.
   * @returns false when it was so before
   */
  async setSuspended(tx: Tx, siteId: string, suspendedAt: number | null): Promise<boolean> {
    const query = tx.updateTable('sites').where('id', '=', siteId).where('terminated_at', 'is', null);
    const result =
      suspendedAt === null
        ? await query
            .set({ suspended_at: null })
            .where('suspended_at', 'is not', null)
            // Whose account is closed gets nothing back but with the account.
            .where('customer_id', 'not in', closedCustomers(tx))
            .executeTakeFirst()
        : await query
            .set((eb) => ({ suspended_at: eb.fn.coalesce(eb('suspended_at', '+', 1), eb.val(suspendedAt)) }))
            .where((eb) => eb.or([eb('suspended_at', 'is', null), eb('suspended_at', '=', closedAt(tx))]))
            .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns sites that are not as they should be: their host failed, or they were asked for before `preparedBefore` and are not open */
  async unfinished(preparedBefore: number, count: number): Promise<Site[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .selectAll()
      .where('terminated_at', 'is', null)
      .where((eb) =>
        eb.or([eb('host_fault', 'is not', null), eb.and([eb('opened_at', 'is', null), eb('created_at', '<', preparedBefore)])]),
      )
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  async forCustomer(customerId: string): Promise<Site[]> {
    return (await ofCustomer(this.#connection, { customerId })).map(fromRow);
  }

  async namesOf(customerId: string): Promise<Map<string, string>> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .select(['id', 'name'])
      .where('customer_id', '=', customerId)
      .execute();
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async byId(siteId: string): Promise<Site | undefined> {
    const row = await this.#connection.db.selectFrom('sites').selectAll().where('id', '=', siteId).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @param customerId undefined only for the operator */
  async byName(customerId: string | undefined, name: string): Promise<Site | undefined> {
    const row = await this.#connection.db
      .selectFrom('sites')
      .selectAll()
      .where('name', '=', name)
      .where('terminated_at', 'is', null)
      .$if(customerId !== undefined, (query) => query.where('customer_id', '=', customerId ?? ''))
      .executeTakeFirst();
    return row && fromRow(row);
  }

  async open(afterId: string, count: number): Promise<Site[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .selectAll()
      .where('id', '>', afterId)
      .where('opened_at', 'is not', null)
      .where('terminated_at', 'is', null)
      // Nothing is done by night for whose account is closed.
      .where('customer_id', 'not in', closedCustomers(this.#connection.db))
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }
}

const closedCustomers = (reader: Reader) => reader.selectFrom('customers').select('id').where('closed_at', 'is not', null);
/** Of the customer of the site that is asked about; null while the account is open. */
const closedAt = (reader: Reader) =>
  reader.selectFrom('customers').select('closed_at').where('id', '=', sql.ref<string>('sites.customer_id'));
