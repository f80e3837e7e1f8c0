// The SQL of restores. What is shown to a person is always looked up by customer, site and id.
import type { Selectable, Updateable } from 'kysely';
import type { RestoreTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { PlannedDatabase, Restore, RestoreDatabase, RestoreFault, RestoreItem } from './states.ts';

type Row = Selectable<RestoreTables['restores']>;
type DatabaseRow = Selectable<RestoreTables['restore_databases']>;
export type RestoreChange = Updateable<Omit<RestoreTables['restores'], 'id' | 'site_id' | 'customer_id'>>;
export type NewRestore = Pick<
  Restore,
  | 'id'
  | 'siteId'
  | 'customerId'
  | 'personId'
  | 'backupId'
  | 'undoOf'
  | 'scope'
  | 'paths'
  | 'dest'
  | 'mode'
  | 'folder'
  | 'planHash'
  | 'plan'
  | 'step'
  | 'askedAt'
>;

const fromRow = (row: Row): Restore => ({
  id: row.id,
  siteId: row.site_id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  backupId: row.backup_id,
  undoOf: row.undo_of,
  scope: row.scope,
  paths: JSON.parse(row.paths),
  dest: row.dest,
  mode: row.mode,
  folder: row.folder,
  planHash: row.plan_hash,
  plan: JSON.parse(row.plan),
  step: row.step,
  runId: row.run_id,
  actId: row.act_id,
  safetyId: row.safety_id,
  serverId: row.server_id,
  bytesDone: row.bytes_done,
  bytesTotal: row.bytes_total,
  filesDone: row.files_done,
  filesTotal: row.files_total,
  fault: row.fault as RestoreFault | null,
  faultAbout: JSON.parse(row.fault_about ?? '{}'),
  askedAt: row.asked_at,
  movedAt: row.moved_at,
  switchedAt: row.switched_at,
  endedAt: row.ended_at,
  undoneAt: row.undone_at,
});

const databaseFrom = (row: DatabaseRow): RestoreDatabase => ({
  id: row.id,
  name: row.name,
  engine: row.engine,
  member: row.member,
  tables: row.table_count,
  rows: row.row_count,
  undoOf: row.undo_of,
  databaseId: row.database_id,
  into: row.into_name,
  isNew: row.is_new === 1,
  switchingAt: row.switching_at,
  switchedAt: row.switched_at,
  returnedAt: row.returned_at,
});

/** Rows that go in by one statement: SQLite takes 32,766 values. */
const together = 1000;

export class RestoreStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  #ofSite({ id, customerId }: Pick<Site, 'id' | 'customerId'>, reader: Reader = this.#connection.db) {
    return reader.selectFrom('restores').selectAll().where('site_id', '=', id).where('customer_id', '=', customerId);
  }

  async add(tx: Tx, one: NewRestore): Promise<void> {
    const asked = {
      ...{ id: one.id, site_id: one.siteId, customer_id: one.customerId, actor_person_id: one.personId },
      ...{ backup_id: one.backupId, undo_of: one.undoOf, scope: one.scope, paths: JSON.stringify(one.paths) },
      ...{ dest: one.dest, mode: one.mode, folder: one.folder, plan_hash: one.planHash, plan: JSON.stringify(one.plan) },
      ...{ step: one.step, asked_at: one.askedAt, moved_at: one.askedAt },
      ...{ bytes_total: one.plan.staged.bytes, files_total: one.plan.staged.files, bytes_done: 0, files_done: 0 },
    };
    const unknown = { run_id: null, act_id: null, safety_id: null, server_id: null, staging_ms: null };
    const never = { fault: null, fault_about: null, switched_at: null, ended_at: null, undone_at: null };
    await tx
      .insertInto('restores')
      .values({ ...asked, ...unknown, ...never })
      .execute();
  }

  async addItems(tx: Tx, restoreId: string, items: readonly RestoreItem[]): Promise<void> {
    for (let start = 0; start < items.length; start += together) {
      const rows = items.slice(start, start + together).map(({ path, comes }, at) => {
        return { restore_id: restoreId, place: start + at, path, comes: comes ? (1 as const) : (0 as const) };
      });
      await tx.insertInto('restore_items').values(rows).execute();
    }
  }

  async items(restoreId: string): Promise<RestoreItem[]> {
    const rows = await this.#connection.db
      .selectFrom('restore_items')
      .select(['path', 'comes'])
      .where('restore_id', '=', restoreId)
      .orderBy('place')
      .execute();
    return rows.map(({ path, comes }) => ({ path, comes: comes === 1 }));
  }

  async addDatabase(tx: Tx, restoreId: string, { id, ...one }: PlannedDatabase & { id: string }): Promise<void> {
    const { name, engine, member, into, databaseId } = one;
    const counts = { table_count: one.tables, row_count: one.rows };
    const never = { staged_at: null, switching_at: null, switched_at: null, returned_at: null };
    const target = { database_id: databaseId, into_name: into, is_new: databaseId === null ? 1 : 0, undo_of: one.undoOf ?? null };
    await tx
      .insertInto('restore_databases')
      .values({
        id,
        restore_id: restoreId,
        name,
        engine,
        member,
        ...counts,
        ...(target as { is_new: 0 | 1 } & typeof target),
        ...never,
      })
      .execute();
  }

  async databases(restoreId: string): Promise<RestoreDatabase[]> {
    const rows = await this.#connection.db
      .selectFrom('restore_databases')
      .selectAll()
      .where('restore_id', '=', restoreId)
      .orderBy('id')
      .execute();
    return rows.map(databaseFrom);
  }

  async databaseIdOf(id: string): Promise<string | null> {
    const row = await this.#connection.db
      .selectFrom('restore_databases')
      .select('database_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.database_id ?? null;
  }

  async changeDatabase(tx: Tx, id: string, change: Updateable<RestoreTables['restore_databases']>): Promise<void> {
    await tx.updateTable('restore_databases').set(change).where('id', '=', id).execute();
  }

  async byId(id: string, reader: Reader = this.#connection.db): Promise<Restore | undefined> {
    const row = await reader.selectFrom('restores').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  async find(site: Site, id: string): Promise<Restore | undefined> {
    const row = await this.#ofSite(site).where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns the one that has not ended */
  async open(site: Pick<Site, 'id' | 'customerId'>, tx?: Tx): Promise<Restore | undefined> {
    const row = await this.#ofSite(site, tx).where('ended_at', 'is', null).executeTakeFirst();
    return row && fromRow(row);
  }

  /** Newest first. */
  async list(site: Site, count: number, offset = 0): Promise<Restore[]> {
    const rows = await this.#ofSite(site).orderBy('asked_at', 'desc').orderBy('id', 'desc').limit(count).offset(offset).execute();
    return rows.map(fromRow);
  }

  /** Whoever held it before changes nothing more. @returns undefined for one that has ended */
  async claim(tx: Tx, id: string, runId: string, now: number): Promise<Restore | undefined> {
    const row = await tx
      .updateTable('restores')
      .set({ run_id: runId, moved_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns false when somebody else holds it by now, or it has ended */
  async change(tx: Tx, id: string, runId: string, change: RestoreChange): Promise<boolean> {
    const result = await tx
      .updateTable('restores')
      .set(change)
      .where('id', '=', id)
      .where('run_id', '=', runId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async markUndone(tx: Tx, id: string, now: number): Promise<void> {
    await tx.updateTable('restores').set({ undone_at: now }).where('id', '=', id).execute();
  }

  /** @returns those under way whose worker was not heard of since: their job is lost, or has used up its attempts */
  async lost(before: number): Promise<Restore[]> {
    const query = this.#connection.db.selectFrom('restores').selectAll().where('ended_at', 'is', null);
    return (await query.where('moved_at', '<', before).orderBy('id').limit(200).execute()).map(fromRow);
  }

  /** @returns how quickly the last ones were staged, in bytes a second; undefined where none was */
  async speed(): Promise<number | undefined> {
    const rows = await this.#connection.db
      .selectFrom('restores')
      .select(['bytes_total', 'staging_ms'])
      .where('staging_ms', '>', 0)
      .where('bytes_total', '>', 1_000_000)
      .orderBy('asked_at', 'desc')
      .limit(5)
      .execute();
    const [bytes, milliseconds] = rows.reduce(([b, ms], row) => [b + row.bytes_total, ms + (row.staging_ms ?? 0)], [0, 0]);
    return milliseconds > 0 ? (bytes * 1000) / milliseconds : undefined;
  }
}
