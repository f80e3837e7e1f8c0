// When drills are due, what they find without databases, and what shrinking backups tell: through the door, with a stopped clock.
import { mkdir, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { day, hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Site } from '../../src/sites/sites.ts';
import { aRun, type House, openHouse } from './house.ts';

let house: House;
let site: Site;

beforeEach(async () => {
  house = await openHouse();
  ({ site } = await house.openSite());
});
afterEach(() => house.close());

const rows = () => house.connection.db.selectFrom('backup_drills').selectAll().orderBy('site_id').execute();
const latest = async (of = site) => (await house.backups.list(of, { page: 1 })).backups[0];
async function night(): Promise<void> {
  house.clock.advance(day);
  await house.night();
  await house.work();
}
const left = () => readdir(join(house.folder, 'drills')).catch(() => []);

test('a site has its first drill when it is a week old, then one every 28 days, and none while backups are under way', async () => {
  await night();
  await house.backups.drills.plan();
  expect(await rows()).toEqual([]);
  house.clock.advance(7 * day);
  await house.night();
  await house.backups.drills.plan();
  expect(await rows()).toEqual([]);
  await house.work();
  await house.backups.drills.plan();
  await house.backups.drills.plan();
  expect(await house.work()).toBe(1);
  const backup = await latest();
  expect(backup).toMatchObject({ state: 'proven', provenAt: house.clock.now() });
  expect(await rows()).toMatchObject([{ outcome: 'proven', backup_id: backup?.id, due_at: house.clock.now() + 28 * day }]);
  for (const [days, due] of [
    [27, 0],
    [1, 1],
  ] as const) {
    house.clock.advance(days * day);
    await house.backups.drills.plan();
    expect(await house.work()).toBe(due);
  }
  expect(await left()).toEqual([]);
});

test('drills are spread: an hour has a few of many sites, and within two weeks all have theirs', async () => {
  await night();
  await house.connection.write(async (tx) => {
    const [one] = await tx.selectFrom('sites').selectAll().execute();
    const [backup] = await tx.selectFrom('backups').selectAll().execute();
    if (!one || !backup) throw new Error('there is nothing to copy');
    for (let number = 0; number < 699; number++) {
      const id = newId(house.clock.now());
      await tx
        .insertInto('sites')
        .values({ ...one, id, name: `copy-${number}`, order_id: id })
        .execute();
      await tx
        .insertInto('backups')
        .values({ ...backup, id: newId(house.clock.now()), site_id: id })
        .execute();
    }
  });
  house.clock.advance(8 * day);
  await house.backups.drills.plan();
  expect(await rows()).toHaveLength(3);
  const { open, proven, uncovered } = await house.backups.drills.coverage(5);
  expect([open, proven, uncovered.length]).toEqual([700, 0, 5]);
  expect((await house.backups.counts()).provenSites).toBe(0);
});

test('who takes over a drill begins anew, and who was thought dead says nothing of the backup', async () => {
  await house.put(site, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`many/${index}.txt`, `file ${index}`])));
  await night();
  house.clock.advance(8 * day);
  await house.backups.drills.plan();
  const [slow, quick] = [house.backups, house.secondBackups()].map((backups) => backups.drills.prove(site.id, aRun()));
  await Promise.allSettled([slow, quick]);
  await house.work();
  expect(await latest()).toMatchObject({ state: 'proven' });
  expect(await rows()).toMatchObject([{ outcome: 'proven' }]);
  expect(await left()).toEqual([]);
});

test('a drill that nobody goes on with is closed after a day and comes again the next', async () => {
  await night();
  house.clock.advance(8 * day);
  await house.backups.drills.plan();
  await house.connection.write((tx) => tx.deleteFrom('jobs').execute());
  await mkdir(join(house.folder, 'drills', `${site.id}.dead`, 'www'), { recursive: true });
  house.clock.advance(27 * hour);
  await house.backups.drills.plan();
  expect(await rows()).toMatchObject([{ outcome: 'postponed', reason: 'backups.reason.stopped' }]);
  expect(await left()).toEqual([]);
  house.clock.advance(day);
  await house.backups.drills.plan();
  await house.work();
  expect(await rows()).toMatchObject([{ outcome: 'proven' }]);
});

test('an archive that was cut off since it was verified is found by the drill, one that is gone proves nothing', async () => {
  await night();
  const backup = await latest();
  const path = join(house.archivesFolder, site.name, String(backup?.fileName));
  await truncate(path, 200);
  await expect(house.backups.drills.now(site)).resolves.toMatchObject({ outcome: 'failed' });
  expect(await latest()).toMatchObject({ state: 'damaged', reason: 'backups.reason.drillFiles' });
  expect(await house.letters('backup-failed')).toHaveLength(1);
  await night();
  await rm(join(house.archivesFolder, site.name), { recursive: true });
  house.clock.advance(minute);
  await expect(house.backups.drills.now(site)).resolves.toMatchObject({ outcome: 'postponed', reason: 'backups.reason.lost' });
});

test('a backup with half of the files of the one before is shrunken, still counts, and the next one is compared with it', async () => {
  const files = Array.from({ length: 40 }, (_, index) => [`img/${index}.txt`, `file ${index}`]);
  await house.put(site, Object.fromEntries(files));
  await night();
  for (const [path = ''] of files.slice(0, 30)) await rm(house.pathIn(site, 'www', path));
  await night();
  const shrunken = await latest();
  expect(shrunken).toMatchObject({ state: 'shrunken', shrunk: [{ what: 'files', before: 40, after: 10 }] });
  expect((await house.backups.latestGood(site))?.id).toBe(shrunken?.id);
  expect((await house.backups.card(site)).level).toBe('fresh');
  await expect(house.backups.drills.now(site)).resolves.toMatchObject({ outcome: 'proven' });
  expect(await latest()).toMatchObject({ state: 'shrunken', provenAt: house.clock.now() });
  await night();
  expect(await latest()).toMatchObject({ state: 'verified', shrunk: [] });
});
