// The SQL of dumps in the trash.
import type { Selectable } from 'kysely';
import type { DatabasesTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { TrashDump } from './states.ts';

type Table = DatabasesTables['database_trash'];
export type NewDump = Omit<Table, 'removed_at'>;
/** A dump with what is known of its database. */
export type NamedDump = TrashDump & {
  readonly name: string;
  readonly engine: 'mariadb' | 'postgresql';
  readonly charset: string | null;
  /** the database is still there, with other content */
  readonly isThere: boolean;
};

const fromRow = (row: Selectable<Table>): TrashDump => ({
  id: row.id,
  databaseId: row.database_id,
  siteId: row.site_id,
  customerId: row.customer_id,
  because: row.because,
  archive: row.archive,
  bytes: row.bytes,
  textBytes: row.text_bytes,
  sha256: row.sha256,
  tableCount: row.table_count,
  madeAt: row.made_at,
  expiresAt: row.expires_at,
});

export class TrashStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns the dump that a cause has left */
  async ofCause(causeId: string): Promise<TrashDump | undefined> {
    const row = await this.#connection.db
      .selectFrom('database_trash')
      .selectAll()
      .where('cause_id', '=', causeId)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** Each cause leaves one: the newest. */
  async put(tx: Tx, dump: NewDump): Promise<void> {
    const { id: _, ...newest } = dump;
    await tx
      .insertInto('database_trash')
      .values({ ...dump, removed_at: null })
      .onConflict((conflict) => conflict.column('cause_id').doUpdateSet({ ...newest, removed_at: null }))
      .execute();
  }

  /** @returns what the site's trash holds, newest first */
  async ofSite(site: Pick<Site, 'id' | 'customerId'>, id?: string): Promise<NamedDump[]> {
    const rows = await this.#connection.db
      .selectFrom('database_trash')
      .innerJoin('databases as of', 'of.id', 'database_trash.database_id')
      .selectAll('database_trash')
      .select(['of.name', 'of.engine', 'of.charset', 'of.dropped_at'])
      .where('database_trash.site_id', '=', site.id)
      .where('database_trash.customer_id', '=', site.customerId)
      .where('removed_at', 'is', null)
      .$if(id !== undefined, (query) => query.where('database_trash.id', '=', id ?? ''))
      .orderBy('database_trash.made_at', 'desc')
      .orderBy('database_trash.id', 'desc')
      .execute();
    return rows.map((row) => {
      const { name, engine, charset, dropped_at } = row;
      return { ...fromRow(row), name, engine, charset, isThere: dropped_at === null };
    });
  }

  /** @returns those whose time is over, but for what an import is being made of */
  async expired(now: number): Promise<TrashDump[]> {
    const rows = await this.#connection.db
      .selectFrom('database_trash')
      .selectAll()
      .where('expires_at', '<=', now)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('database_imports')
              .select('id')
              .whereRef('source', '=', 'database_trash.archive')
              .where('ended_at', 'is', null),
          ),
        ),
      )
      .limit(100)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns false when it was removed already */
  async remove(tx: Tx, id: string): Promise<boolean> {
    const result = await tx.deleteFrom('database_trash').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows === 1n;
  }
}
