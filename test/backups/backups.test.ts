// Backups through their door: once a night, whole or not at all, read back, kept, and handed to their owner only.
import { createHash } from 'node:crypto';
import { chmod, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { day, hour, localDay, minute } from '../../src/platform/clock.ts';
import type { Site } from '../../src/sites/sites.ts';
import { aRun, type House, openHouse, zone } from './house.ts';
import { readManifest } from './manifests.ts';

let house: House;
let site: Site;
let person: Awaited<ReturnType<House['openSite']>>;

beforeEach(async () => {
  house = await openHouse();
  person = await house.openSite();
  site = person.site;
  await house.put(site, { 'index.html': '<h1>가게</h1>', 'img/사진.jpg': Buffer.alloc(200_000, 7) });
});
afterEach(() => house.close());

const refused = (status: number, key?: string) => expect.objectContaining({ status, ...(key && { key }) });
const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1);
  return list[0] as T;
};
const allOf = async (of = site) => (await house.backups.list(of, { page: 1 })).backups;
/** From noon to three o'clock of the next morning. */
const toNextNight = () => house.clock.advance(15 * hour);

async function goodBackup() {
  toNextNight();
  await house.night();
  await house.work();
  const latest = await house.backups.latestGood(site);
  if (!latest?.fileName || !latest.sha256) throw new Error('no good backup was made');
  return { ...latest, fileName: latest.fileName, sha256: latest.sha256 };
}

test('every night each open site gets one backup, however often the night is begun', async () => {
  const second = await house.openSite();
  toNextNight();
  await house.night();
  await house.night();
  await house.secondBackups().nights.keep(localDay(house.clock.now(), zone), house.clock.now());
  expect([(await allOf()).length, (await allOf(second.site)).length]).toEqual([1, 1]);
  expect(await house.work()).toBe(4);
  expect(only(await allOf())).toMatchObject({ state: 'verified', kind: 'nightly', day: '2026-11-23', files: 2, folders: 1 });
});

test('two workers that begin the night at the same moment make one backup', async () => {
  toNextNight();
  const [first, second] = [house.backups, house.secondBackups()];
  const begin = (backups: typeof first) => backups.nights.keep('2026-11-23', house.clock.now());
  await Promise.all([begin(first), begin(second), begin(house.secondBackups())]);
  expect(await allOf()).toHaveLength(1);
  expect(await house.work()).toBe(2);
});

test('a site that was opened after three o’clock waits for the next night', async () => {
  await house.backups.nights.keep('2026-11-22', house.clock.now() - 9 * hour);
  expect(await allOf()).toHaveLength(0);
});

test('a backup is read back, then it lies right above www with the checksum that its page shows', async () => {
  const { fileName, sha256, dataAt, bytes } = await goodBackup();
  expect(fileName).toBe(`${site.name}-20261123-0300.zip`);
  expect(dataAt).toBe(house.clock.now());
  expect(await house.shown(site)).toEqual([fileName, `${fileName}.sha256`]);
  const shown = await readFile(house.pathIn(site, 'backup', fileName));
  expect([createHash('sha256').update(shown).digest('hex'), shown.length]).toEqual([sha256, bytes]);
  expect(await readFile(house.pathIn(site, 'backup', `${fileName}.sha256`), 'utf8')).toBe(`${sha256}  ${fileName}\n`);
  const actions = ['backups.made', 'backups.verified'];
  for (const action of actions) only(await house.audited(action));
});

test('made is not yet good: until it was read back it is listed and can be downloaded, but nothing counts on it', async () => {
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  await house.backups.make(id, aRun());
  const made = await house.backups.byId(site, id);
  expect(made).toMatchObject({ state: 'made', verifiedAt: null });
  expect(await house.backups.latestGood(site)).toBeUndefined();
  expect(await house.shown(site)).toEqual([]);
  expect((await buffer(await house.backups.openArchive(site, made))).length).toBe(made.bytes);
  await house.backups.verify(id, aRun());
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'verified', verifiedAt: house.clock.now() });
});

test('each part may run twice without harm', async () => {
  const { id } = await goodBackup();
  const before = await house.backups.byId(site, id);
  await house.backups.make(id, aRun());
  await house.backups.verify(id, aRun());
  expect(await house.backups.byId(site, id)).toEqual(before);
  expect(await house.archivesOf(site)).toHaveLength(1);
  expect(await house.audited('backups.made')).toHaveLength(1);
});

test('a worker that stops in the middle leaves nothing visible, and the next one makes the backup', async () => {
  await house.put(site, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`many/${index}.txt`, `file ${index}`])));
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  const stopping = new AbortController();
  const making = house.backups.make(id, aRun({ signal: stopping.signal }));
  setTimeout(() => stopping.abort(), 5);
  await expect(making).rejects.toThrow();
  expect(await house.filesOf(site)).toEqual([]);
  expect(await house.shown(site)).toEqual([]);
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'queued', reason: null });
  await house.work();
  expect(only(await allOf())).toMatchObject({ state: 'verified', files: 302, fileName: `${site.name}-20261123-0300.zip` });
  expect(await house.filesOf(site)).toEqual([`${site.name}-20261123-0300.zip`]);
});

test('a worker killed after the archive was complete, but before it said so, leaves no second archive', async () => {
  const first = await goodBackup();
  // As the rows stood at the moment of the kill: the archive there, the row still running.
  await house.connection.write((tx) =>
    tx
      .updateTable('backups')
      .set({ state: 'running', sha256: null, bytes: null, verified_at: null, made_at: null })
      .where('id', '=', first.id)
      .execute(),
  );
  house.clock.advance(5 * minute);
  await house.backups.make(first.id, aRun({ attempt: 2 }));
  await house.backups.verify(first.id, aRun());
  const again = only(await allOf());
  expect(again).toMatchObject({ state: 'verified', fileName: `${site.name}-20261123-0305.zip` });
  expect(await house.archivesOf(site)).toEqual([again.fileName]);
  expect(await house.shown(site)).toEqual([again.fileName, `${again.fileName}.sha256`]);
});

test('a worker that was thought dead does not disturb the one that took over', async () => {
  await house.put(site, Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`many/${index}.txt`, `file ${index}`])));
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  const slow = house.backups.make(id, aRun());
  const quick = house.secondBackups().make(id, aRun({ attempt: 2 }));
  const outcomes = await Promise.allSettled([slow, quick]);
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  await house.work();
  const backup = only(await allOf());
  expect(backup.state).toBe('verified');
  expect(await house.filesOf(site)).toEqual([backup.fileName]);
});

test('files that vanish while the backup is made do not stop it, and it says what is not in it', async () => {
  await house.put(site, Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`cache/${index}.tmp`, 'x'.repeat(2000)])));
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  const making = house.backups.make(id, aRun());
  await rm(house.pathIn(site, 'www', 'cache'), { recursive: true, force: true });
  await making;
  await house.backups.verify(id, aRun());
  const backup = await house.backups.byId(site, id);
  expect(backup.state).toMatch(/^(verified|warned)$/);
  const local = await house.archives.local(`${site.name}/${backup.fileName}`);
  const manifest = await readManifest(local.path);
  expect(manifest.members.some((member) => member.path === 'www/index.html')).toBe(true);
  expect(backup.leftOut.length).toBe(Math.min(100, manifest.leftOut.length));
});

test.skipIf(process.getuid?.() === 0)('a file that cannot be read makes the backup good with a warning', async () => {
  await chmod(house.pathIn(site, 'www', 'index.html'), 0);
  const backup = await goodBackup();
  expect(backup).toMatchObject({ state: 'warned', leftOut: [{ path: 'www/index.html', reason: 'unreadable' }] });
});

test('a damaged archive is found, told to the owner, never shown, never handed out, and the next backup reads everything anew', async () => {
  const good = await goodBackup();
  await house.put(site, { 'new.txt': 'new' });
  house.clock.advance(day);
  await house.night();
  const [next] = await allOf();
  if (!next) throw new Error('no backup');
  await house.backups.make(next.id, aRun());
  const { fileName } = await house.backups.byId(site, next.id);
  const path = join(house.archivesFolder, site.name, String(fileName));
  const bytes = await readFile(path);
  bytes.writeUInt8((bytes.readUInt8(300) + 1) % 256, 300);
  await writeFile(path, bytes);
  await house.backups.verify(next.id, aRun());

  const damaged = await house.backups.byId(site, next.id);
  expect(damaged).toMatchObject({ state: 'damaged', reason: 'backups.reason.damaged', verifiedAt: null });
  expect(await house.shown(site)).toEqual([good.fileName, `${good.fileName}.sha256`]);
  expect((await house.backups.latestGood(site))?.id).toBe(good.id);
  await expect(house.backups.openArchive(site, damaged)).rejects.toEqual(refused(409, 'backups.refused.damaged'));
  only(await house.audited('backups.damaged'));
  only(await house.letters('backup-failed'));
  expect((await house.backups.card(site)).level).toBe('red');

  house.clock.advance(day);
  await house.night();
  await house.work();
  expect(await house.backups.latestGood(site)).toMatchObject({ state: 'verified', day: '2026-11-25' });
  const made = await house.audited('backups.made');
  expect(made.map(({ details }) => JSON.parse(details).carriedFiles)).toEqual([0, 2, 0]);
  expect((await house.backups.card(site)).level).toBe('fresh');
});

test('an archive that is gone before it was read back is no backup', async () => {
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  await house.backups.make(id, aRun());
  await rm(join(house.archivesFolder, site.name), { recursive: true });
  await house.backups.verify(id, aRun());
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'damaged', reason: 'backups.reason.lost' });
});

test('archives that vanish later count no more, which is said once, and are read anew when they are there again', async () => {
  const first = await goodBackup();
  house.clock.advance(9 * hour);
  const second = await goodBackup();
  await rename(house.archivesFolder, `${house.archivesFolder}-unmounted`);
  await house.backups.retainAll();
  await house.backups.retainAll();
  for (const { id } of [first, second])
    expect(await house.backups.byId(site, id)).toMatchObject({ state: 'damaged', reason: 'backups.reason.lost' });
  expect(await house.backups.latestGood(site)).toBeUndefined();
  expect((await house.backups.card(site)).level).toBe('red');
  expect(await house.audited('backups.damaged')).toHaveLength(2);
  only(await house.letters('backup-failed'));

  await rename(`${house.archivesFolder}-unmounted`, house.archivesFolder);
  await house.backups.retainAll();
  expect(await house.backups.byId(site, second.id)).toMatchObject({ state: 'made', reason: null, failedAt: null });
  await house.work();
  expect((await house.backups.latestGood(site))?.id).toBe(second.id);
  expect(await house.backups.byId(site, first.id)).toMatchObject({ state: 'verified' });
  expect(await house.audited('backups.verified')).toHaveLength(4);
});

test('an archive that is cut off later counts no more, and the others stay as they are', async () => {
  const first = await goodBackup();
  house.clock.advance(9 * hour);
  const second = await goodBackup();
  await truncate(join(house.archivesFolder, site.name, second.fileName), 1000);
  await house.backups.retainAll();
  expect(await house.backups.byId(site, second.id)).toMatchObject({ state: 'damaged', reason: 'backups.reason.damaged' });
  expect((await house.backups.latestGood(site))?.id).toBe(first.id);
  only(await house.letters('backup-failed'));
});

test('a backup that cannot be made is tried again, then its owner is told why and what is still good', async () => {
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  await rm(house.pathIn(site, 'www'), { recursive: true });
  await expect(house.backups.make(id, aRun())).rejects.toThrow();
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'queued', reason: 'backups.reason.siteMissing' });
  await expect(house.backups.make(id, aRun({ attempt: 10, lastAttempt: true }))).rejects.toThrow();
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'failed', failedAt: house.clock.now() });
  expect(only(await house.letters('backup-failed')).customer_id).toBe(site.customerId);
  only(await house.audited('backups.failed'));
  expect(await house.filesOf(site)).toEqual([]);
});

test('a night whose backup never began is shown as missing, one whose worker never came back as failed', async () => {
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  house.clock.advance(day);
  await house.night();
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'queued' });
  const second = (await allOf())[0];
  await house.connection.write((tx) =>
    tx
      .updateTable('backups')
      .set({ state: 'running', started_at: house.clock.now() })
      .where('id', '=', String(second?.id))
      .execute(),
  );
  house.clock.advance(2 * day);
  await house.night();
  expect((await allOf()).map(({ state }) => state)).toEqual(['queued', 'failed', 'missing']);
  await house.backups.make(id, aRun());
  expect((await house.backups.byId(site, id)).state).toBe('missing');
  expect((await house.backups.card(site)).level).toBe('red');
});

test('unchanged files are taken over from the last good archive, and what changed is new', async () => {
  await goodBackup();
  await house.put(site, { 'index.html': '<h1>새 가게</h1>' });
  house.clock.advance(day);
  await house.night();
  await house.work();
  const latest = await house.backups.latestGood(site);
  expect(latest).toMatchObject({ day: '2026-11-24', state: 'verified', files: 2 });
  expect((await house.audited('backups.made')).map(({ details }) => JSON.parse(details).carriedFiles)).toEqual([0, 1]);
});

test('after 60 days there are seven daily and five weekly backups, and a line for every night', async () => {
  toNextNight();
  for (let night = 0; night < 60; night += 1) {
    await house.addGood(site);
    await house.backups.retain(site);
    house.clock.advance(day);
  }
  // 60 nights from 23 November 2026 end on 21 January 2027, a Thursday: six days before it, and Sundays of the weeks before.
  const days = [
    '20261227',
    '20270103',
    '20270110',
    '20270115',
    '20270116',
    '20270117',
    '20270118',
    '20270119',
    '20270120',
    '20270121',
  ];
  const held = days.map((of) => `${site.name}-${of}-0300.zip`);
  expect(await house.archivesOf(site)).toEqual(held);
  const [latest, sunday] = (await allOf()).filter(({ fileName }) => [held.at(-1), held[0]].includes(String(fileName)));
  expect(latest?.keptBecause).toEqual(['backups.keptLastGood', 'backups.keptDaily', 'backups.keptWeekly']);
  expect(sunday?.keptBecause).toEqual(['backups.keptWeekly']);
  const { total, pages, backups } = await house.backups.list(site, { page: 2 });
  expect([total, pages, backups.at(-1)?.state, backups.at(-1)?.day]).toEqual([60, 2, 'expired', '2026-11-23']);
  expect(await house.audited('backups.expired')).toHaveLength(50);

  // Weeks without a good backup take nothing away: what is good stays, whatever its age.
  await rm(house.pathIn(site, 'www'), { recursive: true });
  for (let night = 0; night < 40; night += 1) {
    await house.night();
    const waiting = (await allOf())[0];
    await house.backups.make(String(waiting?.id), aRun({ lastAttempt: true })).catch(() => {});
    await house.backups.retainAll();
    house.clock.advance(day);
  }
  expect(await house.archivesOf(site)).toEqual(held);
  expect((await house.backups.card(site)).level).toBe('red');
});

test('an archive that no row vouches for is removed, other files are left alone', async () => {
  const { fileName } = await goodBackup();
  const folder = join(house.archivesFolder, site.name);
  await writeFile(join(folder, `${site.name}-20261101-0300.zip`), 'left behind');
  await writeFile(join(folder, 'handed-over.zip'), 'the operator’s own');
  await house.backups.retainAll();
  expect(await house.archivesOf(site)).toEqual(['handed-over.zip', fileName].sort());
});

test('a backup can be made by hand as often a day as the plan says, one at a time', async () => {
  for (const left of [3, 2, 1]) {
    expect(await house.backups.allowance(site)).toEqual({ left, limit: 3 });
    await house.backups.makeNow(site, person.actor);
    await expect(house.backups.makeNow(site, person.actor)).rejects.toEqual(refused(409, 'backups.alreadyRunning'));
    await house.work();
  }
  await expect(house.backups.makeNow(site, person.actor)).rejects.toMatchObject({
    status: 422,
    fields: { '': [{ key: 'backups.limitReached', parameters: { limit: 3 } }] },
  });
  expect((await allOf()).map(({ fileName }) => fileName).sort()).toEqual(
    ['-2', '-3', ''].map((end) => `${site.name}-20261122-1200${end}.zip`).sort(),
  );
  expect(await house.audited('backups.requested')).toHaveLength(3);
  house.clock.advance(day);
  expect(await house.backups.allowance(site)).toEqual({ left: 3, limit: 3 });
});

test('of two requests for a backup at the same moment one is refused', async () => {
  const both = await Promise.allSettled([
    house.backups.makeNow(site, person.actor),
    house.secondBackups().makeNow(site, person.actor),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await allOf()).toHaveLength(1);
});

test('an operator makes and checks a backup at once', async () => {
  expect(await house.backups.runNow(site)).toBe(`${site.name}-20261122-1200.zip`);
  expect(only(await allOf())).toMatchObject({ state: 'verified', kind: 'manual' });
  expect(await house.backups.allowance(site)).toEqual({ left: 3, limit: 3 });
  house.clock.advance(minute);
  await rm(house.pathIn(site, 'www'), { recursive: true });
  await expect(house.backups.runNow(site)).rejects.toEqual(refused(404));
  expect((await allOf()).map(({ state }) => state)).toEqual(['failed', 'verified']);
});

test('a stranger’s backup is not there', async () => {
  const { id } = await goodBackup();
  const stranger = await house.openSite();
  await expect(house.backups.byId(stranger.site, id)).rejects.toEqual(refused(404));
  await expect(house.backups.byId({ ...site, customerId: stranger.site.customerId }, id)).rejects.toEqual(refused(404));
});

test('one session’s download of one backup is granted, noted and told once, also when its first requests come together', async () => {
  const backup = await goodBackup();
  const downloader = { sessionHash: 'session', personId: person.personId, actor: person.actor };
  expect(await house.backups.isGranted(site, backup.id, downloader)).toBe(false);
  const others = [house.backups, house.secondBackups(), house.backups, house.secondBackups()];
  await Promise.all(others.map((backups) => backups.grant(site, backup, downloader)));
  await house.backups.grant(site, backup, downloader);
  expect(await house.backups.isGranted(site, backup.id, downloader)).toBe(true);
  expect(await house.backups.isGranted(site, backup.id, { ...downloader, sessionHash: 'other' })).toBe(false);
  expect(only(await house.audited('backups.downloaded'))).toMatchObject({
    actor_person_id: person.personId,
    subject_id: backup.id,
  });
  only(await house.letters('backup-downloaded'));
  const part = await buffer(await house.backups.openArchive(site, backup, { start: 10, end: 19 }));
  expect(part).toEqual((await readFile(house.pathIn(site, 'backup', backup.fileName))).subarray(10, 20));
});

test('a grant is forgotten once no session can be as old as it is', async () => {
  const backup = await goodBackup();
  const downloader = { sessionHash: 'session', personId: person.personId, actor: person.actor };
  await house.backups.grant(site, backup, downloader);
  await house.backups.sweepGrants(house.clock.now());
  expect(await house.backups.isGranted(site, backup.id, downloader)).toBe(true);
  await house.backups.sweepGrants(house.clock.now() + 1);
  expect(await house.backups.isGranted(site, backup.id, downloader)).toBe(false);
});

test('what has expired cannot be downloaded, and an archive that cannot be read is said to be so', async () => {
  const backup = await goodBackup();
  await rm(join(house.archivesFolder, site.name), { recursive: true });
  await expect(house.backups.openArchive(site, backup)).rejects.toEqual(refused(503, 'backups.refused.unreadable'));
  await expect(house.backups.openArchive(site, { ...backup, state: 'expired', expiredAt: 1 })).rejects.toEqual(refused(410));
  await expect(house.backups.openArchive(site, { ...backup, state: 'running' })).rejects.toEqual(refused(409));
});

test('the card turns amber after 26 hours and red after 50, counted from the data', async () => {
  expect(await house.backups.card(site)).toMatchObject({ level: 'none', latest: undefined });
  await goodBackup();
  const levels: string[] = [];
  for (const step of [0, 26 * hour - 1, 1, 24 * hour - 1, 1]) {
    house.clock.advance(step);
    levels.push((await house.backups.card(site)).level);
  }
  expect(levels).toEqual(['fresh', 'fresh', 'amber', 'amber', 'red']);
  expect((await house.backups.card(site)).next).toBe(Date.parse('2026-11-25T18:00:00Z'));
});

test('the month and the band show every day since the site was opened, the service its share', async () => {
  await goodBackup();
  house.clock.advance(2 * day);
  await house.night();
  const month = await house.backups.month(site, '2026-11');
  const states = Object.fromEntries(month.map(({ day: of, state }) => [of, state]));
  expect(month).toHaveLength(30);
  expect([states['2026-11-22'], states['2026-11-23'], states['2026-11-24'], states['2026-11-25'], states['2026-11-26']]).toEqual([
    undefined,
    'verified',
    'missing',
    'queued',
    undefined,
  ]);
  expect((await house.backups.card(site)).days.slice(-4).map(({ day: of }) => of)).toEqual([
    '2026-11-22',
    '2026-11-23',
    '2026-11-24',
    '2026-11-25',
  ]);
  expect(await house.backups.serviceBand(3)).toEqual([
    { day: '2026-11-23', total: 1, verified: 1 },
    { day: '2026-11-24', total: 0, verified: 0 },
    { day: '2026-11-25', total: 1, verified: 0 },
  ]);
});

test('a backup that waits for its check for hours is checked after all', async () => {
  toNextNight();
  await house.night();
  const { id } = only(await allOf());
  await house.backups.make(id, aRun());
  await house.connection.write((tx) => tx.deleteFrom('jobs').execute());
  house.clock.advance(3 * hour);
  await house.backups.retainAll();
  await house.work();
  expect((await house.backups.byId(site, id)).state).toBe('verified');
  expect((await stat(join(house.archivesFolder, site.name))).isDirectory()).toBe(true);
});
