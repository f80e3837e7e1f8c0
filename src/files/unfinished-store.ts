// The SQL of unfinished uploads: who may send which bytes until when, and who judges them.
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { UploadConflict } from './publishing.ts';

/** As the table has it. */
export type UnfinishedRow = {
  id: string;
  site_id: string;
  customer_id: string;
  actor_person_id: string;
  path: string;
  conflict: UploadConflict;
  bytes: number;
  changed_at: number | null;
  created_at: number;
  expires_at: number;
  judged_until: number | null;
  finished_at: number | null;
  upload_id: string | null;
};

export class UnfinishedStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, row: UnfinishedRow): Promise<void> {
    await tx.insertInto('unfinished_uploads').values(row).execute();
  }

  /** @returns room that is promised to uploads of the site, which are not in its usage yet, and how many they are */
  async promised(db: Pick<Tx, 'selectFrom'>, siteId: string): Promise<{ bytes: number; uploads: number }> {
    const row = await db
      .selectFrom('unfinished_uploads')
      .select(({ fn }) => [fn.sum<number | string | null>('bytes').as('bytes'), fn.countAll<number | string>().as('uploads')])
      .where('site_id', '=', siteId)
      .where('finished_at', 'is', null)
      .executeTakeFirstOrThrow();
    return { bytes: Number(row.bytes ?? 0), uploads: Number(row.uploads) };
  }

  promisedNow(siteId: string): Promise<{ bytes: number; uploads: number }> {
    return this.promised(this.#connection.db, siteId);
  }

  byId({ id: siteId, customerId }: Site, id: string): Promise<UnfinishedRow | undefined> {
    return this.#connection.db
      .selectFrom('unfinished_uploads')
      .selectAll()
      .where('id', '=', id)
      .where('site_id', '=', siteId)
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
  }

  /** @returns what may still go on, newest first */
  ofSite({ id: siteId, customerId }: Site, now: number): Promise<UnfinishedRow[]> {
    return this.#connection.db
      .selectFrom('unfinished_uploads')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('customer_id', '=', customerId)
      .where('finished_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('created_at', 'desc')
      .execute();
  }

  async postpone(tx: Tx, id: string, expiresAt: number): Promise<void> {
    await tx.updateTable('unfinished_uploads').set({ expires_at: expiresAt }).where('id', '=', id).execute();
  }

  /** Lets one of many judge an upload. @returns false when another does, or it is finished or gone */
  async claim(tx: Tx, id: string, now: number, until: number): Promise<boolean> {
    const claimed = await tx
      .updateTable('unfinished_uploads')
      .set({ judged_until: until })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .where((eb) => eb.or([eb('judged_until', 'is', null), eb('judged_until', '<', now)]))
      .executeTakeFirst();
    return claimed.numUpdatedRows === 1n;
  }

  /** @param until null: nobody judges it any more */
  async hold(tx: Tx, id: string, until: number | null): Promise<void> {
    await tx
      .updateTable('unfinished_uploads')
      .set({ judged_until: until })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .execute();
  }

  async finish(tx: Tx, id: string, { uploadId, now, expiresAt }: { uploadId: string; now: number; expiresAt: number }) {
    await tx
      .updateTable('unfinished_uploads')
      .set({ finished_at: now, judged_until: null, upload_id: uploadId, expires_at: expiresAt })
      .where('id', '=', id)
      .execute();
  }

  /** What was finished without being stored may be asked for again. */
  async reopen(tx: Tx, id: string): Promise<void> {
    await tx.updateTable('unfinished_uploads').set({ finished_at: null, upload_id: null }).where('id', '=', id).execute();
  }

  /** @returns false when it is being judged; then it stays */
  async remove(tx: Tx, id: string, now: number): Promise<boolean> {
    const removed = await tx
      .deleteFrom('unfinished_uploads')
      .where('id', '=', id)
      .where((eb) => eb.or([eb('judged_until', 'is', null), eb('judged_until', '<', now)]))
      .executeTakeFirst();
    return removed.numDeletedRows === 1n;
  }

  /** @returns ids of what expired, at most a thousand at a time */
  async expired(now: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('unfinished_uploads')
      .select('id')
      .where('expires_at', '<=', now)
      .orderBy('expires_at')
      .limit(1000)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** @returns of these names the ones that an upload still needs */
  async needed(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('unfinished_uploads')
      .select('id')
      .where('id', 'in', ids)
      .where('finished_at', 'is', null)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }
}
