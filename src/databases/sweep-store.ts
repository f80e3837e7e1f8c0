// The SQL of what is swept away: which dumps are known, whose work goes on, and rows whose time is over.
import type { Connection, Tx } from '../platform/database/database.ts';

export class SweepStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns ids of sites that have or had databases, in their order */
  async sitesWithDatabases(afterId: string, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('databases')
      .select('site_id')
      .distinct()
      .where('site_id', '>', afterId)
      .orderBy('site_id')
      .limit(count)
      .execute();
    return rows.map(({ site_id }) => site_id);
  }

  /** @returns keys of archives that rows of the site name */
  async archivesOf(siteId: string): Promise<ReadonlySet<string>> {
    const { db } = this.#connection;
    const [imports, trash] = await Promise.all([
      db.selectFrom('database_imports').select('source').where('site_id', '=', siteId).where('source', 'is not', null).execute(),
      db.selectFrom('database_trash').select('archive').where('site_id', '=', siteId).execute(),
    ]);
    return new Set([...imports.map(({ source }) => String(source)), ...trash.map(({ archive }) => archive)]);
  }

  /** @returns imports and restores that run, and databases that are being removed: their dumps may be there before their rows */
  async openCauses(siteId: string): Promise<ReadonlySet<string>> {
    const { db } = this.#connection;
    const [imports, removals, restores] = await Promise.all([
      db.selectFrom('database_imports').select('id').where('site_id', '=', siteId).where('ended_at', 'is', null).execute(),
      db
        .selectFrom('databases')
        .select('id')
        .where('site_id', '=', siteId)
        .where('removal_asked_at', 'is not', null)
        .where('dropped_at', 'is', null)
        .execute(),
      db
        .selectFrom('restore_databases')
        .innerJoin('restores as of', 'of.id', 'restore_databases.restore_id')
        .select('restore_databases.id')
        .where('of.site_id', '=', siteId)
        .where('of.ended_at', 'is', null)
        .execute(),
    ]);
    return new Set([...imports, ...removals, ...restores].map(({ id }) => id));
  }

  /** @param before epoch milliseconds: ended or dropped then or earlier */
  async removeEnded(tx: Tx, before: { readonly imports: number; readonly dropped: number }): Promise<void> {
    await tx
      .deleteFrom('database_imports')
      .where('ended_at', '<=', before.imports)
      .where('source', 'is', null)
      .where('staged_name', 'is', null)
      .execute();
    await tx
      .deleteFrom('databases')
      .where('dropped_at', '<=', before.dropped)
      .where('id', 'not in', ({ selectFrom }) => selectFrom('database_trash').select('database_id'))
      .where('id', 'not in', ({ selectFrom }) => selectFrom('database_imports').select('database_id'))
      .execute();
  }
}
