// The SQL of moves.
import type { Selectable, Updateable } from 'kysely';
import type { MoveStep, MoveTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Move } from './moves.ts';

type Row = Selectable<MoveTables['site_moves']>;
export type MoveChange = Updateable<MoveTables['site_moves']>;
export type MoveDatabaseRow = Selectable<MoveTables['site_move_databases']>;
type NewMove = Pick<
  Row,
  'id' | 'site_id' | 'customer_id' | 'from_server_id' | 'to_server_id' | 'keep_days' | 'over_move_id' | 'asked_at'
>;

const fromRow = (row: Row): Move => ({
  id: row.id,
  siteId: row.site_id,
  customerId: row.customer_id,
  fromServerId: row.from_server_id,
  toServerId: row.to_server_id,
  keepDays: row.keep_days,
  overMoveId: row.over_move_id,
  step: row.step,
  backupId: row.backup_id,
  pass: row.pass,
  files: row.files,
  bytes: row.bytes,
  sha256: row.sha256,
  fault: row.fault,
  askedAt: row.asked_at,
  stepAt: row.step_at,
  frozenAt: row.frozen_at,
  switchedAt: row.switched_at,
  endedAt: row.ended_at,
  leftOnServerId: row.left_on_server_id,
  leftUntil: row.left_until,
  removedAt: row.removed_at,
});

/** Rows that are read at a time. */
const page = 200;

/** @param read gives the rows after an id, in the order of ids, none at the end. @yields all of them */
export async function* inPages(read: (afterId: string) => Promise<Move[]>): AsyncGenerator<Move> {
  for (let after = ''; ; ) {
    const moves = await read(after);
    yield* moves;
    const last = moves.at(-1);
    if (!last) return;
    after = last.id;
  }
}

export class MoveStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when one of the site is under way; then nothing was written */
  async add(tx: Tx, move: NewMove): Promise<boolean> {
    if (await this.open(move.site_id, tx)) return false;
    const never = { frozen_at: null, switched_at: null, ended_at: null };
    const nothing = { left_on_server_id: null, left_until: null, removed_at: null };
    const unknown = { run_id: null, backup_id: null, sha256: null, fault: null };
    const begun = { step: 'checking', pass: 0, files: 0, bytes: 0, step_at: move.asked_at, seen_at: move.asked_at } as const;
    await tx
      .insertInto('site_moves')
      .values({ ...move, ...begun, ...unknown, ...never, ...nothing })
      .execute();
    return true;
  }

  async byId(id: string, tx?: Tx): Promise<Move | undefined> {
    const row = await (tx ?? this.#connection.db).selectFrom('site_moves').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns the one that is under way */
  async open(siteId: string, tx?: Tx): Promise<Move | undefined> {
    const row = await (tx ?? this.#connection.db)
      .selectFrom('site_moves')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns the site's moves that left something somewhere, newest first */
  async leftOf(siteId: string, tx?: Tx): Promise<Move[]> {
    const rows = await (tx ?? this.#connection.db)
      .selectFrom('site_moves')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('left_on_server_id', 'is not', null)
      .where('removed_at', 'is', null)
      .orderBy('asked_at', 'desc')
      .execute();
    return rows.map(fromRow);
  }

  /** @returns the last one that came to its end in the new place */
  async lastDone(siteId: string): Promise<Move | undefined> {
    const row = await this.#connection.db
      .selectFrom('site_moves')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('switched_at', 'is not', null)
      // One at a time is under way, so this is the order they came to their end in too, and the index has it.
      .orderBy('asked_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns moves from or to the server that came about since */
  async switchedSince(serverId: string, since: number): Promise<Move[]> {
    const rows = await this.#connection.db
      .selectFrom('site_moves')
      .selectAll()
      .where((eb) => eb.or([eb('from_server_id', '=', serverId), eb('to_server_id', '=', serverId)]))
      .where('switched_at', '>', since)
      .orderBy('switched_at')
      .execute();
    return rows.map(fromRow);
  }

  /** @returns moves that are under way, and those that left something; all of them when asked for, newest first */
  async list(all: boolean, count: number): Promise<Move[]> {
    const rows = await this.#connection.db
      .selectFrom('site_moves')
      .selectAll()
      .$if(!all, (query) =>
        query.where((eb) =>
          eb.or([eb('ended_at', 'is', null), eb.and([eb('left_on_server_id', 'is not', null), eb('removed_at', 'is', null)])]),
        ),
      )
      .orderBy('asked_at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns a page of those under way whose worker was not heard of since: their job is lost, or has used up its attempts */
  async lost(before: number, afterId: string): Promise<Move[]> {
    const query = this.#connection.db
      .selectFrom('site_moves')
      .selectAll()
      .where('ended_at', 'is', null)
      .where('seen_at', '<', before)
      .where('id', '>', afterId);
    return (await query.orderBy('id').limit(page).execute()).map(fromRow);
  }

  /** @returns a page of those whose left place has to go by now */
  async dueToClean(now: number, afterId: string): Promise<Move[]> {
    const rows = await this.#connection.db
      .selectFrom('site_moves')
      .selectAll()
      .where('removed_at', 'is', null)
      .where('left_until', '<=', now)
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(page)
      .execute();
    return rows.map(fromRow);
  }

  /** @returns whether a move is under way that takes over what this one left */
  async isTakenOver(tx: Tx, moveId: string): Promise<boolean> {
    const row = await tx
      .selectFrom('site_moves')
      .select('id')
      .where('over_move_id', '=', moveId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Whoever held it before changes nothing more. @returns undefined for one that has ended */
  async claim(tx: Tx, id: string, runId: string, now: number): Promise<Move | undefined> {
    const row = await tx
      .updateTable('site_moves')
      .set({ run_id: runId, seen_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns false when somebody else holds it by now, it has ended, or it is at another step */
  async change(tx: Tx, id: string, { runId, step }: { runId: string; step?: MoveStep }, change: MoveChange): Promise<boolean> {
    const result = await tx
      .updateTable('site_moves')
      .set(change)
      .where('id', '=', id)
      .where('run_id', '=', runId)
      .where('ended_at', 'is', null)
      .$if(step !== undefined, (query) => query.where('step', '=', step ?? 'done'))
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when it was so before */
  async setRemoved(tx: Tx, id: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('site_moves')
      .set({ removed_at: now })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async addDatabases(
    tx: Tx,
    rows: readonly Pick<MoveDatabaseRow, 'move_id' | 'database_id' | 'name' | 'login' | 'from_id' | 'to_id'>[],
  ) {
    const unknown = { table_count: null, row_count: null, carried_at: null };
    for (const row of rows)
      await tx
        .insertInto('site_move_databases')
        .values({ ...row, ...unknown })
        .onConflict((oc) => oc.columns(['move_id', 'database_id']).doNothing())
        .execute();
  }

  async databases(moveId: string): Promise<MoveDatabaseRow[]> {
    const query = this.#connection.db.selectFrom('site_move_databases').selectAll().where('move_id', '=', moveId);
    return query.orderBy('name').execute();
  }

  async setCarried(
    tx: Tx,
    { move_id, database_id }: Pick<MoveDatabaseRow, 'move_id' | 'database_id'>,
    { tables, rows, now }: { tables: number; rows: number; now: number },
  ): Promise<void> {
    await tx
      .updateTable('site_move_databases')
      .set({ table_count: tables, row_count: rows, carried_at: now })
      .where('move_id', '=', move_id)
      .where('database_id', '=', database_id)
      .execute();
  }
}
