// The SQL of pulling on the panel's side: renderings that are asked for, and what hosts wrote about their connections.
import type { Selectable } from 'kysely';
import type { PullTables, TierName } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

export type StagingRow = Selectable<PullTables['pull_stagings']>;
export type LineRow = Selectable<PullTables['pull_connections']>;
export type HostRow = Selectable<PullTables['pull_hosts']>;

const nothingYet = { staged_at: null, taken_at: null, failed_at: null, fault: null } as const;

export class PullStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ask(tx: Tx, row: Omit<StagingRow, keyof typeof nothingYet>): Promise<void> {
    await tx
      .insertInto('pull_stagings')
      .values({ ...row, ...nothingYet })
      .execute();
  }

  /** Asked for, and neither there nor failed. */
  async openOf(tx: Tx, backupId: string): Promise<StagingRow | undefined> {
    return tx
      .selectFrom('pull_stagings')
      .selectAll()
      .where('backup_id', '=', backupId)
      .where('taken_at', 'is', null)
      .where('failed_at', 'is', null)
      .executeTakeFirst();
  }

  async byId(id: string): Promise<StagingRow | undefined> {
    return this.#connection.db.selectFrom('pull_stagings').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Laid there and not taken yet. */
  async staged(most: number): Promise<StagingRow[]> {
    return this.#connection.db
      .selectFrom('pull_stagings')
      .selectAll()
      .where('staged_at', 'is not', null)
      .where('taken_at', 'is', null)
      .where('failed_at', 'is', null)
      .limit(most)
      .execute();
  }

  async end(tx: Tx, id: string, how: { taken_at: number } | { failed_at: number; fault: string }): Promise<void> {
    await tx.updateTable('pull_stagings').set(how).where('id', '=', id).where('taken_at', 'is', null).execute();
  }

  /** Newest first. */
  async lines(most: number): Promise<LineRow[]> {
    return this.#connection.db
      .selectFrom('pull_connections')
      .selectAll()
      .orderBy('opened_at', 'desc')
      .orderBy('id', 'desc')
      .limit(most)
      .execute();
  }

  async hosts(): Promise<HostRow[]> {
    return this.#connection.db.selectFrom('pull_hosts').selectAll().orderBy('tier').execute();
  }

  async removeLines(before: number): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('pull_connections').where('opened_at', '<', before).execute());
  }

  /**
   * @param isSilent the host does not come any more, which is told with the site whose data are the oldest
   * @returns a site to tell of: one whose backup could not be pulled first; undefined when the operator was told of the tier since `at`
   */
  async untold(tier: TierName, at: number, isSilent: boolean): Promise<{ site_id: string; fault: string } | undefined> {
    const states = this.#connection.db.selectFrom('tier_states').where('tier', '=', tier);
    if (await states.select('site_id').where('told_at', '>=', at).executeTakeFirst()) return undefined;
    const failing = states.select(['site_id', 'fault']).where('failed_at', 'is not', null).orderBy('failed_at');
    const failed = await failing.executeTakeFirst();
    if (failed) return { ...failed, fault: failed.fault ?? 'FAILED' };
    const oldest = isSilent ? await states.select('site_id').orderBy('data_at').executeTakeFirst() : undefined;
    return oldest && { ...oldest, fault: 'SILENT' };
  }

  async told(tx: Tx, siteId: string, tier: TierName, at: number): Promise<void> {
    await tx.updateTable('tier_states').set({ told_at: at }).where('site_id', '=', siteId).where('tier', '=', tier).execute();
  }
}
