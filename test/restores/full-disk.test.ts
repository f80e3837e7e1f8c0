// The disk is full while a backup is made, read back, tried or restored: said in words, nothing half stays, the site is as it was, and with room again all goes on.
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { hour } from '../../src/platform/clock.ts';
import type { RestoreOrder } from '../../src/restores/restores.ts';
import { fill, smallDisk } from '../faults/small-disk.ts';
import { openWorld, type World } from './world.ts';

const mebibyte = 1024 * 1024;
const everything: RestoreOrder = { scope: 'all', paths: [], databases: [], dest: 'in_place', mode: 'exact' };
const disk = await smallDisk(40);

describe.skipIf(!disk)(`a full disk${disk ? '' : ' (skipped: no file system can be mounted here)'}`, () => {
  let world: World;
  let good: Backup;
  beforeAll(async () => {
    world = await openWorld(undefined, 'tree', { dataFolder: disk?.folder ?? '' });
    await world.put({ 'photo.jpg': randomBytes(4 * mebibyte), 'index.php': '<?php // saved\n' });
    good = await world.backup();
    expect(good.state).toBe('verified');
  });
  afterAll(async () => {
    await world?.house.close();
    disk?.unmount();
    if (disk) await rm(disk.folder, { recursive: true, force: true });
  });

  const archives = async () =>
    (await readdir(join(disk?.folder ?? '', 'archives'), { recursive: true })).filter((name) => name.endsWith('.zip'));
  const left = (bytes: number) => fill(disk?.folder ?? '', bytes);
  /** As a worker does it, with all the attempts that a job has. */
  const works = async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      world.house.clock.advance(hour);
      await world.house.work();
    }
  };
  const begun = async () => {
    const { restores, backups } = world.doors;
    const site = await world.site();
    const backup = await backups.byId(site, good.id);
    const { hash } = await restores.plan(site, backup, everything);
    return (await restores.begin(site, world.actor, { backup, order: everything, seen: hash })) ?? expect.fail('another plan');
  };

  test('while one is made it fails in words, no part of it stays, and the last good one is still there', async () => {
    await world.put({ 'photo.jpg': randomBytes(4 * mebibyte) });
    const before = await archives();
    const free = await left(mebibyte);
    const id = await world.doors.backups.ensure(await world.site());
    await works();
    const one = async () => world.doors.backups.byId(await world.site(), id);
    expect(await one()).toMatchObject({ madeAt: null, reason: 'backups.reason.full' });
    expect(await archives()).toEqual(before);
    await free();
    await works();
    expect(await one()).toMatchObject({ state: 'verified', reason: null });
  });

  test('one is read back without room, and a drill without room says that it could not be tried', async () => {
    const { backups } = world.doors;
    const site = await world.site();
    const latest = await backups.latestGood(site);
    const free = await left(0);
    await backups.rechecking.ask(site, latest ?? expect.fail('none'), world.actor);
    await world.house.work();
    const drill = await backups.drills.now(site);
    expect(drill).toMatchObject({ outcome: 'postponed', reason: 'backups.reason.noRoom' });
    await free();
    expect(await backups.byId(site, latest?.id ?? '')).toMatchObject({ state: 'verified', checkAskedAt: null });
    expect(await backups.drills.now(site)).toMatchObject({ outcome: 'proven' });
  });

  test.each([
    ['the safety backup', 2.5, 'safety'],
    ['what is made ready', 5.5, 'full'],
  ])('a restore that has no room for %s ends with everything as it was', async (_what, mebibytes, fault) => {
    await rm(world.place('www/index.php'), { force: true });
    await world.put({ 'photo.jpg': randomBytes(4 * mebibyte), 'newer.txt': 'newer' });
    const now = await world.tree();
    const id = await begun();
    const free = await left(mebibytes * mebibyte);
    await works();
    expect(await world.row(id)).toMatchObject({ step: 'returned', fault });
    expect(await world.tree()).toEqual(now);
    expect(await world.beside().catch(() => [])).toEqual([]);
    await free();
    const again = await begun();
    await works();
    expect(await world.row(again)).toMatchObject({ step: 'done', fault: null });
    expect((await world.tree()).map((line) => line.split(' ')[0])).toEqual(['index.php', 'photo.jpg']);
  });
});
