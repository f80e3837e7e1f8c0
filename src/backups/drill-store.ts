// The SQL of drills: one row a site, the last drill or the one that waits or runs.
import type { Selectable, Updateable } from 'kysely';
import type { ThrowAway } from '../databases/databases.ts';
import type { BackupTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { goodStates } from './states.ts';

type Row = Selectable<BackupTables['backup_drills']>;
export type DrillChange = Updateable<BackupTables['backup_drills']>;

export type Drill = {
  readonly siteId: string;
  readonly customerId: string;
  readonly runId: string | null;
  readonly endedAt: number | null;
  readonly outcome: Row['outcome'];
  readonly reason: string | null;
  readonly backupId: string | null;
  readonly provenAt: number | null;
  readonly throwAways: readonly ThrowAway[];
};

const fromRow = (row: Row): Drill => ({
  siteId: row.site_id,
  customerId: row.customer_id,
  runId: row.run_id,
  endedAt: row.ended_at,
  outcome: row.outcome,
  reason: row.reason,
  backupId: row.backup_id,
  provenAt: row.proven_at,
  throwAways: JSON.parse(row.throw_aways),
});

const nothingYet = {
  ...{ backup_id: null, run_id: null, moved_at: null, ended_at: null, outcome: null, reason: null, due_at: null },
  ...{ proven_at: null, tools: '{}', throw_aways: '[]' },
  ...{ files: null, bytes: null, databases: null, tables: null, rows: null },
} as const;

export type DueSite = { readonly id: string; readonly customerId: string };

/** A site whose drill was never, or was not since. */
export type Uncovered = { readonly name: string; readonly provenAt: number | null; readonly reason: string | null };

export class DrillStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async of(siteId: string): Promise<Drill | undefined> {
    const { db } = this.#connection;
    const row = await db.selectFrom('backup_drills').selectAll().where('site_id', '=', siteId).executeTakeFirst();
    return row && fromRow(row);
  }

  /** A new one waits; what the last one proved stays. @returns false when one waits or runs already */
  async queue(tx: Tx, { id, customerId }: DueSite, now: number): Promise<boolean> {
    const again = { queued_at: now, run_id: null, moved_at: null, ended_at: null };
    const result = await tx
      .insertInto('backup_drills')
      .values({ ...nothingYet, site_id: id, customer_id: customerId, queued_at: now })
      .onConflict((conflict) => conflict.column('site_id').doUpdateSet(again).where('backup_drills.ended_at', 'is not', null))
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  /** From now on the drill is this run's, whoever had it before. @returns false when none waits or runs */
  async claim(tx: Tx, siteId: string, run_id: string, now: number): Promise<boolean> {
    return this.#update(tx, siteId, { run_id, moved_at: now }, undefined);
  }

  /** @returns false when another run has taken over, or the drill has ended */
  change(tx: Tx, siteId: string, runId: string, change: DrillChange): Promise<boolean> {
    return this.#update(tx, siteId, change, runId);
  }

  async #update(tx: Tx, siteId: string, change: DrillChange, runId: string | undefined): Promise<boolean> {
    let query = tx.updateTable('backup_drills').set(change).where('site_id', '=', siteId).where('ended_at', 'is', null);
    if (runId !== undefined) query = query.where('run_id', '=', runId);
    return (await query.executeTakeFirst()).numUpdatedRows === 1n;
  }

  /** What an ended drill left is gone. */
  async tidied(tx: Tx, siteId: string): Promise<void> {
    await tx
      .updateTable('backup_drills')
      .set({ throw_aways: '[]' })
      .where('site_id', '=', siteId)
      .where('ended_at', 'is not', null)
      .execute();
  }

  /** Drills that nobody has moved since, and ended ones that left something on a server. */
  async leftovers(before: number, most: number): Promise<Drill[]> {
    const rows = await this.#connection.db
      .selectFrom('backup_drills')
      .selectAll()
      .where((eb) =>
        eb.or([
          eb.and([eb('ended_at', 'is', null), eb(eb.fn.coalesce('moved_at', 'queued_at'), '<', before)]),
          eb.and([eb('ended_at', 'is not', null), eb('throw_aways', '!=', '[]')]),
        ]),
      )
      .limit(most)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns those of these sites whose drill waits or runs */
  async open(siteIds: readonly string[]): Promise<Set<string>> {
    if (siteIds.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('backup_drills')
      .select('site_id')
      .where('site_id', 'in', siteIds)
      .where('ended_at', 'is', null)
      .execute();
    return new Set(rows.map((row) => row.site_id));
  }

  /** @returns every set of versions that drills succeeded with */
  async tools(): Promise<string[]> {
    const rows = await this.#connection.db.selectFrom('backup_drills').select('tools').distinct().execute();
    return rows.map(({ tools }) => tools);
  }

  /**
   * Open sites with a good backup whose drill is due, those that wait longest first.
   * @param due `openedBefore`: younger sites wait; `stale`: of `tools`, what is not true any more
   */
  async due(due: { now: number; openedBefore: number; stale: readonly string[] }, most: number): Promise<DueSite[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .leftJoin('backup_drills as drill', 'drill.site_id', 'sites.id')
      .select(['sites.id as id', 'sites.customer_id as customer_id'])
      .where('sites.terminated_at', 'is', null)
      .where('sites.opened_at', '<', due.openedBefore)
      .where((eb) =>
        eb.or([
          eb('drill.site_id', 'is', null),
          eb.and([
            eb('drill.ended_at', 'is not', null),
            eb.or([
              eb('drill.due_at', '<=', due.now),
              ...(due.stale.length > 0 ? [eb.and([eb('drill.tools', 'in', due.stale), eb('drill.outcome', '=', 'proven')])] : []),
            ]),
          ]),
        ]),
      )
      .where('sites.id', 'in', (eb) => eb.selectFrom('backups').select('site_id').where('state', 'in', goodStates))
      .orderBy((eb) => eb.fn.coalesce('drill.ended_at', eb.lit(0)))
      .orderBy('sites.id')
      .limit(most)
      .execute();
    return rows.map((row) => ({ id: row.id, customerId: row.customer_id }));
  }

  /** @returns how many open sites there are, and of how many a backup was proven since */
  async coverage(since: number): Promise<{ open: number; proven: number }> {
    const row = await this.#connection.db
      .selectFrom('sites')
      .leftJoin('backup_drills as drill', (join) =>
        join.onRef('drill.site_id', '=', 'sites.id').on('drill.proven_at', '>=', since),
      )
      .select((eb) => [eb.fn.countAll<number>().as('open'), eb.fn.count<number>('drill.site_id').as('proven')])
      .where('sites.terminated_at', 'is', null)
      .where('sites.opened_at', 'is not', null)
      .executeTakeFirstOrThrow();
    return { open: Number(row.open), proven: Number(row.proven) };
  }

  /** Those that `coverage` misses, the longest first. */
  async uncovered(since: number, most: number): Promise<Uncovered[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .leftJoin('backup_drills as drill', 'drill.site_id', 'sites.id')
      .select(['sites.name as name', 'drill.proven_at as proven_at', 'drill.reason as reason'])
      .where('sites.terminated_at', 'is', null)
      .where('sites.opened_at', 'is not', null)
      .where((eb) => eb.or([eb('drill.proven_at', 'is', null), eb('drill.proven_at', '<', since)]))
      .orderBy((eb) => eb.fn.coalesce('drill.proven_at', eb.lit(0)))
      .orderBy('sites.name')
      .limit(most)
      .execute();
    return rows.map((row) => ({ name: row.name, provenAt: row.proven_at, reason: row.reason }));
  }

  /** Whether backups wait, are made or checked now: they go first. */
  async areBackupsUnderWay(since: number): Promise<boolean> {
    const row = await this.#connection.db
      .selectFrom('backups')
      .select('id')
      .where('state', 'in', ['queued', 'running', 'made'])
      .where('queued_at', '>=', since)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }
}
