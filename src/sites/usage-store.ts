// The SQL of what a site's files take: acts that are under way, the room they hold, and counts.
import { type Selectable, sql } from 'kysely';
import type { SiteTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from './site.ts';

/** How full a site is after a change. `level`: the highest percentage that was told of and still holds. */
export type UsageNow = {
  readonly siteId: string;
  readonly name: string;
  readonly customerId: string;
  readonly usedBytes: number;
  readonly quotaBytes: number;
  readonly level: number;
};

const usageColumns = ['id', 'name', 'customer_id', 'used_bytes', 'quota_bytes', 'usage_level'] as const;
const usageNow = (row: Pick<Selectable<SiteTables['sites']>, (typeof usageColumns)[number]>): UsageNow => ({
  siteId: row.id,
  name: row.name,
  customerId: row.customer_id,
  usedBytes: row.used_bytes,
  quotaBytes: row.quota_bytes,
  level: row.usage_level,
});

export class UsageStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns how often the usage has changed so far; undefined while an act is under way, whose files may be counted or not */
  async usageChanges(siteId: string): Promise<number | undefined> {
    const row = await this.#connection.db
      .selectFrom('sites')
      .select(['usage_changes'])
      .where('id', '=', siteId)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('file_acts').select('id').whereRef('file_acts.site_id', '=', 'sites.id'))),
      )
      .executeTakeFirst();
    return row?.usage_changes;
  }

  /** @returns undefined when the usage has changed since `usageChanges` was read, or the site has moved to another server */
  async setUsage(
    tx: Tx,
    { id: siteId, serverId }: Pick<Site, 'id' | 'serverId'>,
    { bytes, files, changes, now }: { bytes: number; files: number; changes: number; now: number },
  ): Promise<UsageNow | undefined> {
    const row = await tx
      .updateTable('sites')
      .set({ used_bytes: bytes, used_files: files, counted_at: now })
      .where('id', '=', siteId)
      .where('server_id', '=', serverId)
      .where('usage_changes', '=', changes)
      .returning(usageColumns)
      .executeTakeFirst();
    return row && usageNow(row);
  }

  async setUsageLevel(tx: Tx, siteId: string, level: number): Promise<void> {
    await tx.updateTable('sites').set({ usage_level: level }).where('id', '=', siteId).execute();
  }

  async addAct(tx: Tx, act: SiteTables['file_acts']): Promise<void> {
    await tx.insertInto('file_acts').values(act).execute();
  }

  async holdAct(tx: Tx, id: string, until: number): Promise<void> {
    await tx.updateTable('file_acts').set({ held_until: until }).where('id', '=', id).execute();
  }

  /** @returns false when there is no such act any more */
  async growAct(tx: Tx, id: string, bytes: number, files: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('file_acts')
      .set((eb) => ({ bytes: eb('bytes', '+', bytes), files: eb('files', '+', files) }))
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async removeAct(tx: Tx, id: string): Promise<Selectable<SiteTables['file_acts']> | undefined> {
    return tx.deleteFrom('file_acts').where('id', '=', id).returningAll().executeTakeFirst();
  }

  async heldBytes(tx: Tx, siteId: string): Promise<number> {
    const row = await tx
      .selectFrom('file_acts')
      .select(({ fn }) => fn.sum<number>('bytes').as('bytes'))
      .where('site_id', '=', siteId)
      .executeTakeFirst();
    return Number(row?.bytes ?? 0);
  }

  /** @returns acts whose lease is over, or lies further ahead than any lease: then the clock was set back */
  async actsNotHeld(now: number, latest: number): Promise<{ id: string; siteId: string }[]> {
    const rows = await this.#connection.db
      .selectFrom('file_acts')
      .select(['id', 'site_id'])
      .where((eb) => eb.or([eb('held_until', '<=', now), eb('held_until', '>', latest)]))
      .execute();
    return rows.map(({ id, site_id }) => ({ id, siteId: site_id }));
  }

  async reserve(tx: Tx, siteId: string, bytes: number, files: number): Promise<boolean> {
    const result = await tx
      .updateTable('sites')
      .set((eb) => ({
        used_bytes: eb('used_bytes', '+', bytes),
        used_files: eb('used_files', '+', files),
        usage_changes: eb('usage_changes', '+', 1),
      }))
      .where('id', '=', siteId)
      .where('frozen_at', 'is', null)
      // What takes no room may be done in a site that is over its quota.
      .$if(bytes > 0, (query) => query.where((eb) => eb(eb('used_bytes', '+', bytes), '<=', eb.ref('quota_bytes'))))
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async release(tx: Tx, siteId: string, bytes: number, files: number): Promise<UsageNow | undefined> {
    const lessened = (column: string, by: number) =>
      sql<number>`case when ${sql.ref(column)} > ${by} then ${sql.ref(column)} - ${by} else 0 end`;
    const row = await tx
      .updateTable('sites')
      .set((eb) => ({
        used_bytes: lessened('used_bytes', bytes),
        used_files: lessened('used_files', files),
        usage_changes: eb('usage_changes', '+', 1),
      }))
      .where('id', '=', siteId)
      .returning(usageColumns)
      .executeTakeFirst();
    return row && usageNow(row);
  }
}
