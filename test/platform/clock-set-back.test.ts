// What was written by a clock that was a day ahead must not make anything wait or last for a day.
import type { Request } from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { day, minute, StoppedClock } from '../../src/platform/clock.ts';
import { databaseCounters } from '../../src/platform/counters/database-counters.ts';
import { tableQueue } from '../../src/platform/jobs/table-queue.ts';
import { JobRows } from '../../src/platform/jobs/table-rows.ts';
import { Idempotency } from '../../src/platform/web/idempotency.ts';
import { openTestDatabase } from '../support/databases.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let clock: StoppedClock;
beforeEach(async () => {
  clock = new StoppedClock();
  database = await openTestDatabase('sqlite', clock);
});
afterEach(() => database.remove());

const add = (runAt?: number) =>
  database.write((tx) => tableQueue(database, { clock }).add(tx, 'test.job', {}, runAt === undefined ? {} : { runAt }));
const drain = (hand = async () => {}) => tableQueue(database, { clock }).drain({ 'test.job': hand });

test('a job that waits is done, one for a later time keeps waiting', async () => {
  await add();
  await add(clock.now() + 30 * day);
  clock.advance(-day);
  expect(await drain()).toBe(1);
  expect(await drain()).toBe(0);
});

test('a job that failed once is tried again', async () => {
  await add();
  expect(await drain(() => Promise.reject(new Error('not now')))).toBe(1);
  clock.advance(-day);
  expect(await drain()).toBe(1);
});

test('a job whose worker died is begun again', async () => {
  await add();
  const rows = new JobRows(database, clock, minute);
  expect(await rows.take(['short'], ['test.job'])).toBeDefined();
  expect(await drain()).toBe(0);
  clock.advance(-day);
  expect(await drain()).toBe(1);
});

test('what was counted counts no more, and a difference of minutes between two machines loses nothing', async () => {
  const counters = databaseCounters(database, clock);
  const window = 15 * minute;
  for (let i = 0; i < 5; i += 1) await counters.hit('signIn', window);
  clock.advance(-5 * minute);
  expect((await counters.read('signIn', window)).count).toBe(5);
  clock.advance(-day);
  expect((await counters.hit('signIn', window)).count).toBe(1);
});

test.each([
  ['ahead', day],
  ['back', -day],
])('a form that was sent twice around a jump of the clock %s acts once', async (_name, jump) => {
  const idempotency = new Idempotency(database, clock);
  const req = { visit: { path: '/signup' } } as Request;
  const claimed = async () => {
    const claim = await idempotency.claim(req, 'owner', 'key-of-the-form');
    if ('repeated' in claim) throw new Error('nothing was finished yet');
    return claim.once;
  };
  const first = await claimed();
  clock.advance(jump);
  const second = await claimed();
  await database.write((tx) => second.finish(tx, '/signup/sent'));
  await expect(database.write((tx) => first.finish(tx, '/signup/sent'))).rejects.toMatchObject({ status: 409 });
});
