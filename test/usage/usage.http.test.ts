// Usage over HTTP: counted with every act, set right by the count of the night, told at 80, 90 and 100 percent, and shown by day.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemActor } from '../../src/audit/audit.ts';
import { day, hour, second } from '../../src/platform/clock.ts';
import { type OwnSite, startOwnSite } from '../files/own-site.ts';
import { welcome } from '../people/guests.ts';
import { Visitor } from '../support/panel.ts';

let own: OwnSite;
beforeAll(async () => {
  own = await startOwnSite();
});
afterAll(() => own?.house.close());

const doors = () => own.house.panel.doors;
const site = () => doors().sites.byName(own.site);
const letters = async () => (await own.house.letters()).filter((letter) => letter.includes('/usage'));
const rose = async () => {
  const { customerId, id } = await site();
  const rows = await doors().audit.recent(customerId, 100, ['sites.usageRose']);
  return rows.filter(({ siteId }) => siteId === id).map(({ details }) => details.percent);
};
const setQuota = (bytes: number) =>
  doors().connection.write((tx) => tx.updateTable('sites').set({ quota_bytes: bytes }).where('name', '=', own.site).execute());
/** A night: the appointment of the day, and the jobs that it asks for. */
const night = async () => {
  own.house.clock.advance(day);
  await own.house.work();
};
const days = async () => doors().usage.days(await site(), 90);

test('uploads side by side lose no count, and what the night finds is what was counted', async () => {
  await own.owner.get(`${own.files}/www`);
  const before = (await site()).usedBytes;
  const sent = Array.from({ length: 4 }, (_, at) =>
    own.owner.upload(own.site, [
      { name: `side/${at}.txt`, body: 'x'.repeat(1000 + at) },
      { name: `side/${at}-b.txt`, body: 'y'.repeat(100) },
    ]),
  );
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(4).fill(303));
  const counted = await site();
  expect(counted.usedBytes - before).toBe(4006 + 400);
  await night();
  const { usedBytes, usedFiles, countedAt } = await site();
  expect([usedBytes, usedFiles]).toEqual([counted.usedBytes, counted.usedFiles]);
  expect(countedAt).toBe(own.house.clock.now());
  expect((await days()).at(-1)).toMatchObject({ bytes: usedBytes, files: usedFiles, backupBytes: expect.any(Number) });
});

test('what came past the panel, and what a process that died had not counted, is found by the night', async () => {
  const before = await site();
  await own.lay('by-ftp/large.bin', 'f'.repeat(50_000));
  // Cut off between publishing and counting: the announcement holds room, and its process is heard of no more.
  const act = doors().sites.act(before, 'upload', systemActor);
  await doors().connection.write((tx) => act.begin(tx, { bytes: 7000, files: 1 }));
  await own.lay('cut-off.txt', 'c'.repeat(7000));
  expect((await site()).usedBytes).toBe(before.usedBytes + 7000);
  // While it may still live nothing is counted; then its room goes back, and the count finds its file.
  await night();
  own.house.clock.advance(hour);
  await own.house.work();
  expect((await site()).usedBytes).toBe(before.usedBytes + 57_000);
  const folders = await doors().usage.folders(await site());
  expect(folders[0]).toEqual({ path: ['www', 'by-ftp'], bytes: 50_000, files: 1 });
});

test('a letter comes once at 80, 90 and 100 percent, and again only after the usage fell by five points', async () => {
  await rm(own.www('by-ftp'), { recursive: true });
  await night();
  const base = (await site()).usedBytes;
  await setQuota(base + 100_000);
  const { quotaBytes } = await site();
  const fill = async (percent: number) => {
    own.house.clock.advance(second);
    const wanted = Math.ceil((quotaBytes * percent) / 100) - base;
    await writeFile(own.www('filler.bin'), 'f'.repeat(Math.max(0, wanted)));
    await doors().usage.count((await site()).id);
  };
  const told = async () =>
    (await letters()).map((letter) => Number(/(\d+)%/.exec(Buffer.from(letter).toString())?.[1] ?? 0)).length;
  await fill(79);
  expect(await told()).toBe(0);
  await fill(81);
  await fill(82);
  expect(await told()).toBe(1);
  await fill(79);
  await fill(81);
  expect(await told()).toBe(1);
  await fill(91);
  await fill(100);
  expect(await told()).toBe(3);
  expect((await rose()).toReversed()).toEqual([80, 90, 100]);
  await fill(70);
  await fill(96);
  expect(await told()).toBe(4);
  expect((await rose())[0]).toBe(90);
});

test('room that an upload merely holds is no use of it: nobody is told because of one that may be refused', async () => {
  await writeFile(own.www('filler.bin'), '');
  await doors().usage.count((await site()).id);
  const { usedBytes } = await site();
  await setQuota(usedBytes * 2 + 100_000);
  const before = (await letters()).length;
  const holding = doors().sites.act(await site(), 'upload', systemActor);
  const other = doors().sites.act(await site(), 'folder', systemActor);
  const { connection } = doors();
  await connection.write((tx) => holding.begin(tx, { bytes: usedBytes + 50_000, files: 1 }));
  await connection.write((tx) => other.begin(tx, { bytes: 0, files: 0 }));
  await connection.write((tx) => other.end(tx, { bytes: 0, files: 0 }));
  expect((await letters()).length).toBe(before);
  await connection.write((tx) => holding.end(tx, { bytes: usedBytes + 50_000, files: 1 }));
  expect([(await letters()).length, (await site()).usedBytes]).toEqual([before, usedBytes]);
});

test('an upload that crosses the edge has its letter at once, one that was refused has none', async () => {
  await writeFile(own.www('filler.bin'), '');
  await doors().usage.count((await site()).id);
  const before = (await letters()).length;
  const { usedBytes } = await site();
  await setQuota(usedBytes + 100_000);
  await own.owner.logIn('owner@example.com');
  await own.owner.upload(own.site, [{ name: 'too-large.txt', body: 'x'.repeat(100_001) }]);
  expect((await letters()).length).toBe(before);
  const room = (await site()).quotaBytes;
  const wanted = Math.ceil(room * 0.9) - (await site()).usedBytes;
  await own.owner.upload(own.site, [{ name: 'large.txt', body: 'x'.repeat(wanted) }]);
  expect((await letters()).length).toBe(before + 1);
  expect((await letters()).at(-1)).toContain(`/sites/${own.site}/usage`);
  const dashboard = await own.owner.get('/dashboard');
  expect(dashboard.text).toContain('저장 공간이 얼마 남지 않았습니다');
});

test('the page tells usage, days and folders in both languages, to who may look and to nobody else', async () => {
  await mkdir(own.www('data', 'file'), { recursive: true });
  await writeFile(own.www('data', 'file', '사진.bin'), 'x'.repeat(5000));
  await night();
  await own.owner.logIn('owner@example.com');
  const { text, status } = await own.owner.get(`/sites/${own.site}/usage`);
  expect(status).toBe(200);
  for (const part of [
    '<svg class="plot-body"',
    '/www/data/file',
    `/sites/${own.site}/files/www/data/file"`,
    '표로 보기',
    '데이터베이스',
  ])
    expect(text).toContain(part);
  expect(text).not.toContain('style=');
  const english = new Visitor(own.house, 'en');
  Object.assign(english, { agent: own.owner.agent });
  expect((await english.get(`/sites/${own.site}/usage`)).text).toContain('Largest folders');
  const viewer = await welcome(own.house, own.owner, { email: 'viewer@example.com', role: 'viewer', sites: own.site });
  expect((await viewer.get(`/sites/${own.site}/usage`)).status).toBe(200);
  const stranger = new Visitor(own.house);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(`/sites/${own.site}/usage`)).status).toBe(404);
});

test('a suspended site is counted as any other', async () => {
  const { sites } = doors();
  await sites.suspend(await site(), systemActor, 'unpaid');
  await own.house.work();
  const before = await site();
  await night();
  const after = await site();
  expect(after.usedBytes).toBe(before.usedBytes);
  expect(after.countedAt).toBe(own.house.clock.now());
  await sites.resume(await site(), systemActor);
  await own.house.work();
});

test('a count of the server that a site has left meanwhile is not kept', async () => {
  const before = await site();
  await own.lay('left-behind.bin', 'x'.repeat(9000));
  const moved = doors().sites.count(before.id, async () => {});
  // What is under way asks the old server; the switch comes before its answer is written.
  await doors().connection.write((tx) =>
    tx.updateTable('sites').set({ server_id: 'another' }).where('id', '=', before.id).execute(),
  );
  expect(await moved.catch(() => false)).toBe(false);
  expect((await site()).usedBytes).toBe(before.usedBytes);
  await doors().connection.write((tx) =>
    tx.updateTable('sites').set({ server_id: before.serverId }).where('id', '=', before.id).execute(),
  );
  own.house.clock.advance(hour);
  await own.house.work();
  expect((await site()).usedBytes).toBe(before.usedBytes + 9000);
});

test('a server that does not answer leaves the day as acts had kept it, and days are kept for 400', async () => {
  const { id, serverId, usedBytes } = await site();
  const on = (server: string) =>
    doors().connection.write((tx) => tx.updateTable('sites').set({ server_id: server }).where('id', '=', id).execute());
  await on('no server has this id');
  await night();
  expect((await days()).at(-1)?.bytes).toBe(usedBytes);
  await on(serverId);
  const [oldest] = await days();
  own.house.clock.advance(401 * day);
  await doors().usage.sweep();
  const rows = await doors().connection.db.selectFrom('usage_days').select('day').where('site_id', '=', id).execute();
  expect(rows.map((row) => row.day)).not.toContain(oldest?.day);
});
