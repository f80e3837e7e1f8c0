// The SQL of tiers: what each holds, and how it goes with every site. What is shown to a person is looked up by customer and site.
import type { Selectable, Updateable } from 'kysely';
import type { TierName, TierSnapshotState, TierTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';

export type SnapshotRow = Selectable<TierTables['tier_snapshots']>;
export type StateRow = Selectable<TierTables['tier_states']>;
type Owned = Pick<Site, 'id' | 'customerId'>;

const begun = {
  ...{ data_at: null, kept_at: null, failed_at: null, fault: null, told_at: null },
  ...{ checks: 0, checked_at: null, check_fault: null, bytes: null },
} as const;

export class TierStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when the tier already has a row of this backup */
  async add(
    tx: Tx,
    row: Pick<SnapshotRow, 'id' | 'site_id' | 'customer_id' | 'tier' | 'backup_id' | 'day' | 'data_at' | 'queued_at'>,
  ) {
    const nothingYet = { fault: null, bytes: null, kept_because: null, kept_at: null, failed_at: null, forgotten_at: null };
    const result = await tx
      .insertInto('tier_snapshots')
      .values({ ...row, ...nothingYet, state: 'waiting' })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async byId(id: string): Promise<SnapshotRow | undefined> {
    return this.#connection.db.selectFrom('tier_snapshots').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** @returns rows of a site in one tier, newest data first */
  async ofSite(site: Owned, tier: TierName, states: readonly TierSnapshotState[], reader: Reader = this.#connection.db) {
    return reader
      .selectFrom('tier_snapshots')
      .selectAll()
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('tier', '=', tier)
      .where('state', 'in', states)
      .orderBy('data_at', 'desc')
      .execute();
  }

  /** @returns the tiers that hold this backup */
  async holding(site: Owned, backupId: string): Promise<TierName[]> {
    const rows = await this.#connection.db
      .selectFrom('tier_snapshots')
      .select('tier')
      .where('backup_id', '=', backupId)
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('state', '=', 'kept')
      .execute();
    return rows.map(({ tier }) => tier);
  }

  /** @returns false when the row is not in that state any more */
  async change(tx: Tx, id: string, from: TierSnapshotState, change: Updateable<TierTables['tier_snapshots']>): Promise<boolean> {
    const query = tx.updateTable('tier_snapshots').set(change).where('id', '=', id).where('state', '=', from);
    return (await query.executeTakeFirst()).numUpdatedRows === 1n;
  }

  /** Rows of all sites in a state and of these tiers, queued in that time, longest ago first. */
  async inState(
    state: TierSnapshotState,
    { tiers, since = 0, before, most }: { tiers: readonly TierName[]; since?: number; before: number; most: number },
  ): Promise<SnapshotRow[]> {
    if (tiers.length === 0) return [];
    return this.#connection.db
      .selectFrom('tier_snapshots')
      .selectAll()
      .where('state', '=', state)
      .where('tier', 'in', tiers)
      .where('queued_at', '>', since)
      .where('queued_at', '<', before)
      .orderBy('queued_at')
      .limit(most)
      .execute();
  }

  async states(site: Owned): Promise<StateRow[]> {
    return this.#connection.db
      .selectFrom('tier_states')
      .selectAll()
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .execute();
  }

  /** Begins the row of a site in a tier where there is none. */
  async beginState(tx: Tx, { id: site_id, customerId: customer_id }: Owned, tier: TierName): Promise<void> {
    await tx
      .insertInto('tier_states')
      .values({ site_id, tier, customer_id, ...begun, check_due_at: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Begins the row of a site in a tier where there is none, and changes it. */
  async setState(tx: Tx, site: Owned, tier: TierName, change: Updateable<TierTables['tier_states']>): Promise<void> {
    await this.beginState(tx, site, tier);
    const { id: site_id } = site;
    await tx.updateTable('tier_states').set(change).where('site_id', '=', site_id).where('tier', '=', tier).execute();
  }

  /** @returns sites and tiers that hold something and whose check is due */
  async checkDue(before: number, most: number): Promise<StateRow[]> {
    return this.#connection.db
      .selectFrom('tier_states')
      .selectAll()
      .where('check_due_at', '<', before)
      .where('kept_at', 'is not', null)
      .orderBy('check_due_at')
      .limit(most)
      .execute();
  }

  /** Whether the operator was told of a failure of this tier since then, of whatever site. */
  async toldSince(tx: Tx, tier: TierName, at: number): Promise<boolean> {
    const row = await tx
      .selectFrom('tier_states')
      .select('site_id')
      .where('tier', '=', tier)
      .where('told_at', '>=', at)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Of the whole service, for the operator. */
  async figures(): Promise<
    { tier: TierName; sites: number; failing: number; damaged: number; oldest: number | null; bytes: number }[]
  > {
    const rows = await this.#connection.db
      .selectFrom('tier_states')
      .select(({ fn }) => [
        'tier',
        fn.count<number>('kept_at').as('sites'),
        fn.count<number>('failed_at').as('failing'),
        fn.count<number>('check_fault').as('damaged'),
        fn.min<number | null>('data_at').as('oldest'),
        fn.sum<number | null>('bytes').as('bytes'),
      ])
      .groupBy('tier')
      .execute();
    return rows.map(({ tier, ...row }) => ({
      tier,
      sites: Number(row.sites),
      failing: Number(row.failing),
      damaged: Number(row.damaged),
      oldest: row.oldest === null ? null : Number(row.oldest),
      bytes: Number(row.bytes ?? 0),
    }));
  }

  /** Nothing is held of the site any more. */
  async forgetSite(tx: Tx, { id, customerId }: Owned, at: number): Promise<void> {
    await tx
      .updateTable('tier_snapshots')
      .set({ state: 'forgotten', forgotten_at: at, kept_because: null })
      .where('site_id', '=', id)
      .where('customer_id', '=', customerId)
      .where('state', '!=', 'forgotten')
      .execute();
    await tx.deleteFrom('tier_states').where('site_id', '=', id).where('customer_id', '=', customerId).execute();
  }
}
