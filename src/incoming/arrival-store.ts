// The SQL of arrivals: files that came into sites past the panel and wait to be judged.
import type { Selectable } from 'kysely';
import type { IncomingTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { SitePath } from '../platform/storage/port.ts';

export type Arrival = Selectable<IncomingTables['file_arrivals']>;

export type NewArrival = {
  readonly path: SitePath;
  readonly origin: Arrival['origin'];
  readonly userName: string | null;
  readonly isRespelled: boolean;
  readonly dueAt: number;
  /** what the watch has seen there */
  readonly stamp?: string;
};

export type Judged = { readonly arrival: Arrival; readonly stamp: string | undefined };

/** Rows of one statement: 14 values each, SQLite takes 32,766 values. */
const together = 500;

export class ArrivalStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** One row a path: what is written again before it is judged is judged once. Told by the server counts more than found, whatever their order. */
  async arrive(tx: Tx, siteId: string, arrivals: readonly NewArrival[], now: number): Promise<void> {
    const isTold = ({ origin }: Pick<Arrival, 'origin'>) => origin === 'ftp';
    const told = arrivals.toSorted((one, other) => Number(isTold(one)) - Number(isTold(other)));
    const byPath = new Map(told.map((arrival) => [arrival.path.join('/'), arrival]));
    const rows = [...byPath].map(([path, { origin, userName, isRespelled, dueAt, stamp }]) => ({
      ...{ id: newId(now), site_id: siteId, path, origin, user_name: userName, is_respelled: isRespelled ? 1 : 0 },
      ...{ arrived_at: now, due_at: dueAt, attempts: 0, round: 0, stamp: stamp ?? null, judged_at: null },
    }));
    for (const some of inPieces(rows.filter(isTold))) await this.#told(tx, some);
    for (const some of inPieces(rows.filter((row) => !isTold(row)))) await this.#seen(tx, some);
  }

  async #told(tx: Tx, rows: readonly Arrival[]): Promise<void> {
    await tx
      .insertInto('file_arrivals')
      .values(rows)
      .onConflict((oc) =>
        oc.columns(['site_id', 'path']).doUpdateSet((eb) => ({
          ...{ origin: 'ftp' as const, attempts: 0, judged_at: null, stamp: null },
          user_name: eb.ref('excluded.user_name'),
          is_respelled: eb.ref('excluded.is_respelled'),
          arrived_at: eb.ref('excluded.arrived_at'),
          due_at: eb.ref('excluded.due_at'),
          round: eb('file_arrivals.round', '+', 1),
        })),
      )
      .execute();
  }

  /** What waits already is judged anyway; what was judged as it is now need not be again. */
  async #seen(tx: Tx, rows: readonly Arrival[]): Promise<void> {
    await tx
      .insertInto('file_arrivals')
      .values(rows)
      .onConflict((oc) =>
        oc
          .columns(['site_id', 'path'])
          .doUpdateSet((eb) => ({
            ...{ origin: 'found' as const, attempts: 0, judged_at: null, user_name: null },
            stamp: eb.ref('excluded.stamp'),
            due_at: eb.ref('excluded.due_at'),
            round: eb('file_arrivals.round', '+', 1),
          }))
          .where((eb) =>
            eb.and([eb('file_arrivals.judged_at', 'is not', null), eb('file_arrivals.stamp', '!=', eb.ref('excluded.stamp'))]),
          ),
      )
      .execute();
  }

  due(siteId: string, now: number, count: number): Promise<Arrival[]> {
    return this.#connection.db
      .selectFrom('file_arrivals')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('judged_at', 'is', null)
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(count)
      .execute();
  }

  async sitesWithDue(now: number, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('file_arrivals')
      .select('site_id')
      .distinct()
      .where('judged_at', 'is', null)
      .where('due_at', '<=', now)
      .limit(count)
      .execute();
    return rows.map((row) => row.site_id);
  }

  /** Closes what was judged; where an event came meanwhile the row stays, to be judged once more. */
  async close(tx: Tx, judged: readonly Judged[], now: number): Promise<void> {
    const gone = judged.filter(({ stamp }) => stamp === undefined).map(({ arrival }) => arrival);
    for (const [round, some] of Map.groupBy(gone, (arrival) => arrival.round))
      await tx
        .deleteFrom('file_arrivals')
        .where('round', '=', round)
        .where(
          'id',
          'in',
          some.map(({ id }) => id),
        )
        .execute();
    for (const { arrival, stamp } of judged)
      if (stamp !== undefined)
        await tx
          .updateTable('file_arrivals')
          .set({ judged_at: now, stamp })
          .where('id', '=', arrival.id)
          .where('round', '=', arrival.round)
          .execute();
  }

  /** The id goes on with what was taken out of the site; what came under the path meanwhile gets another one. */
  async renew(tx: Tx, ids: readonly string[], now: number): Promise<void> {
    for (const id of ids)
      await tx
        .updateTable('file_arrivals')
        .set({ id: newId(now), due_at: now })
        .where('id', '=', id)
        .execute();
  }

  async retry(tx: Tx, arrivals: readonly Arrival[], now: number): Promise<void> {
    for (const { id, attempts } of arrivals)
      await tx
        .updateTable('file_arrivals')
        .set({ attempts: attempts + 1, due_at: now + pause(attempts) })
        .where('id', '=', id)
        .execute();
  }

  async forgetArrivals(siteId: string): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('file_arrivals').where('site_id', '=', siteId).execute());
  }

  async forgetJudged(before: number): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('file_arrivals').where('judged_at', '<', before).execute());
  }
}

function* inPieces<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += together) yield rows.slice(at, at + together);
}

/** 5 s, doubled each time, at most ten minutes. */
const pause = (attempts: number) => Math.min(10 * 60_000, 5000 * 2 ** Math.min(attempts, 10));
