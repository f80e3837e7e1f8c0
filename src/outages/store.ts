// The SQL of outages.
import type { Insertable, Selectable } from 'kysely';
import type { OutageTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';

export type OutageRow = Selectable<OutageTables['outages']>;
export type OutageSiteRow = Selectable<OutageTables['outage_sites']>;
export type ExclusionRow = Selectable<OutageTables['outage_exclusions']>;
/** What a site could not be used for, with what the operator recorded of the outage. */
export type AffectedRow = OutageSiteRow & Pick<OutageRow, 'cause' | 'restored'>;

/** A statement has room for so many values. */
const insertedAtOnce = 200;

const ofCustomer = prepared((db, { customerId }: { customerId: string }) =>
  db
    .selectFrom('outage_sites')
    .innerJoin('outages as outage', 'outage.id', 'outage_sites.outage_id')
    .selectAll('outage_sites')
    .select(['outage.cause', 'outage.restored'])
    .where('outage_sites.customer_id', '=', customerId)
    .where('outage.withdrawn_at', 'is', null)
    .orderBy('outage_sites.started_at')
    .orderBy('outage_sites.site_id'),
);

export class OutageStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, row: Insertable<OutageTables['outages']>): Promise<void> {
    await tx.insertInto('outages').values(row).execute();
  }

  async byId(id: string, reader: Reader = this.#connection.db): Promise<OutageRow | undefined> {
    return reader.selectFrom('outages').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /**
   * Until the end of the transaction nobody else withdraws it or tells of it.
   * @returns false when it is not there, or was withdrawn
   */
  async hold(tx: Tx, id: string): Promise<boolean> {
    const row = await tx.selectFrom('outages').select('withdrawn_at').where('id', '=', id).forUpdate().executeTakeFirst();
    return row?.withdrawn_at === null;
  }

  /** @returns newest first, those that were withdrawn as well */
  async newest(count: number): Promise<OutageRow[]> {
    const query = this.#connection.db.selectFrom('outages').selectAll().orderBy('started_at', 'desc').orderBy('id', 'desc');
    return query.limit(count).execute();
  }

  /** @returns how many sites and customers each of these reaches */
  async reachOf(outageIds: readonly string[]): Promise<Map<string, { sites: number; customers: number }>> {
    if (outageIds.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('outage_sites')
      .select((eb) => [
        'outage_id',
        eb.fn.count('site_id').distinct().as('sites'),
        eb.fn.count('customer_id').distinct().as('customers'),
      ])
      .where('outage_id', 'in', [...outageIds])
      .groupBy('outage_id')
      .execute();
    return new Map(rows.map((row) => [row.outage_id, { sites: Number(row.sites), customers: Number(row.customers) }]));
  }

  /** @returns false when it was ended, or withdrawn, meanwhile */
  async end(tx: Tx, id: string, endedAt: number, restored: boolean): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('outages')
      .set({ ended_at: endedAt, ...(restored && { restored: 1 }) })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns false when it was withdrawn before, or somebody was written to about it */
  async withdraw(tx: Tx, id: string, now: number): Promise<boolean> {
    if (!(await this.hold(tx, id))) return false;
    const { numUpdatedRows } = await tx
      .updateTable('outages')
      .set({ withdrawn_at: now })
      .where('id', '=', id)
      .where('withdrawn_at', 'is', null)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('outage_sites').select('outage_id').where('outage_id', '=', id).where('told_at', 'is not', null))),
      )
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async isTold(tx: Tx, id: string): Promise<boolean> {
    const row = await tx
      .selectFrom('outage_sites')
      .select('outage_id')
      .where('outage_id', '=', id)
      .where('told_at', 'is not', null)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async setSites(tx: Tx, outageId: string, rows: readonly OutageSiteRow[]): Promise<void> {
    await tx.deleteFrom('outage_sites').where('outage_id', '=', outageId).execute();
    for (let at = 0; at < rows.length; at += insertedAtOnce)
      await tx
        .insertInto('outage_sites')
        .values(rows.slice(at, at + insertedAtOnce))
        .execute();
  }

  async exclude(tx: Tx, row: ExclusionRow): Promise<void> {
    await tx.insertInto('outage_exclusions').values(row).execute();
  }

  async exclusionsOf(outageIds: readonly string[]): Promise<ExclusionRow[]> {
    if (outageIds.length === 0) return [];
    const rows = this.#connection.db.selectFrom('outage_exclusions').selectAll();
    return rows
      .where('outage_id', 'in', [...outageIds])
      .orderBy('started_at')
      .orderBy('id')
      .execute();
  }

  /** @returns what its sites could not be used for, oldest first, without what was withdrawn */
  affectedOf(customerId: string): Promise<AffectedRow[]> {
    return ofCustomer(this.#connection, { customerId });
  }

  /** @returns a page of the customers that any outage of this month reached. @param month in epoch milliseconds */
  async customersIn(month: { startedAt: number; endedAt: number }, afterId: string, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('outage_sites')
      .innerJoin('outages as outage', 'outage.id', 'outage_sites.outage_id')
      .select('outage_sites.customer_id')
      .distinct()
      .where('outage.withdrawn_at', 'is', null)
      .where('outage_sites.started_at', '<', month.endedAt)
      .where((eb) => eb.or([eb('outage_sites.ended_at', 'is', null), eb('outage_sites.ended_at', '>', month.startedAt)]))
      .where('outage_sites.customer_id', '>', afterId)
      .orderBy('outage_sites.customer_id')
      .limit(count)
      .execute();
    return rows.map(({ customer_id }) => customer_id);
  }

  /** @returns outages that ended before, and whose customers were not all written to */
  async untold(endedBefore: number): Promise<OutageRow[]> {
    const query = this.#connection.db.selectFrom('outages').selectAll().where('told_at', 'is', null);
    return query.where('withdrawn_at', 'is', null).where('ended_at', '<=', endedBefore).orderBy('id').execute();
  }

  /** @returns a page of its customers that were not written to */
  async untoldCustomers(outageId: string, afterId: string, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('outage_sites')
      .select('customer_id')
      .distinct()
      .where('outage_id', '=', outageId)
      .where('told_at', 'is', null)
      .where('customer_id', '>', afterId)
      .orderBy('customer_id')
      .limit(count)
      .execute();
    return rows.map(({ customer_id }) => customer_id);
  }

  /** @returns whether nobody had written to the customer about it, and it stands: of several workers one is told so */
  async markTold(tx: Tx, outageId: string, customerId: string, now: number): Promise<boolean> {
    if (!(await this.hold(tx, outageId))) return false;
    const { numUpdatedRows } = await tx
      .updateTable('outage_sites')
      .set({ told_at: now })
      .where('outage_id', '=', outageId)
      .where('customer_id', '=', customerId)
      .where('told_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async markAllTold(tx: Tx, outageId: string, now: number): Promise<void> {
    const query = tx.updateTable('outages').set({ told_at: now }).where('id', '=', outageId);
    await query.where('withdrawn_at', 'is', null).execute();
  }
}
