// Counters as rows of the panel's own database: every process, web or worker, sees the same numbers.
import type { Clock } from '../clock.ts';
import type { Connection, Reader, Tx } from '../database/database.ts';
import { databaseFault } from '../database/faults.ts';
import type { Count, Counters, Hit } from './port.ts';

const slicesPerWindow = 15;
/** Not a slice: the row that one act after the other holds, so that on PostgreSQL each sees what the one before has written. */
const holding = -1;
const hitsBetweenSweeps = 64;
const rowsPerSweep = 200;

/** Counters on the table `counters`. A key belongs to one window; it must hold no personal value (use a keyed digest). */
export function databaseCounters(connection: Connection, clock: Clock): Counters {
  let hitsUntilSweep = hitsBetweenSweeps;

  async function sweep(): Promise<void> {
    hitsUntilSweep = hitsBetweenSweeps;
    // The hit is counted already; what stays is removed another time.
    await connection.write((tx) => removeExpired(tx, clock.now())).catch(() => {});
  }

  async function hitAll(hits: readonly Hit[]): Promise<Count[]> {
    if (hits.length === 0) return [];
    const now = clock.now();
    const counts = await connection.write(async (tx) => {
      await hold(tx, hits, now);
      await add(
        tx,
        hits.map(({ key, windowMilliseconds }) => {
          const slice = windowMilliseconds / slicesPerWindow;
          const start = Math.floor(now / slice) * slice;
          return { key, slice_at: Math.floor(start), hits: 1, expires_at: Math.ceil(start + slice + windowMilliseconds) };
        }),
      );
      return sums(tx, hits, now);
    });
    hitsUntilSweep -= hits.length;
    if (hitsUntilSweep <= 0) await sweep();
    return counts;
  }

  async function readAll(hits: readonly Hit[]): Promise<Count[]> {
    try {
      return await sums(connection.db, hits, clock.now());
    } catch (error) {
      throw databaseFault(error) ?? error;
    }
  }

  async function refundAll(hits: readonly Hit[]): Promise<void> {
    if (hits.length === 0) return;
    const now = clock.now();
    await connection.write(async (tx) => {
      await hold(tx, hits, now);
      const rows = await counted(tx, hits, now);
      const newest = new Map(rows.toSorted((a, b) => a.slice_at - b.slice_at).map((row) => [row.key, row]));
      if (newest.size > 0)
        await add(
          tx,
          [...newest.values()].map(({ key, slice_at }) => ({ key, slice_at, hits: -1, expires_at: 0 })),
        );
    });
  }

  const first = ([count]: readonly Count[]): Count => count ?? { count: 0, resetAt: clock.now() };
  return {
    hitAll,
    readAll,
    refundAll,
    hit: async (key, windowMilliseconds) => first(await hitAll([{ key, windowMilliseconds }])),
    read: async (key, windowMilliseconds) => first(await readAll([{ key, windowMilliseconds }])),
    refund: (key, windowMilliseconds) => refundAll([{ key, windowMilliseconds }]),
    clear: (key) =>
      connection.write(async (tx) => {
        await hold(tx, [{ key, windowMilliseconds: 0 }], clock.now());
        await tx.deleteFrom('counters').where('key', '=', key).execute();
      }),
  };
}

type Row = { readonly key: string; readonly slice_at: number; readonly hits: number; readonly expires_at: number };

/** Whoever comes second waits here until the first has committed. */
async function hold(tx: Tx, hits: readonly Hit[], now: number): Promise<void> {
  await add(
    tx,
    hits.map(({ key, windowMilliseconds }) => ({ key, slice_at: holding, hits: 0, expires_at: now + windowMilliseconds * 2 })),
  );
}

/** Adds to rows, which are made where they are missing; the end of one never comes nearer. */
async function add(tx: Tx, rows: readonly Row[]): Promise<void> {
  // Always in the same order, or two acts with the same keys could wait for each other.
  const inOrder = rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  await tx
    .insertInto('counters')
    .values(inOrder)
    .onConflict((oc) =>
      oc.columns(['key', 'slice_at']).doUpdateSet((eb) => ({
        hits: eb('counters.hits', '+', eb.ref('excluded.hits')),
        expires_at: eb
          .case()
          .when('counters.expires_at', '<', eb.ref('excluded.expires_at'))
          .then(eb.ref('excluded.expires_at'))
          .else(eb.ref('counters.expires_at'))
          .end(),
      })),
    )
    .execute();
}

/**
 * The slices that still count: a slice expires one window after its end. What begins more than a window ahead was counted before the
 * clock was set back; less is the difference between two machines.
 */
async function counted(db: Reader, hits: readonly Hit[], now: number): Promise<Row[]> {
  const windows = new Map(hits.map(({ key, windowMilliseconds }) => [key, windowMilliseconds]));
  const rows = await db
    .selectFrom('counters')
    .selectAll()
    .where('key', 'in', [...windows.keys()])
    .where('hits', '>', 0)
    .where('expires_at', '>', now)
    .execute();
  return rows.filter(({ key, slice_at }) => slice_at <= now + (windows.get(key) ?? 0));
}

async function sums(db: Reader, hits: readonly Hit[], now: number): Promise<Count[]> {
  if (hits.length === 0) return [];
  const found = new Map<string, { count: number; resetAt: number }>();
  for (const { key, hits: more, expires_at } of await counted(db, hits, now)) {
    const { count, resetAt } = found.get(key) ?? { count: 0, resetAt: expires_at };
    found.set(key, { count: count + more, resetAt: Math.min(resetAt, expires_at) });
  }
  return hits.map(({ key }) => found.get(key) ?? { count: 0, resetAt: now });
}

async function removeExpired(tx: Tx, now: number): Promise<void> {
  const expired = await tx
    .selectFrom('counters')
    .select(['key', 'slice_at'])
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(rowsPerSweep)
    .execute();
  for (const row of expired) {
    await tx
      .deleteFrom('counters')
      .where('key', '=', row.key)
      .where('slice_at', '=', row.slice_at)
      // Asked again: a row that was held meanwhile has a new end.
      .where('expires_at', '<=', now)
      .execute();
  }
}
