// A database that is older than an erasure brings nobody back: the list beside it is read before anybody is served (security.md G.4).
import { appendFile, chmod, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { minute, StoppedClock } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { closeAccount, customerIdOf, eraseAccount, rounds } from './leavers.ts';

const email = 'gone@example.com';
const clock = new StoppedClock('2026-11-22T03:00:00Z');
let folder: string;
let database: string;
const open: TestPanel[] = [];

async function start(): Promise<TestPanel> {
  const house = await startPanel({ limitsScale: 100, dataFolder: folder, databaseUrl: `sqlite:${database}`, clock });
  open.push(house);
  return house;
}

async function stop(): Promise<void> {
  await open.pop()?.close();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-restored-'));
  database = join(folder, 'panel.db');
});
afterAll(async () => {
  while (open.length > 0) await stop();
  await rm(folder, { recursive: true, force: true });
});

test("yesterday's database does not bring the person back: shut before the first request, erased again, anew with the same address", async () => {
  let house = await start();
  const stays = await new Visitor(house).arrive('stays@example.com');
  await new Visitor(house).arrive(email);
  const customerId = await customerIdOf(house, email);
  // A closing that was undone before the one that erased is still open there.
  await closeAccount(house, email, 7);
  await stop();
  await copyFile(database, join(folder, 'yesterday.db'));

  house = await start();
  await house.panel.doors.termination.reopen(customerId, { kind: 'operator' });
  await eraseAccount(house, email);
  expect(await house.panel.doors.accounts.byLoginName(email)).toBeUndefined();
  await stop();
  const list = await readFile(join(folder, 'erasures.list'), 'utf8');
  expect(list.trim().split('\n')).toHaveLength(1);
  expect(list).not.toContain('gone');

  for (const ending of ['', '-wal', '-shm']) await rm(`${database}${ending}`, { force: true });
  await copyFile(join(folder, 'yesterday.db'), database);
  // Somebody who can write to the file has nobody erased by it.
  const other = list.replace(customerId, '0199f3a2-7c41-7d10-9a55-2f1c6be7a301');
  await appendFile(join(folder, 'erasures.list'), other);
  house = await start();
  expect((await new Visitor(house).logIn(email)).status).toBe(422);
  expect((await house.panel.doors.termination.of(customerId))?.because).toBe('again');
  await rounds(house, 4);
  expect((await house.panel.doors.termination.of(customerId))?.erasedAt).not.toBeNull();
  expect(await house.panel.doors.accounts.byLoginName(email)).toBeUndefined();
  expect((await new Visitor(house).logIn('stays@example.com')).status).toBe(303);
  expect((await house.panel.doors.sites.byName(stays)).suspendedAt).toBeNull();
  clock.advance(minute);
  await new Visitor(house).arrive(email);
  await stop();

  // Started once more, who signed up anew is somebody else, and stays.
  house = await start();
  expect((await new Visitor(house).logIn(email)).status).toBe(303);
  await stop();
});

test('a list that is there and cannot be read lets nobody in', async () => {
  const file = join(folder, 'erasures.list');
  await rm(file);
  const { mkdir } = await import('node:fs/promises');
  await mkdir(file);
  await chmod(file, 0o700);
  await expect(start()).rejects.toThrow('EISDIR');
});
