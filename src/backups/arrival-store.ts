// The SQL of archives that arrive in pieces: who sends one until when, and who takes it.
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';

/** As the table has it. */
export type ArrivalRow = {
  id: string;
  site_id: string;
  customer_id: string;
  actor_person_id: string;
  bytes: number;
  changed_at: number | null;
  created_at: number;
  expires_at: number;
  judged_until: number | null;
  finished_at: number | null;
  backup_id: string | null;
};

export class ArrivalStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, row: ArrivalRow): Promise<void> {
    await tx.insertInto('unfinished_archives').values(row).execute();
  }

  byId({ id: siteId, customerId }: Site, id: string): Promise<ArrivalRow | undefined> {
    return this.#connection.db
      .selectFrom('unfinished_archives')
      .selectAll()
      .where('id', '=', id)
      .where('site_id', '=', siteId)
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
  }

  /** @returns the one of a site that is not taken yet */
  open(site: Pick<Site, 'id'>, db: Pick<Tx, 'selectFrom'> = this.#connection.db): Promise<ArrivalRow | undefined> {
    return db
      .selectFrom('unfinished_archives')
      .selectAll()
      .where('site_id', '=', site.id)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
  }

  async postpone(tx: Tx, id: string, expiresAt: number): Promise<void> {
    await tx.updateTable('unfinished_archives').set({ expires_at: expiresAt }).where('id', '=', id).execute();
  }

  /** Lets one of many take it. @returns false when another does, or it is taken or gone */
  async claim(tx: Tx, id: string, now: number, until: number): Promise<boolean> {
    const claimed = await tx
      .updateTable('unfinished_archives')
      .set({ judged_until: until })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .where((eb) => eb.or([eb('judged_until', 'is', null), eb('judged_until', '<', now)]))
      .executeTakeFirst();
    return claimed.numUpdatedRows === 1n;
  }

  /** @param until null: nobody takes it any more */
  async hold(tx: Tx, id: string, until: number | null): Promise<void> {
    await tx
      .updateTable('unfinished_archives')
      .set({ judged_until: until })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .execute();
  }

  /** Written with the backup's row. @throws Error when another took it, which leaves that one's backup alone */
  async finish(tx: Tx, id: string, { backupId, now, expiresAt }: { backupId: string; now: number; expiresAt: number }) {
    const done = await tx
      .updateTable('unfinished_archives')
      .set({ finished_at: now, judged_until: null, backup_id: backupId, expires_at: expiresAt })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    if (done.numUpdatedRows !== 1n) throw new Error('an archive that arrived in pieces was taken by another');
  }

  /** @returns false when it is being taken; then it stays */
  async remove(tx: Tx, id: string, now: number): Promise<boolean> {
    const removed = await tx
      .deleteFrom('unfinished_archives')
      .where('id', '=', id)
      .where((eb) => eb.or([eb('judged_until', 'is', null), eb('judged_until', '<', now)]))
      .executeTakeFirst();
    return removed.numDeletedRows === 1n;
  }

  /** @returns ids of what expired, at most a thousand at a time */
  async expired(now: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('unfinished_archives')
      .select('id')
      .where('expires_at', '<=', now)
      .limit(1000)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** @returns of these names the ones that are still expected */
  async needed(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('unfinished_archives')
      .select('id')
      .where('id', 'in', ids)
      .where('finished_at', 'is', null)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }
}
