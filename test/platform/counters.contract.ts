// The promise of counters, on every engine that is at hand.
import { fork } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minute, StoppedClock, systemClock } from '../../src/platform/clock.ts';
import { databaseCounters } from '../../src/platform/counters/database-counters.ts';
import { openDatabase } from '../../src/platform/database/database.ts';
import { engines, openTestDatabase } from '../support/databases.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);

for (const engine of engines) {
  describe.skipIf(engine.missing)(`${engine.name}${engine.missing ? ` (skipped: ${engine.missing})` : ''}`, () => {
    let database: Awaited<ReturnType<typeof openTestDatabase>>;
    beforeAll(async () => {
      database = await openTestDatabase(engine.name);
    });
    afterAll(() => database?.remove());

    const window = 15 * minute;
    /** 20 seconds into a slice of a minute */
    const counting = () => {
      const clock = new StoppedClock('2026-11-22T10:00:20Z');
      return { clock, counters: databaseCounters(database, clock) };
    };

    test('thirty hits at once are counted 1 to 30, each another', async () => {
      const { counters } = counting();
      const counts = await Promise.all(numbers(1, 30).map(() => counters.hit('at-once', window)));
      expect(sorted(counts.map(({ count }) => count))).toEqual(numbers(1, 30));
    });

    test('hits at once on both sides of the border of a slice are each counted another', async () => {
      const { counters, clock } = counting();
      const later = new StoppedClock(clock.now() + minute);
      const other = databaseCounters(database, later);
      const counts = await Promise.all(numbers(1, 30).map((i) => (i % 2 ? counters : other).hit('border', window)));
      expect(sorted(counts.map(({ count }) => count))).toEqual(numbers(1, 30));
    });

    test('two processes count together', async () => {
      const hits = () =>
        new Promise<number[]>((resolve, reject) => {
          const child = fork(new URL('../support/hitting-process.ts', import.meta.url), [database.url, 'processes', '40']);
          child.once('message', (counts) => resolve(counts as number[]));
          child.once('exit', (code) => code && reject(new Error(`exit code ${code}`)));
        });
      const counts = (await Promise.all([hits(), hits()])).flat();
      expect(sorted(counts)).toEqual(numbers(1, 80));
    });

    test('a hit counts for the whole window, and at most a slice longer', async () => {
      const { counters, clock } = counting();
      const { resetAt } = await counters.hit('slides', window);
      expect(resetAt - clock.now()).toBe(window + 40_000);
      clock.advance(window);
      expect((await counters.read('slides', window)).count).toBe(1);
      clock.advance(40_000 - 1);
      expect((await counters.read('slides', window)).count).toBe(1);
      clock.advance(1);
      expect(await counters.read('slides', window)).toEqual({ count: 0, resetAt: clock.now() });
    });

    test('the window slides: older hits leave it while newer ones stay', async () => {
      const { counters, clock } = counting();
      for (let i = 0; i < 3; i += 1) {
        await counters.hit('older', window);
        clock.advance(5 * minute);
      }
      const { count, resetAt } = await counters.read('older', window);
      expect(count).toBe(3);
      clock.advance(resetAt - clock.now());
      expect((await counters.read('older', window)).count).toBe(2);
      expect((await counters.hit('older', window)).count).toBe(3);
    });

    test('a hit that is taken back does not count, and nothing goes below zero', async () => {
      const { counters, clock } = counting();
      await counters.hit('back', window);
      clock.advance(2 * minute);
      await counters.hit('back', window);
      await counters.refund('back', window);
      expect((await counters.read('back', window)).count).toBe(1);
      await Promise.all(numbers(1, 5).map(() => counters.refund('back', window)));
      expect((await counters.read('back', window)).count).toBe(0);
      await counters.refund('unknown', window);
      expect((await counters.hit('unknown', window)).count).toBe(1);
    });

    test('several keys are counted, read and taken back in one act, each by its own window, however many come at once', async () => {
      const { counters, clock } = counting();
      const both = [
        { key: 'several-b', windowMilliseconds: window },
        { key: 'several-a', windowMilliseconds: 4 * window },
      ];
      // The other order at the same time: neither may wait for the other for ever.
      const all = await Promise.all(numbers(1, 20).map((i) => counters.hitAll(i % 2 ? both : both.toReversed())));
      expect(sorted(all.map(([first]) => first?.count ?? 0))).toHaveLength(20);
      for (const side of [0, 1]) expect(new Set(all.map((counts, i) => counts[i % 2 ? 1 - side : side]?.count)).size).toBe(20);
      await counters.refundAll([...both, { key: 'several-unknown', windowMilliseconds: window }]);
      expect((await counters.readAll(both)).map(({ count }) => count)).toEqual([19, 19]);
      clock.advance(2 * window);
      expect(
        (await counters.readAll([...both, { key: 'several-none', windowMilliseconds: window }])).map(({ count }) => count),
      ).toEqual([0, 19, 0]);
      expect(await counters.hitAll([])).toEqual([]);
    });

    test('a cleared key begins again, and other keys are left alone', async () => {
      const { counters } = counting();
      await counters.hit('cleared', window);
      await counters.hit('kept', window);
      await counters.clear('cleared');
      expect((await counters.read('cleared', window)).count).toBe(0);
      expect((await counters.hit('cleared', window)).count).toBe(1);
      expect((await counters.read('kept', window)).count).toBe(1);
    });

    test('what no longer counts is removed now and then', async () => {
      const { counters, clock } = counting();
      for (let i = 0; i < 30; i += 1) await counters.hit(`gone-${i}`, window);
      clock.advance(2 * 60 * minute);
      for (let i = 0; i < 64; i += 1) await counters.hit('present', window);
      const left = await database.db.selectFrom('counters').select('key').where('key', 'like', 'gone-%').execute();
      expect(left).toEqual([]);
      expect((await counters.read('present', window)).count).toBe(64);
    });
  });
}

test('counters whose database cannot be written refuse with 503', async () => {
  const database = await openTestDatabase('sqlite');
  const blocker = await openDatabase(database.url, systemClock);
  const inside = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const blocked = blocker.write(() => {
    inside.resolve();
    return release.promise;
  });
  await inside.promise;
  const counters = databaseCounters(database, systemClock);
  await expect(counters.hit('blocked', minute)).rejects.toMatchObject({ status: 503 });
  release.resolve();
  await blocked;
  await blocker.close();
  await database.remove();
});
