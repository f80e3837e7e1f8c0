// The SQL of sites and servers.
import { type Selectable, sql } from 'kysely';
import type { SiteTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from './sites.ts';

const fromRow = (row: Selectable<SiteTables['sites']>): Site => ({
  id: row.id,
  name: row.name,
  customerId: row.customer_id,
  orderId: row.order_id,
  quotaBytes: row.quota_bytes,
  usedBytes: row.used_bytes,
  usedFiles: row.used_files,
  countedAt: row.counted_at,
  createdAt: row.created_at,
  openedAt: row.opened_at,
  suspendedAt: row.suspended_at,
  terminatedAt: row.terminated_at,
});

export class SiteStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async addServer(tx: Tx, server: SiteTables['servers']): Promise<void> {
    await tx
      .insertInto('servers')
      .values(server)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  }

  async add(
    tx: Tx,
    site: { id: string; name: string; customerId: string; orderId: string; quotaBytes: number; now: number },
  ): Promise<void> {
    const server = await tx
      .selectFrom('servers')
      .select('id')
      .where('retired_at', 'is', null)
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('sites')
      .values({
        id: site.id,
        name: site.name,
        customer_id: site.customerId,
        order_id: site.orderId,
        server_id: server.id,
        quota_bytes: site.quotaBytes,
        used_bytes: 0,
        used_files: 0,
        counted_at: null,
        created_at: site.now,
        opened_at: null,
        suspended_at: null,
        terminated_at: null,
      })
      .execute();
  }

  async markOpened(tx: Tx, siteId: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('sites')
      .set({ opened_at: now })
      .where('id', '=', siteId)
      .where('opened_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async forCustomer(customerId: string): Promise<Site[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('terminated_at', 'is', null)
      .orderBy('created_at')
      .execute();
    return rows.map(fromRow);
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
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  async setUsage(tx: Tx, siteId: string, { bytes, files }: { bytes: number; files: number }, now: number): Promise<void> {
    await tx
      .updateTable('sites')
      .set({ used_bytes: bytes, used_files: files, counted_at: now })
      .where('id', '=', siteId)
      .execute();
  }

  async reserve(tx: Tx, siteId: string, bytes: number, files: number): Promise<boolean> {
    const result = await tx
      .updateTable('sites')
      .set((eb) => ({ used_bytes: eb('used_bytes', '+', bytes), used_files: eb('used_files', '+', files) }))
      .where('id', '=', siteId)
      .where((eb) => eb(eb('used_bytes', '+', bytes), '<=', eb.ref('quota_bytes')))
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async release(tx: Tx, siteId: string, bytes: number, files: number): Promise<void> {
    const lessened = (column: string, by: number) =>
      sql<number>`case when ${sql.ref(column)} > ${by} then ${sql.ref(column)} - ${by} else 0 end`;
    await tx
      .updateTable('sites')
      .set({ used_bytes: lessened('used_bytes', bytes), used_files: lessened('used_files', files) })
      .where('id', '=', siteId)
      .execute();
  }
}
