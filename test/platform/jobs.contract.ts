// The promise of a queue, for each engine of jobs on each database that is at hand.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, hour, StoppedClock, second, systemClock } from '../../src/platform/clock.ts';
import { type Connection, openDatabase } from '../../src/platform/database/database.ts';
import { PanelError, unavailable } from '../../src/platform/errors.ts';
import { backOff, lastError } from '../../src/platform/jobs/failure.ts';
import { graphileQueue, installGraphile } from '../../src/platform/jobs/graphile-queue.ts';
import type { AddOptions, Hands, JobRun, Payload, Queue } from '../../src/platform/jobs/port.ts';
import { newQueue } from '../../src/platform/jobs/queue.ts';
import { tableQueue } from '../../src/platform/jobs/table-queue.ts';
import { engines, newTestDatabase, openTestDatabase } from '../support/databases.ts';

type Kind = 'table' | 'graphile';
type Subject = { readonly kind: Kind; readonly engine: 'sqlite' | 'postgresql'; readonly missing?: string };

const subjects: Subject[] = engines.flatMap(({ name, missing }) => [
  { kind: 'table' as const, engine: name, ...(missing && { missing }) },
  ...(name === 'postgresql' ? [{ kind: 'graphile' as const, engine: name, ...(missing && { missing }) }] : []),
]);

const leaseMilliseconds = 600;

function queueOn(kind: Kind, connection: Connection, url: string, clock: Clock): Queue {
  const options = { url, clock, leaseMilliseconds };
  return kind === 'graphile' ? graphileQueue(connection, options) : tableQueue(connection, options);
}

/** Jobs that ended without success and stay for the operator. */
async function failedJobs(kind: Kind, connection: Connection): Promise<{ name: string; error: string | null }[]> {
  if (kind === 'table') {
    const rows = await connection.db.selectFrom('jobs').selectAll().where('failed_at', 'is not', null).execute();
    return rows.map((row) => ({ name: row.name, error: row.last_error }));
  }
  const { rows } = await sql<{ name: string; error: string | null }>`select task_identifier as name, last_error as error
    from gotgan_worker.jobs where attempts >= max_attempts and locked_at is null`.execute(connection.owner);
  return rows;
}

async function until(question: () => boolean | Promise<boolean>, milliseconds = 8000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await question())) {
    if (performance.now() > end) throw new Error('it did not happen in time');
    await sleep(10);
  }
}

for (const { kind, engine, missing } of subjects) {
  const title = `${kind} on ${engine}${missing ? ` (skipped: ${missing})` : ''}`;
  describe.skipIf(missing)(title, () => {
    let database: Awaited<ReturnType<typeof openTestDatabase>>;
    beforeAll(async () => {
      database = await openTestDatabase(engine);
      if (kind === 'graphile') await installGraphile(database.url);
    });
    afterAll(() => database?.remove());

    /** A queue with a stopped clock, emptied of what other tests left. */
    async function stopped(start: number | string = '2031-03-01T00:00:00Z') {
      await database.write((tx) => tx.deleteFrom('jobs').execute());
      if (kind === 'graphile')
        for (const table of ['_private_jobs', '_private_job_queues'])
          await sql`delete from ${sql.table(`gotgan_worker.${table}`)}`.execute(database.owner);
      const clock = new StoppedClock(start);
      return { clock, ...using(queueOn(kind, database, database.url, clock)) };
    }

    function using(queue: Queue) {
      const add = (name: string, payload: Payload = {}, options?: AddOptions) =>
        database.write((tx) => queue.add(tx, name, payload, options));
      const done: JobRun['payload'][] = [];
      const note: Hands = { 'test.note': async ({ payload }) => void done.push(payload) };
      return { queue, add, done, note };
    }

    test('a job runs once, with its payload, and is gone afterwards', async () => {
      const { queue, add, done, note } = await stopped();
      await add('test.note', { siteId: 's1', count: 3, flag: true, nothing: null });
      expect(await queue.drain(note)).toBe(1);
      expect(await queue.drain(note)).toBe(0);
      expect(done).toEqual([{ siteId: 's1', count: 3, flag: true, nothing: null }]);
    });

    test('its figures tell what is due, what waits for its time, what runs and what failed for good', async () => {
      const { queue, add, clock } = await stopped('2024-03-01T00:00:00Z');
      const idle = { due: 0, running: 0 };
      const lanes = { short: idle, medium: idle, long: idle };
      const none = { due: 0, later: 0, running: 0, failed: 0, oldestDueAt: null, lanes };
      expect(await queue.figures()).toEqual(none);
      const at = clock.now();
      await add('test.slow', {}, { lane: 'medium' });
      await add('test.later', {}, { runAt: at + hour });
      await add('test.hopeless', {}, { maximumAttempts: 1 });
      clock.advance(30 * second);
      const [one, works] = [
        { due: 1, running: 0 },
        { due: 0, running: 1 },
      ];
      expect(await queue.figures()).toEqual({
        ...{ ...none, due: 2, later: 1, oldestDueAt: at },
        lanes: { ...lanes, short: one, medium: one },
      });
      let meanwhile: unknown;
      await queue.drain({
        'test.slow': async () => {
          meanwhile = await queue.figures();
        },
        'test.hopeless': async () => {
          throw new Error('on purpose');
        },
      });
      expect(meanwhile).toEqual({
        ...{ ...none, due: 1, later: 1, running: 1, oldestDueAt: at },
        lanes: { ...lanes, short: one, medium: works },
      });
      expect(await queue.figures()).toEqual({ ...none, later: 1, failed: 1 });
    });

    test('a job of a transaction that failed does not exist', async () => {
      const { queue, note } = await stopped();
      const attempt = database.write(async (tx) => {
        await queue.add(tx, 'test.note', {});
        throw new Error('on purpose');
      });
      await expect(attempt).rejects.toThrow('on purpose');
      expect(await queue.drain(note)).toBe(0);
    });

    test('jobs of one moment are done in the order they were added, and what a hand adds is done as well', async () => {
      const { queue, add, done, note } = await stopped();
      for (let i = 0; i < 20; i += 1) await add('test.note', { i });
      await add('test.more');
      const more = async () => add('test.note', { i: 20 });
      expect(await queue.drain({ ...note, 'test.more': more })).toBe(22);
      expect(done.map(({ i }) => i)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    });

    for (const start of ['2001-01-01T00:00:00Z', '2040-01-01T00:00:00Z']) {
      test(`a job for later waits for its time, also when the clock says ${start.slice(0, 4)}`, async () => {
        const { queue, add, clock, note } = await stopped(start);
        await add('test.note', {}, { runAt: clock.now() + hour });
        expect(await queue.drain(note)).toBe(0);
        clock.advance(hour - 1);
        expect(await queue.drain(note)).toBe(0);
        clock.advance(1);
        expect(await queue.drain(note)).toBe(1);
      });
    }

    test('of two waiting jobs with one key only the first stays, as it was', async () => {
      const { queue, add, clock, done, note } = await stopped();
      await add('test.note', { first: true }, { key: 'k' });
      await add('test.note', { first: false }, { key: 'k', runAt: clock.now() + hour });
      await add('test.note', { other: true }, { key: 'l' });
      expect(await queue.drain(note)).toBe(2);
      expect(done).toEqual([{ first: true }, { other: true }]);
    });

    test('a second add does not shorten the pause of a job that failed', async () => {
      const { queue, add, clock } = await stopped();
      const failing: Hands = { 'test.fails': () => Promise.reject(new Error('no')) };
      await add('test.fails', {}, { key: 'k' });
      await queue.drain(failing);
      await add('test.fails', {}, { key: 'k' });
      expect(await queue.drain(failing)).toBe(0);
      clock.advance(backOff(1));
      expect(await queue.drain(failing)).toBe(1);
    });

    test('while a job runs one more of its key may wait, and only one', async () => {
      const { queue, add } = await stopped();
      let runs = 0;
      const again = async () => {
        runs += 1;
        if (runs === 1) for (let i = 0; i < 3; i += 1) await add('test.again', {}, { key: 'k' });
      };
      await add('test.again', {}, { key: 'k' });
      expect(await queue.drain({ 'test.again': again })).toBe(2);
    });

    test('a running job that fails while another of its key waits leaves the work to that one', async () => {
      const { queue, add, clock } = await stopped();
      const runs: number[] = [];
      const hands: Hands = {
        'test.twice': async ({ payload }) => {
          runs.push(Number(payload.n));
          if (payload.n !== 1) return;
          await add('test.twice', { n: 2 }, { key: 'k' });
          throw new Error('on purpose');
        },
      };
      await add('test.twice', { n: 1 }, { key: 'k' });
      await queue.drain(hands);
      clock.advance(10 * hour);
      await queue.drain(hands);
      expect(runs).toEqual([1, 2]);
      expect(await failedJobs(kind, database)).toEqual([]);
    });

    test('twenty adds of one key at once leave one job', async () => {
      const { queue, add, note } = await stopped();
      await Promise.all(Array.from({ length: 20 }, () => add('test.note', {}, { key: 'crowd' })));
      expect(await queue.drain(note)).toBe(1);
    });

    test('a waiting job is not begun before the cause that was added to it is committed', async () => {
      const { queue, add } = await stopped();
      await add('test.cause', {}, { key: 'k' });
      let committed = false;
      const cause = database.write(async (tx) => {
        await queue.add(tx, 'test.cause', {}, { key: 'k' });
        await sleep(150);
        committed = true;
      });
      await sleep(30);
      const seen: boolean[] = [];
      const hands: Hands = { 'test.cause': async () => void seen.push(committed) };
      await until(async () => (await queue.drain(hands)) === 1);
      await cause;
      expect(seen).toEqual([true]);
      expect(await queue.drain(hands)).toBe(0);
    });

    test('a failing job is tried again after a growing pause, knows its last attempt, and then stays for the operator', async () => {
      const { queue, add, clock } = await stopped();
      const seen: [number, boolean][] = [];
      const hands: Hands = {
        'test.fails': async ({ attempt, lastAttempt }) => {
          seen.push([attempt, lastAttempt]);
          throw unavailable('error.unavailable', { code: 'ECONNREFUSED' });
        },
      };
      await add('test.fails', {}, { maximumAttempts: 3, key: 'k' });
      expect(await queue.drain(hands)).toBe(1);
      clock.advance(5 * second - 1);
      expect(await queue.drain(hands)).toBe(0);
      clock.advance(1);
      expect(await queue.drain(hands)).toBe(1);
      clock.advance(10 * second);
      expect(await queue.drain(hands)).toBe(1);
      clock.advance(100 * hour);
      expect(await queue.drain(hands)).toBe(0);
      expect(seen).toEqual([
        [1, false],
        [2, false],
        [3, true],
      ]);
      expect(await failedJobs(kind, database)).toEqual([
        { name: 'test.fails', error: '503 error.unavailable {"code":"ECONNREFUSED"}' },
      ]);
      await add('test.fails', {}, { key: 'k' });
      expect(await queue.drain({ 'test.fails': async () => {} })).toBe(1);
    });

    test('a job whose name nobody knows yet waits for a newer process', async () => {
      const { queue, add, note } = await stopped();
      await add('test.unknown');
      await add('test.note');
      expect(await queue.drain(note)).toBe(1);
      expect(await queue.drain({ 'test.unknown': async () => {} })).toBe(1);
    });

    // From here on: workers that run, by the system's clock.

    function worker(queue: Queue, hands: Hands, more: { long?: number } = {}) {
      const stop = new AbortController();
      // One that a failed test left would take the jobs of the next.
      onTestFinished(() => stop.abort());
      const failures: { name: string; error: unknown; last: boolean }[] = [];
      const failed = (name: string, error: unknown, last: boolean) => void failures.push({ name, error, last });
      const ended = queue.work({ hands, signal: stop.signal, failed, concurrency: { long: more.long ?? 1 } });
      const end = async () => {
        stop.abort();
        await ended;
      };
      return { failures, end };
    }

    async function running() {
      await stopped();
      return using(queueOn(kind, database, database.url, systemClock));
    }

    test('a worker begins a job within a second of its cause, and ends when it is asked to', { retry: 2 }, async () => {
      const { queue, add, done, note } = await running();
      const { end } = worker(queue, note);
      await sleep(200);
      const addedAt = performance.now();
      await add('test.note');
      await until(() => done.length === 1);
      expect(performance.now() - addedAt).toBeLessThan(1000);
      await end();
      await add('test.note');
      await sleep(700);
      expect(done.length).toBe(1);
    });

    test('no lane makes another wait, and a failing job does not stop the worker', async () => {
      const { queue, add, done, note } = await running();
      const [long, medium] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const hands: Hands = {
        ...note,
        'test.long': () => long.promise,
        'test.medium': () => medium.promise,
        'test.fails': () => Promise.reject(new Error('on purpose')),
      };
      const { end, failures } = worker(queue, hands);
      for (let at = 0; at < 2; at += 1) await add('test.long', {}, { lane: 'long' });
      await add('test.note', { lane: 'medium' }, { lane: 'medium' });
      await until(() => done.length === 1);
      for (let at = 0; at < 3; at += 1) await add('test.medium', {}, { lane: 'medium' });
      await until(async () => (await queue.figures()).lanes.medium.running === 2);
      await add('test.fails');
      await add('test.note', { lane: 'short' });
      await until(() => done.length === 2 && failures.length === 1);
      expect(failures[0]).toMatchObject({ name: 'test.fails', last: false });
      expect((await queue.figures()).lanes).toMatchObject({
        medium: { due: 1, running: 2 },
        long: { due: 1, running: 1 },
      });
      long.resolve();
      medium.resolve();
      await end();
    });

    test('jobs of one customer run one after the other, and who has one job does not wait for all three of somebody else', async () => {
      const { queue, add } = await running();
      const order: string[] = [];
      const now = new Map<string, () => void>();
      const hold = async ({ payload }: JobRun) => {
        const one = String(payload.one);
        order.push(one);
        await new Promise<void>((go) => now.set(one, go));
        now.delete(one);
      };
      const lets = async (one: string) => {
        await until(() => now.has(one));
        now.get(one)?.();
      };
      for (const one of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1'])
        await add('test.hold', { one }, { lane: 'medium', group: `of ${one[0]}` });
      const { end } = worker(queue, { 'test.hold': hold });
      await until(() => now.size === 2);
      expect([...now.keys()].sort()).toEqual(['a1', 'b1']);
      await lets('a1');
      await until(() => now.has('c1'));
      await lets('c1');
      await until(() => now.has('a2'));
      for (const one of ['b1', 'a2', 'b2', 'a3', 'b3']) await lets(one);
      await until(async () => (await queue.figures()).lanes.medium.running === 0);
      await end();
      expect(order.slice(0, 4).sort()).toEqual(['a1', 'a2', 'b1', 'c1']);
      for (const who of ['a', 'b']) expect(order.filter((one) => one[0] === who)).toEqual([1, 2, 3].map((at) => `${who}${at}`));
    });

    test('a customer whose job was finished by another worker waits no longer than a lease for the next one', async () => {
      const { queue, add, done, note } = await running();
      const finished = async () => {
        await database.write(async (tx) => {
          if (kind === 'graphile') await sql`delete from gotgan_worker._private_jobs where locked_at is not null`.execute(tx);
          else await tx.deleteFrom('jobs').where('lease_until', 'is not', null).execute();
        });
      };
      const { end } = worker(queue, { ...note, 'test.finished': finished });
      await add('test.finished', {}, { lane: 'medium', group: 'g' });
      await add('test.note', {}, { lane: 'medium', group: 'g' });
      await until(() => done.length === 1);
      await end();
    });

    test('a worker whose job failed while another of its key waits does that one, and nothing is left', async () => {
      const { queue, add } = await running();
      const runs: number[] = [];
      const hands: Hands = {
        'test.twice': async ({ payload }) => {
          runs.push(Number(payload.n));
          if (payload.n !== 1) return;
          await add('test.twice', { n: 2 }, { key: 'k' });
          throw new Error('on purpose');
        },
      };
      const { end } = worker(queue, hands);
      await add('test.twice', { n: 1 }, { key: 'k' });
      await until(() => runs.length === 2);
      await end();
      expect(runs).toEqual([1, 2]);
      expect(await failedJobs(kind, database)).toEqual([]);
    });

    test('forty jobs and two workers: each job is done once', async () => {
      const first = await running();
      const other = await openDatabase(database.url, systemClock);
      const counts = new Map<unknown, number>();
      const hands: Hands = {
        'test.count': async ({ payload }) => {
          counts.set(payload.i, (counts.get(payload.i) ?? 0) + 1);
          await sleep(1);
        },
      };
      for (let i = 0; i < 40; i += 1) await first.add('test.count', { i });
      const workers = [worker(first.queue, hands), worker(queueOn(kind, other, database.url, systemClock), hands)];
      await until(() => counts.size === 40);
      await Promise.all(workers.map(({ end }) => end()));
      await other.close();
      expect([...counts.values()].every((count) => count === 1)).toBe(true);
    });

    test('a job whose hand is stopped is due again at once, and no attempt is lost', { retry: 2 }, async () => {
      const { queue, add, done, note } = await running();
      let begun = false;
      const stoppable = async ({ signal }: JobRun) => {
        begun = true;
        await sleep(20_000, undefined, { signal });
      };
      await add('test.note', { id: 1 }, { maximumAttempts: 1, key: 'k' });
      const { end, failures } = worker(queue, { 'test.note': stoppable });
      await until(() => begun);
      const stoppedAt = performance.now();
      await end();
      expect(performance.now() - stoppedAt).toBeLessThan(2000);
      expect(failures).toEqual([]);
      const attempts: number[] = [];
      await queue.drain({
        'test.note': async (run) => {
          attempts.push(run.attempt);
          await note['test.note']?.(run);
        },
      });
      expect(attempts).toEqual([1]);
      expect(done).toEqual([{ id: 1 }]);
    });

    test('a job that runs longer than its lease is not begun a second time', async () => {
      const { queue, add } = await running();
      let runs = 0;
      const long = async () => {
        runs += 1;
        await sleep(leaseMilliseconds * 3);
      };
      await add('test.long');
      const workers = [worker(queue, { 'test.long': long }), worker(queue, { 'test.long': long })];
      await sleep(leaseMilliseconds * 4);
      await Promise.all(workers.map(({ end }) => end()));
      expect(runs).toBe(1);
    });

    test('a job that another worker has by now is told to end', async () => {
      const { queue, add } = await running();
      const told = Promise.withResolvers<boolean>();
      const long = async ({ signal }: JobRun) => {
        const admin = await openDatabase(database.url, systemClock);
        await admin.write((tx) =>
          kind === 'graphile'
            ? sql`update gotgan_worker._private_jobs set locked_by = 'another', locked_at = now()`.execute(tx)
            : sql`update jobs set lease_owner = 'another'`.execute(tx),
        );
        await admin.close();
        await sleep(10_000, undefined, { signal }).then(
          () => told.resolve(false),
          () => told.resolve(true),
        );
        throw new Error('it is somebody else’s');
      };
      await add('test.long');
      const { end } = worker(queue, { 'test.long': long });
      expect(await told.promise).toBe(true);
      await end();
    });

    test('a job whose worker process was killed is begun again by another, and so is the next one of its customer', async () => {
      const { queue, add } = await running();
      for (let at = 0; at < 2; at += 1) await add('test.long', {}, { group: 'g' });
      const child = fork(new URL('../support/dying-worker.ts', import.meta.url), [kind, database.url, String(leaseMilliseconds)]);
      await new Promise((resolve) => child.once('message', resolve));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      const attempts: number[] = [];
      const { end } = worker(queue, { 'test.long': async ({ attempt }) => void attempts.push(attempt) });
      await until(() => attempts.length === 2);
      await end();
      expect(attempts).toEqual([2, 1]);
    });

    test.skipIf(engine === 'sqlite')('a worker goes on when the database server had cut every connection', async () => {
      const { queue, add, done, note } = await running();
      const { end } = worker(queue, note);
      await add('test.note', { n: 1 });
      await until(() => done.length === 1);
      const admin = await openDatabase(database.url, systemClock);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(admin.owner);
      await until(() =>
        admin
          .write((tx) => queue.add(tx, 'test.note', { n: 2 }))
          .then(
            () => true,
            () => false,
          ),
      );
      await until(() => done.length >= 2, 15_000);
      await end();
      await admin.close();
    });

    test('nothing is written to the console by a worker', async () => {
      const { queue, add, note } = await running();
      const written: unknown[] = [];
      const original = { log: console.log, error: console.error, warn: console.warn, info: console.info };
      const catcher = (...words: unknown[]) => void written.push(words);
      Object.assign(console, { log: catcher, error: catcher, warn: catcher, info: catcher });
      const listeners = process.listenerCount('SIGTERM');
      try {
        const { end, failures } = worker(queue, { ...note, 'test.fails': () => Promise.reject(new Error('on purpose')) });
        await add('test.fails');
        await until(() => failures.length === 1);
        expect(process.listenerCount('SIGTERM')).toBe(listeners);
        await end();
      } finally {
        Object.assign(console, original);
      }
      expect(written).toEqual([]);
    });
  });
}

test('what is kept of an error is one short line that names nobody', () => {
  const error = new Error(`550 <kim@example.com> at 203.0.113.7\nor 2001:db8:0:0::7 ${'x'.repeat(900)}`);
  expect(lastError(error)).toMatch(/^Error: 550 <…> at … or … x+$/);
  expect(lastError(error).length).toBe(500);
  expect(lastError(new PanelError(503, 'error.storage'))).toBe('503 error.storage');
  expect(lastError('a text that was thrown')).toBe('thrown');
});

test('the pauses between attempts double from five seconds to one hour', () => {
  expect([1, 2, 3, 10, 11, 40].map(backOff)).toEqual([5, 10, 20, 2560, 3600, 3600].map((seconds) => seconds * second));
});

for (const { name, missing } of engines) {
  test.skipIf(missing)(`the queue of a panel on ${name} is there, or says what to do`, async () => {
    const place = await newTestDatabase(name);
    const connection = await openDatabase(place.url, systemClock);
    const queue = () => newQueue(connection, { url: place.url, clock: systemClock });
    if (name === 'postgresql') {
      await expect(queue()).rejects.toThrow(/gotgan migrate/);
      await installGraphile(place.url);
      await installGraphile(place.url);
    }
    await (await queue()).close();
    await connection.close();
    await place.remove();
  });
}
