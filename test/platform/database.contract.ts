// The promise of a database connection, on every engine that is at hand.
import { fork } from 'node:child_process';
import { rename, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/migrations/migrate.ts';
import { engines, openTestDatabase, postgresServer } from '../support/databases.ts';

for (const engine of engines) {
  describe.skipIf(engine.missing)(`${engine.name}${engine.missing ? ` (skipped: ${engine.missing})` : ''}`, () => {
    let database: Awaited<ReturnType<typeof openTestDatabase>>;
    beforeAll(async () => {
      database = await openTestDatabase(engine.name);
    });
    afterAll(() => database?.remove());

    const counter = (key: string, hits = 1) => ({ key, slice_at: 0, hits, expires_at: 1 });
    const hitsOf = async (key: string) =>
      (await database.db.selectFrom('counters').select('hits').where('key', '=', key).executeTakeFirst())?.hits;

    test('a second migration changes nothing', async () => {
      expect(await migrate(database)).toEqual([]);
    });

    test('a transaction that throws leaves nothing behind', async () => {
      const attempt = database.write(async (tx) => {
        await tx.insertInto('counters').values(counter('thrown')).execute();
        throw new Error('on purpose');
      });
      await expect(attempt).rejects.toThrow('on purpose');
      expect(await hitsOf('thrown')).toBeUndefined();
    });

    test('fifty changes of one row at once lose none', async () => {
      await database.write((tx) => tx.insertInto('counters').values(counter('sum', 0)).execute());
      await Promise.all(
        Array.from({ length: 50 }, () =>
          database.write((tx) =>
            tx
              .updateTable('counters')
              .set((eb) => ({ hits: eb('hits', '+', 1) }))
              .where('key', '=', 'sum')
              .execute(),
          ),
        ),
      );
      expect(await hitsOf('sum')).toBe(50);
    });

    test('two processes that read and then write one row at once lose no change', async () => {
      await database.write((tx) => tx.insertInto('counters').values(counter('both', 0)).execute());
      const process = (url: string) =>
        new Promise<void>((resolve, reject) => {
          const child = fork(new URL('../support/counting-process.ts', import.meta.url), [url, 'both', '100']);
          child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))));
        });
      await Promise.all([process(database.url), process(database.url)]);
      expect(await hitsOf('both')).toBe(200);
    });

    test('numbers beyond 2^31 come back as numbers, also as a sum', async () => {
      await database.write((tx) =>
        tx.insertInto('counters').values({ key: 'big', slice_at: 5_000_000_000, hits: 1, expires_at: 1 }).execute(),
      );
      const row = await database.db
        .selectFrom('counters')
        .select((eb) => [eb.fn.sum<number>('slice_at').as('sum'), eb.fn.countAll<number>().as('count')])
        .where('key', '=', 'big')
        .executeTakeFirstOrThrow();
      expect(row).toEqual({ sum: 5_000_000_000, count: 1 });
    });

    test('rows of the audit can be added and never changed, removed or replaced', async () => {
      const row = sql`('a', 1, 'x.y', 'system', null, null, null, null, '{}', null, null)`;
      await database.write((tx) => sql`insert into audit values ${row}`.execute(tx));
      const attempts = [
        sql`update audit set at = 2`,
        sql`delete from audit`,
        engine.name === 'sqlite' ? sql`insert or replace into audit values ${row}` : sql`truncate audit`,
      ];
      for (const attempt of attempts) {
        await expect(database.write((tx) => attempt.execute(tx))).rejects.toThrow(/only added/);
      }
      expect(await database.db.selectFrom('audit').select('at').execute()).toEqual([{ at: 1 }]);
    });
  });
}

describe.skipIf(!postgresServer)(
  `a PostgreSQL server${postgresServer ? '' : ' (skipped: GOTGAN_TEST_POSTGRES is not set)'}`,
  () => {
    test('that ends a connection between two queries of a transaction costs that transaction and not the process', async () => {
      const database = await openTestDatabase('postgresql');
      try {
        const attempt = database.write(async (tx) => {
          const { pid } = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)).rows[0] ?? { pid: 0 };
          await sql`select pg_terminate_backend(${pid})`.execute(database.owner);
          await sleep(300);
          await tx.insertInto('counters').values({ key: 'cut', slice_at: 0, hits: 1, expires_at: 1 }).execute();
        });
        await expect(attempt).rejects.toMatchObject({ status: 503 });
        expect(await database.db.selectFrom('counters').selectAll().where('key', '=', 'cut').execute()).toEqual([]);
      } finally {
        await database.remove();
      }
    });

    test('where another holds a table answers after a while that it is busy', async () => {
      const database = await openTestDatabase('postgresql');
      const release = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const holder = database.owner.transaction().execute(async (tx) => {
        await sql`lock table counters in access exclusive mode`.execute(tx);
        held.resolve();
        await release.promise;
      });
      try {
        await held.promise;
        await expect(database.check()).rejects.toMatchObject({ status: 503, key: 'error.databaseBusy' });
      } finally {
        release.resolve();
        await holder;
        await database.remove();
      }
    });
  },
);

test('a SQLite file that was moved away is written to and read from no more, until it is back', async () => {
  const database = await openTestDatabase('sqlite');
  const file = database.url.slice('sqlite:'.length);
  const row = { key: 'moved', slice_at: 0, hits: 1, expires_at: 1 };
  const write = () => database.write((tx) => tx.insertInto('counters').values(row).execute());
  try {
    await rename(file, `${file}.away`);
    await expect(write()).rejects.toMatchObject({ status: 503, key: 'error.storage' });
    await expect(database.db.selectFrom('counters').selectAll().execute()).rejects.toThrow(/not at its place/);
    await writeFile(file, '');
    await expect(write()).rejects.toMatchObject({ status: 503, key: 'error.storage' });
    await rename(`${file}.away`, file);
    await write();
    expect(await database.db.selectFrom('counters').selectAll().where('key', '=', 'moved').execute()).toEqual([row]);
  } finally {
    await database.remove();
  }
});

test('the check writes: a database that can only be read is not ready', async () => {
  const database = await openTestDatabase('sqlite');
  try {
    await database.check();
    await sql`pragma query_only = on`.execute(database.owner);
    await sleep(1100);
    await expect(database.check()).rejects.toMatchObject({ status: 503 });
  } finally {
    await database.remove();
  }
});

test('a SQLite file and its log are readable by their owner alone', async () => {
  const database = await openTestDatabase('sqlite');
  try {
    const file = database.url.slice('sqlite:'.length);
    const modes = await Promise.all([file, `${file}-wal`].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o600, 0o600]);
  } finally {
    await database.remove();
  }
});
