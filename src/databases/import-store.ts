// The SQL of imports.
import type { Selectable, Updateable } from 'kysely';
import type { DatabasesTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { DatabaseImport, ImportFault } from './states.ts';

type Table = DatabasesTables['database_imports'];
export type ImportChange = Updateable<
  Omit<Table, 'id' | 'database_id' | 'site_id' | 'customer_id' | 'actor_person_id' | 'mode' | 'from_trash' | 'queued_at'>
>;

const fromRow = (row: Selectable<Table>): DatabaseImport => ({
  id: row.id,
  databaseId: row.database_id,
  siteId: row.site_id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  mode: row.mode,
  source: row.source,
  isFromTrash: row.from_trash === 1,
  sourceBytes: row.source_bytes,
  stagedName: row.staged_name,
  state: row.state,
  step: row.step,
  runId: row.run_id,
  textBytes: row.text_bytes,
  readBytes: row.read_bytes,
  lines: row.lines,
  neutralised: row.neutralised,
  queuedAt: row.queued_at,
  movedAt: row.moved_at,
  endedAt: row.ended_at,
  fault: row.fault as ImportFault | null,
  faultLine: row.fault_line,
  faultAbout: row.fault_about,
});

export class ImportStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when one into this database is open; then nothing was written */
  async add(
    tx: Tx,
    one: Pick<
      Table,
      | 'id'
      | 'database_id'
      | 'site_id'
      | 'customer_id'
      | 'actor_person_id'
      | 'mode'
      | 'source'
      | 'from_trash'
      | 'source_bytes'
      | 'staged_name'
      | 'queued_at'
    >,
  ) {
    const open = await tx
      .selectFrom('database_imports')
      .select('id')
      .where('database_id', '=', one.database_id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (open) return false;
    const begun = { state: 'queued', step: 'loading', run_id: null, moved_at: null, ended_at: null } as const;
    const nothing = { text_bytes: 0, read_bytes: 0, lines: 0, neutralised: 0, fault: null, fault_line: null, fault_about: null };
    await tx
      .insertInto('database_imports')
      .values({ ...one, ...begun, ...nothing })
      .execute();
    return true;
  }

  async byId(id: string): Promise<DatabaseImport | undefined> {
    const row = await this.#connection.db.selectFrom('database_imports').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  async find(site: Pick<Site, 'id' | 'customerId'>, databaseId: string, id: string): Promise<DatabaseImport | undefined> {
    const row = await this.#connection.db
      .selectFrom('database_imports')
      .selectAll()
      .where('id', '=', id)
      .where('database_id', '=', databaseId)
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns the newest imports into a database, the open one before all */
  async last(site: Pick<Site, 'id' | 'customerId'>, databaseId: string, count: number, tx?: Tx): Promise<DatabaseImport[]> {
    const rows = await (tx ?? this.#connection.db)
      .selectFrom('database_imports')
      .selectAll()
      .where('database_id', '=', databaseId)
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .orderBy(({ eb }) => eb.case().when('ended_at', 'is', null).then(0).else(1).end())
      .orderBy('queued_at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** Takes it for this attempt. @returns false when it has ended */
  async claim(tx: Tx, id: string, runId: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('database_imports')
      .set({ run_id: runId, state: 'running', moved_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when another attempt has taken it, or it has ended */
  async change(tx: Tx, id: string, runId: string, change: ImportChange): Promise<boolean> {
    const result = await tx
      .updateTable('database_imports')
      .set(change)
      .where('id', '=', id)
      .where('run_id', '=', runId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns ended ones of which something still lies about */
  async leftovers(): Promise<DatabaseImport[]> {
    const rows = await this.#connection.db
      .selectFrom('database_imports')
      .selectAll()
      .where('ended_at', 'is not', null)
      .where((eb) => eb.or([eb('source', 'is not', null), eb('staged_name', 'is not', null)]))
      .limit(100)
      .execute();
    return rows.map(fromRow);
  }

  /** Nothing lies about any more. */
  async tidied(tx: Tx, id: string, change: { source?: null; staged_name?: null }): Promise<void> {
    await tx.updateTable('database_imports').set(change).where('id', '=', id).where('ended_at', 'is not', null).execute();
  }
}
