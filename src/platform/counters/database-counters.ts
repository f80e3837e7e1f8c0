// Counters as rows of the panel's own database: every process, web or worker, sees the same numbers.
import type { Clock } from '../clock.ts';
import type { Connection, Reader, Tx } from '../database/database.ts';
import { databaseFault } from '../database/faults.ts';
import type { Count, Counters } from './port.ts';

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

  return {
    hit: async (key, windowMilliseconds) => {
      const now = clock.now();
      const count = await connection.write(async (tx) => {
        await add(tx, key, holding, 0, now + windowMilliseconds * 2);
        const slice = windowMilliseconds / slicesPerWindow;
        const start = Math.floor(now / slice) * slice;
        await add(tx, key, Math.floor(start), 1, Math.ceil(start + slice + windowMilliseconds));
        return read(tx, key, now);
      });
      hitsUntilSweep -= 1;
      if (hitsUntilSweep <= 0) await sweep();
      return count;
    },
    read: async (key) => {
      try {
        return await read(connection.db, key, clock.now());
      } catch (error) {
        throw databaseFault(error) ?? error;
      }
    },
    refund: (key, windowMilliseconds) =>
      connection.write(async (tx) => {
        const now = clock.now();
        await add(tx, key, holding, 0, now + windowMilliseconds * 2);
        const newest = await counted(tx, key, now).select('slice_at').orderBy('slice_at', 'desc').limit(1).executeTakeFirst();
        if (newest) await add(tx, key, newest.slice_at, -1, 0);
      }),
    clear: (key) =>
      connection.write(async (tx) => {
        await add(tx, key, holding, 0, clock.now());
        await tx.deleteFrom('counters').where('key', '=', key).execute();
      }),
  };
}

/** Adds to one row, which is made where it is missing; its end never comes nearer. */
async function add(tx: Tx, key: string, sliceAt: number, hits: number, expiresAt: number): Promise<void> {
  await tx
    .insertInto('counters')
    .values({ key, slice_at: sliceAt, hits, expires_at: expiresAt })
    .onConflict((oc) =>
      oc.columns(['key', 'slice_at']).doUpdateSet((eb) => ({
        hits: eb('counters.hits', '+', hits),
        expires_at: eb
          .case()
          .when('counters.expires_at', '<', expiresAt)
          .then(eb.ref('excluded.expires_at'))
          .else(eb.ref('counters.expires_at'))
          .end(),
      })),
    )
    .execute();
}

/** The slices that still count: a slice expires one window after its end. */
const counted = (db: Reader, key: string, now: number) =>
  db.selectFrom('counters').where('key', '=', key).where('hits', '>', 0).where('expires_at', '>', now);

async function read(db: Reader, key: string, now: number): Promise<Count> {
  const { hits, first } = await counted(db, key, now)
    .select((eb) => [eb.fn.sum<number | null>('hits').as('hits'), eb.fn.min('expires_at').as('first')])
    .executeTakeFirstOrThrow();
  return { count: hits ?? 0, resetAt: first ?? now };
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
