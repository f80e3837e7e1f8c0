// The SQL of databases, and of who may download them.
import type { Selectable, Updateable } from 'kysely';
import type { DatabasesTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { Database } from './states.ts';

type Row = Selectable<DatabasesTables['databases']>;
export type DatabaseChange = Updateable<
  Pick<
    DatabasesTables['databases'],
    | 'made_at'
    | 'locked_at'
    | 'removal_asked_at'
    | 'removal_failed_at'
    | 'dropped_at'
    | 'bytes'
    | 'table_count'
    | 'measured_at'
    | 'charset'
  >
>;

const fromRow = (row: Row): Database => ({
  id: row.id,
  siteId: row.site_id,
  customerId: row.customer_id,
  serverId: row.database_server_id,
  engine: row.engine,
  name: row.name,
  login: row.login,
  charset: row.charset,
  begunAt: row.begun_at,
  madeAt: row.made_at,
  lockedAt: row.locked_at,
  removalAskedAt: row.removal_asked_at,
  removalFailedAt: row.removal_failed_at,
  droppedAt: row.dropped_at,
  bytes: row.bytes,
  tableCount: row.table_count,
  measuredAt: row.measured_at,
});

type Owner = Pick<Site, 'id' | 'customerId'>;
export type Grant = DatabasesTables['database_grants'];

export class DatabaseStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns the site's databases that are not dropped, by name */
  async ofSite(site: Owner, tx?: Tx): Promise<Database[]> {
    const rows = await (tx ?? this.#connection.db)
      .selectFrom('databases')
      .selectAll()
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('dropped_at', 'is', null)
      .orderBy('name')
      .execute();
    return rows.map(fromRow);
  }

  /** Of this site and customer; also one that is dropped, since its dump may still be there. */
  async find(site: Owner, id: string, tx?: Tx): Promise<Database | undefined> {
    const row = await (tx ?? this.#connection.db)
      .selectFrom('databases')
      .selectAll()
      .where('id', '=', id)
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns names by id, as long as there is a row: of dropped ones as well */
  async namesOf(customerId: string): Promise<Map<string, string>> {
    const query = this.#connection.db.selectFrom('databases').select(['id', 'name']).where('customer_id', '=', customerId);
    return new Map((await query.execute()).map(({ id, name }) => [id, name]));
  }

  /** For jobs: whoever it belongs to. */
  async byId(id: string): Promise<Database | undefined> {
    const row = await this.#connection.db.selectFrom('databases').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns false when the name is taken; then nothing was written */
  async add(
    tx: Tx,
    database: Pick<Database, 'id' | 'siteId' | 'customerId' | 'serverId' | 'engine' | 'name' | 'login' | 'charset' | 'begunAt'>,
  ) {
    const { id, engine, name, login, charset } = database;
    const taken = await tx
      .selectFrom('databases')
      .select('id')
      .where('database_server_id', '=', database.serverId)
      .where('name', '=', name)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    if (taken) return false;
    const owner = { site_id: database.siteId, customer_id: database.customerId, database_server_id: database.serverId };
    const unknown = { bytes: null, table_count: null, measured_at: null };
    const never = { made_at: null, locked_at: null, removal_asked_at: null, removal_failed_at: null, dropped_at: null };
    await tx
      .insertInto('databases')
      .values({ id, ...owner, engine, name, login, charset, begun_at: database.begunAt, ...never, ...unknown })
      .execute();
    return true;
  }

  /** @returns false when it is dropped already */
  async change(tx: Tx, id: string, change: DatabaseChange): Promise<boolean> {
    const result = await tx
      .updateTable('databases')
      .set(change)
      .where('id', '=', id)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when it is dropped, or on another server than it was */
  async switchServer(tx: Tx, id: string, fromId: string, toId: string): Promise<boolean> {
    const result = await tx
      .updateTable('databases')
      .set({ database_server_id: toId })
      .where('id', '=', id)
      .where('database_server_id', '=', fromId)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async bytesOf(siteId: string): Promise<number> {
    const row = await this.#connection.db
      .selectFrom('databases')
      .select(({ fn }) => fn.sum<number>('bytes').as('bytes'))
      .where('site_id', '=', siteId)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return Number(row?.bytes ?? 0);
  }

  /** @returns whether a database of this name is on that server as far as the panel knows, whoever's it is */
  async livesOn(databaseServerId: string, name: string): Promise<boolean> {
    const row = await this.#connection.db
      .selectFrom('databases')
      .select('id')
      .where('database_server_id', '=', databaseServerId)
      .where('name', '=', name)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** @returns the character set of the database of this name there, now or before; undefined where none was chosen */
  async charsetOf(databaseServerId: string, name: string): Promise<string | undefined> {
    const row = await this.#connection.db
      .selectFrom('databases')
      .select('charset')
      .where('database_server_id', '=', databaseServerId)
      .where('name', '=', name)
      .orderBy('begun_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.charset ?? undefined;
  }

  /** A row whose database never came to be. */
  async forget(tx: Tx, id: string): Promise<void> {
    await tx.deleteFrom('databases').where('id', '=', id).where('made_at', 'is', null).execute();
  }

  /** @returns those whose making was begun before, and never finished */
  async neverMade(before: number): Promise<Database[]> {
    const rows = await this.#connection.db
      .selectFrom('databases')
      .selectAll()
      .where('made_at', 'is', null)
      .where('dropped_at', 'is', null)
      .where('begun_at', '<', before)
      .limit(100)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns those that were not measured since, in the order of ids */
  async notMeasuredSince(before: number, afterId: string, count: number): Promise<Database[]> {
    const rows = await this.#connection.db
      .selectFrom('databases')
      .selectAll()
      .where('made_at', 'is not', null)
      .where('dropped_at', 'is', null)
      .where('id', '>', afterId)
      .where((eb) => eb.or([eb('measured_at', 'is', null), eb('measured_at', '<', before)]))
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns false when there is one already; then nothing was written */
  async grant(tx: Tx, grant: Grant): Promise<boolean> {
    const result = await tx
      .insertInto('database_grants')
      .values(grant)
      .onConflict((conflict) => conflict.columns(['session_hash', 'subject_id']).doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async isGranted({ session_hash, subject_id, customer_id, actor_person_id }: Omit<Grant, 'created_at'>): Promise<boolean> {
    const row = await this.#connection.db
      .selectFrom('database_grants')
      .select('created_at')
      .where('session_hash', '=', session_hash)
      .where('subject_id', '=', subject_id)
      .where('customer_id', '=', customer_id)
      .where('actor_person_id', '=', actor_person_id)
      .executeTakeFirst();
    return row !== undefined;
  }

  async forgetGrants(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('database_grants').where('created_at', '<', before).execute();
  }
}
