// What a person may ask of a backup that is there or under way: to be read back once more, and to be stopped.
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hour } from '../../src/platform/clock.ts';
import { openWorld, owner, type World } from '../restores/world.ts';
import { Visitor } from '../support/panel.ts';
import { aRun } from './house.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld(undefined, 'forest');
  await world.put(Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`part/${at}.txt`, `${at} `.repeat(400)])));
});
afterAll(() => world?.house.close());

const page = (path = '') => `/sites/${world.name}/backups${path}`;
const row = (id: string) =>
  world.doors.connection.db.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

async function asked(): Promise<string> {
  const made = await world.visitor.submit(page(), {});
  return String(made.headers.location).split('/').at(-1) ?? '';
}

test('a good one is read back again when somebody asks, one at a time, and damage of a single bit is found and said', async () => {
  const { house, visitor } = world;
  const id = await asked();
  await house.work();
  const first = await row(id);
  house.clock.advance(5 * hour);
  await visitor.logIn(owner);
  const address = page(`/${id}`);
  const again = () => visitor.submit(address, {}, `${address}/verification`);
  const begun = await again();
  expect([begun.status, begun.headers.location]).toEqual([303, address]);
  const english = new Visitor(house, 'en');
  await english.logIn(owner);
  expect((await english.get(address)).text).toContain('It is being read.');
  const { _csrf } = await visitor.hidden(page(), '/logout');
  const twice = await visitor.send(`${address}/verification`, { _csrf: String(_csrf) });
  expect([twice.status, twice.text]).toEqual([409, expect.stringContaining('이미 다시 검증하고 있습니다')]);
  await house.work();
  expect(await row(id)).toMatchObject({ state: 'verified', verified_at: house.clock.now(), check_asked_at: null });
  expect(Number((await row(id)).verified_at)).toBeGreaterThan(Number(first.verified_at));
  const path = join(house.folder, 'archives', world.name, first.file_name ?? '');
  const file = await open(path, 'r+');
  const at = Math.floor((await stat(path)).size / 3);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 4]), 0, 1, at);
  await file.close();
  expect((await again()).status).toBe(303);
  await house.work();
  expect(await row(id)).toMatchObject({ state: 'damaged', reason: 'backups.reason.damaged' });
  const told = world.doors.connection.db.selectFrom('letters').selectAll().where('template', '=', 'backup-failed');
  expect(await told.execute()).toHaveLength(1);
  const shown = await visitor.get(address);
  expect(shown.text).not.toContain(`${address}/verification`);
  expect((await visitor.send(`${address}/verification`, { _csrf: String(_csrf) })).status).toBe(409);
});

test('one that waits or is being made is stopped by whoever may, leaves nothing, and is no failure', async () => {
  const { house, visitor, doors } = world;
  const level = (await doors.backups.card(await world.site())).level;
  const waiting = await asked();
  expect((await visitor.get(page())).text).toContain(`${page(`/${waiting}`)}/stop`);
  const stopped = await visitor.submit(page(), {}, `${page(`/${waiting}`)}/stop`);
  expect([stopped.status, stopped.headers.location]).toEqual([303, page()]);
  await house.work();
  expect(await row(waiting)).toMatchObject({ state: 'failed', reason: 'backups.reason.cancelled', made_at: null });
  expect((await visitor.get(page(`/${waiting}`))).text).toContain('요청하신 대로 멈추었습니다');

  const running = await asked();
  const ended = doors.backups.make(running, aRun()).then(
    () => 'made',
    () => 'ended',
  );
  await expect.poll(async () => (await row(running)).state, { interval: 1 }).not.toBe('queued');
  await visitor.submit(page(), {}, `${page(`/${running}`)}/stop`).catch(() => {});
  const outcome = await ended;
  const after = await row(running);
  // A small archive may be complete before anybody could stop it.
  if (outcome === 'made' && after.state !== 'failed') expect(after.state).toBe('made');
  else expect(after).toMatchObject({ state: 'failed', reason: 'backups.reason.cancelled' });
  await house.work();
  const names = (await doors.archives.list(world.name)).map(({ key }) => key);
  const known = await doors.connection.db.selectFrom('backups').select(['file_name', 'state']).execute();
  const held = known
    .filter(({ state }) => !['failed', 'expired'].includes(state))
    .map(({ file_name }) => `${world.name}/${file_name}`);
  expect(names.sort()).toEqual(held.sort());
  expect((await doors.backups.card(await world.site())).level).toBe(level);
  const over = await visitor.send(`${page(`/${waiting}`)}/stop`, { ...(await visitor.hidden(page(), '/logout')) });
  expect([over.status, over.text]).toEqual([409, expect.stringContaining('멈출 수 없는 백업')]);
  // It counts: who stops and begins all day would keep a disk busy.
  const { limit, left } = await doors.backups.allowance(await world.site());
  expect(limit - left).toBeGreaterThanOrEqual(2);
});

test('the nightly one is nobody’s to stop', async () => {
  const { doors, visitor } = world;
  const site = await world.site();
  const id = await doors.backups.ensure(site);
  const { _csrf } = await visitor.hidden(page(), '/logout');
  expect((await visitor.send(`${page(`/${id}`)}/stop`, { _csrf: String(_csrf) })).status).toBe(409);
  expect((await row(id)).state).toBe('queued');
});
