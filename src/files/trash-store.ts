// The SQL of what was deleted.
import type { Selectable } from 'kysely';
import type { FileTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { EntryKind } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';

type Table = FileTables['file_trash'];

export type Trashed = {
  readonly id: string;
  readonly siteId: string;
  readonly actId: string;
  readonly because: Table['because'];
  readonly path: string;
  readonly kind: EntryKind;
  readonly bytes: number;
  readonly trashedAt: number;
  readonly expiresAt: number;
};

const fromRow = (row: Selectable<Table>): Trashed => ({
  id: row.id,
  siteId: row.site_id,
  actId: row.act_id,
  because: row.because,
  path: row.path,
  kind: row.kind,
  bytes: row.bytes,
  trashedAt: row.trashed_at,
  expiresAt: row.expires_at,
});

export class TrashStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, row: Omit<Table, 'moved_at'>): Promise<void> {
    await tx
      .insertInto('file_trash')
      .values({ ...row, moved_at: null })
      .execute();
  }

  /** It lies in the trash now. */
  async markMoved(tx: Tx, id: string, now: number): Promise<void> {
    await tx.updateTable('file_trash').set({ moved_at: now }).where('id', '=', id).execute();
  }

  async remove(tx: Tx, id: string): Promise<boolean> {
    const { numDeletedRows } = await tx.deleteFrom('file_trash').where('id', '=', id).executeTakeFirst();
    return numDeletedRows === 1n;
  }

  #lying(site: Pick<Site, 'id' | 'customerId'>) {
    return this.#connection.db
      .selectFrom('file_trash')
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('moved_at', 'is not', null);
  }

  /** @returns newest first */
  async page(site: Site, count: number, skip: number): Promise<Trashed[]> {
    const rows = await this.#lying(site)
      .selectAll()
      .orderBy('trashed_at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .offset(skip)
      .execute();
    return rows.map(fromRow);
  }

  async total(site: Pick<Site, 'id' | 'customerId'>): Promise<number> {
    const { count } = await this.#lying(site)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async byIds(site: Site, ids: readonly string[]): Promise<Trashed[]> {
    const rows = await this.#lying(site)
      .selectAll()
      .where('id', 'in', [...ids])
      .orderBy('trashed_at')
      .orderBy('id')
      .execute();
    return rows.map(fromRow);
  }

  /** @returns what went with one act */
  async ofAct(site: Site, actId: string): Promise<Trashed[]> {
    const rows = await this.#lying(site).selectAll().where('act_id', '=', actId).orderBy('id').execute();
    return rows.map(fromRow);
  }

  /** @returns what was written over in this file, newest first */
  async versionsOf(site: Site, path: string, count: number): Promise<Trashed[]> {
    const rows = await this.#lying(site)
      .selectAll()
      .where('path', '=', path)
      .where('because', '=', 'edited')
      .orderBy('trashed_at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns sites with something that expired, or was announced before `before` and is not finished */
  async sitesDue(now: number, before: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('file_trash')
      .select('site_id')
      .where((eb) => eb.or([eb('expires_at', '<=', now), eb.and([eb('moved_at', 'is', null), eb('trashed_at', '<', before)])]))
      .groupBy('site_id')
      .orderBy('site_id')
      .execute();
    return rows.map(({ site_id }) => site_id);
  }

  async expired(siteId: string, now: number, count: number): Promise<Trashed[]> {
    const rows = await this.#connection.db
      .selectFrom('file_trash')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('expires_at', '<=', now)
      .orderBy('expires_at')
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** It is tried again from `at` on. */
  async postpone(tx: Tx, id: string, at: number): Promise<void> {
    await tx.updateTable('file_trash').set({ expires_at: at }).where('id', '=', id).execute();
  }

  /** @returns what was announced before `before` and not finished */
  async unfinished(siteId: string, before: number, count: number): Promise<Trashed[]> {
    const rows = await this.#connection.db
      .selectFrom('file_trash')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('moved_at', 'is', null)
      .where('trashed_at', '<', before)
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }
}
