// The archive on this machine is gone, or has gone bad: what a tier holds is restored byte for byte, from the same pages (KHADA 8.5).
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { hour } from '../../src/platform/clock.ts';
import { folderTier } from '../../src/platform/tier/folder.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import type { RestoreOrder } from '../../src/restores/restores.ts';
import type { TiersParts } from '../../src/tiers/tiers.ts';
import { quickKeys } from '../tiers/quick-keys.ts';
import { furnish, openWorld, owner, type World } from './world.ts';

const everything: RestoreOrder = { scope: 'all', paths: [], databases: [], dest: 'in_place', mode: 'exact' };
let folder: string;
let world: World;
let backup: Backup;
let before: string[];
const archive = () => join(world.house.folder, 'archives', world.name, backup.fileName ?? '');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-two-tiers-'));
  const reach = { hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 60_000 };
  const tiers: TiersParts['setUp'] = (keys) => [
    { name: 'short-term', tier: folderTier(join(folder, 'short-term')), isElsewhere: true, place: '가산 데이터센터' },
    {
      name: 'long-term',
      tier: resticTier({
        ...reach,
        keys: quickKeys(keys('long-term'), join(folder, 'long-term')),
        address: tierAddress(`restic:${join(folder, 'long-term')}`) as ResticAddress,
        working: join(folder, 'working'),
      }),
      isElsewhere: true,
      place: '분당 데이터센터',
    },
  ];
  world = await openWorld(undefined, 'tree', { tiers });
  await furnish(world.place);
  before = await world.tree();
  backup = await world.backup();
  await world.house.work();
  expect(await world.doors.tiers.holding(await world.site(), backup.id)).toEqual(['short-term', 'long-term']);
});
afterAll(async () => {
  await world?.house.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  world.house.clock.advance(hour);
  await world.put({ 'index.html': 'broken', 'config.php': 'broken', 'new.php': '<?php // put here by somebody' });
  await rm(world.place('www/board'), { recursive: true, force: true });
});

async function restored(order: RestoreOrder = everything): Promise<Awaited<ReturnType<World['row']>>> {
  const { restores, backups } = world.doors;
  const site = await world.site();
  const now = await backups.byId(site, backup.id);
  const { hash } = await restores.plan(site, now, order);
  const id = await restores.begin(site, world.actor, { backup: now, order, seen: hash });
  await world.house.work();
  return world.row(id ?? expect.fail('another plan'));
}

const rewriteRow = (change: object) =>
  world.doors.connection.write((tx) => tx.updateTable('backups').set(change).where('id', '=', backup.id).execute());

test('an archive that the disk has lost since anybody looked is read from the short-term tier', async () => {
  await rm(archive());
  expect(await restored()).toMatchObject({ step: 'done', fault: null });
  expect(await world.tree()).toEqual(before);
});

test('what was found lost is offered, and its pages say where it is read from, in both languages', async () => {
  await world.doors.backups.retainAll();
  expect(await world.doors.backups.byId(await world.site(), backup.id)).toMatchObject({
    state: 'damaged',
    reason: 'backups.reason.lost',
  });
  const { visitor, name } = world;
  await visitor.logIn(owner);
  const page = `/sites/${name}/backups/${backup.id}`;
  const one = await visitor.get(page);
  expect(one.text).toContain('따로 보관한 백업에서 복원할 수 있습니다');
  expect(one.text).toContain(`href="${page}/restoration"`);
  expect((await visitor.get(`${page}/restoration`)).text).toContain('단기 백업에서 읽습니다');
  const english = await visitor.agent.get(`/en${page}/restoration`);
  expect(english.text).toContain('read from the short-term backup');
  const query = 'scope=all&dest=in_place&mode=exact';
  const begun = await visitor.submit(`${page}/restoration/confirmation?${query}`, {}, `${page}/restoration`);
  expect(begun.headers.location).toMatch(/\/restorations\//);
  await world.house.work();
  expect(await world.tree()).toEqual(before);
  expect((await visitor.get(`${page}/download`)).status).toBe(409);
});

test('where the short-term tier cannot give it either, restic does: contents, links, rights and empty folders', async () => {
  await rm(join(folder, 'short-term'), { recursive: true });
  expect(await restored()).toMatchObject({ step: 'done', fault: null });
  expect(await world.tree()).toEqual(before);
  // One file alone: nothing else is brought near, and nothing stays.
  await writeFile(world.place('www/config.php'), 'broken again');
  const paths = [['www', 'config.php']];
  expect(await restored({ ...everything, scope: 'paths', mode: 'keep_new', paths })).toMatchObject({ step: 'done' });
  expect(await world.tree()).toEqual(before);
  const left = (await readdir(join(folder, 'working'), { recursive: true })).filter((path) => /opened\/./.test(path));
  expect(left).toEqual([]);
});

test('a backup whose time is over on this machine is there as long as a tier holds it, and not longer', async () => {
  await rewriteRow({ state: 'expired', expired_at: world.house.clock.now() });
  expect(await restored()).toMatchObject({ step: 'done', fault: null });
  await world.doors.tiers.erase(await world.site(), { kind: 'system' });
  const gone = { status: 410, key: 'backups.refused.expired' };
  const now = await world.doors.backups.byId(await world.site(), backup.id);
  await expect(world.doors.restores.plan(await world.site(), now, everything)).rejects.toMatchObject(gone);
  // What a drill could not load is restored from nowhere, whoever holds it.
  await rewriteRow({ state: 'damaged', expired_at: null, reason: 'backups.reason.drillRows' });
  expect(await world.doors.restores.isRestorable(await world.site(), { ...now, state: 'damaged' })).toBe(false);
});
