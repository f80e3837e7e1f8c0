// Nights of many sites: the window, places on all servers and on one, turns, a site that hangs, jumps of the clock.
import { afterEach, expect, test } from 'vitest';
import { Backups } from '../../src/backups/backups.ts';
import { isReadAnew } from '../../src/backups/reading-anew.ts';
import { day, hour, localDay, minute, second } from '../../src/platform/clock.ts';
import type { Site, Sites } from '../../src/sites/sites.ts';
import { aRun, type House, openHouse, zone } from './house.ts';

let house: House;
/** Lets the calls of the system return that hang in a test. */
const hanging: (() => void)[] = [];
afterEach(async () => {
  for (const end of hanging.splice(0)) end();
  await house.close();
});

/** So long that no busy machine takes it for a site which does answer; one that hangs lets the clock pass it. */
const patience = 20 * second;

/** Three o'clock in Seoul; sites are opened before. */
const evening = '2026-11-22T12:00:00Z';
const toNight = () => house.clock.advance(6 * hour);

type Pace = Parameters<typeof openHouse>[1];

async function withSites(count: number, pace: Pace): Promise<Site[]> {
  house = await openHouse(evening, pace);
  const sites: Site[] = [];
  for (let at = 0; at < count; at++) {
    const { site } = await house.openSite();
    await house.put(site, { 'index.html': `<h1>${at}</h1>` });
    sites.push(site);
    house.clock.advance(second);
  }
  return sites;
}

/** As the timetable asks, whatever the hour is: the night that began at three. */
async function keep(on: Backups = house.backups): Promise<void> {
  const now = house.clock.now();
  const dueAt = Date.parse(`${localDay(now - 3 * hour, zone)}T03:00:00+09:00`);
  await on.nights.keep(localDay(dueAt, zone), dueAt);
}

const rows = () => house.connection.db.selectFrom('backups').selectAll().orderBy('place').execute();
const states = async () => (await rows()).map(({ state }) => state);
const handed = async () => (await rows()).filter(({ handed_at }) => handed_at !== null);
const rowOf = async (site: Site) => (await rows()).filter(({ site_id }) => site_id === site.id).at(-1);
const idOf = async (site: Site) => String((await rowOf(site))?.id);

test('no more begin than there are places, and who ends passes its place on', async () => {
  await withSites(5, { backupsAtOnce: 3, backupsPerServer: 3 });
  toNight();
  await keep();
  await keep();
  expect([(await states()).length, (await handed()).length]).toEqual([5, 3]);
  await house.backups.make(String((await handed())[0]?.id), aRun());
  expect(await handed()).toHaveLength(4);
  await house.work();
  expect(await states()).toEqual(Array(5).fill('verified'));
});

test('one server never has more than its share, while sites of others pass by', async () => {
  const sites = await withSites(5, { backupsAtOnce: 3, backupsPerServer: 2 });
  const elsewhere = (sites[4] as Site).id;
  await house.connection.write((tx) =>
    tx.updateTable('sites').set({ server_id: 'another' }).where('id', '=', elsewhere).execute(),
  );
  toNight();
  await keep();
  expect((await handed()).map(({ site_id }) => site_id)).toEqual([sites[0]?.id, sites[1]?.id, elsewhere]);
});

test('three workers at once keep to the places, and who found none is made later', async () => {
  const sites = await withSites(3, { backupsAtOnce: 8, backupsPerServer: 8 });
  toNight();
  await keep();
  const strict = { ...house.parts, choices: { ...house.parts.choices, backupsPerServer: 2 } };
  const ids = await Promise.all(sites.map(idOf));
  await Promise.all(ids.map((id) => new Backups(strict).make(id, aRun())));
  expect((await states()).toSorted()).toEqual(['made', 'made', 'queued']);
  house.clock.advance(minute);
  await house.work(new Backups(strict));
  expect(await states()).toEqual(Array(3).fill('verified'));
});

test('when the window is over nothing begins: who had no turn is told so, and comes first in the next night', async () => {
  const sites = await withSites(3, { backupUntil: '06:00', backupsAtOnce: 1 });
  const [first, second_, third] = sites as [Site, Site, Site];
  toNight();
  await keep();
  await house.backups.make(await idOf(first), aRun());
  expect(await handed()).toHaveLength(2);
  house.clock.advance(3 * hour);
  await keep();
  // The one whose turn had come and the one that waited: neither begins any more.
  await house.work();
  expect(await rowOf(first)).toMatchObject({ state: 'verified' });
  for (const one of [second_, third])
    expect(await rowOf(one)).toMatchObject({ state: 'missing', reason: 'backups.reason.window', started_at: null });
  expect((await house.letters('backup-failed')).map(({ customer_id }) => customer_id).toSorted()).toEqual(
    [second_.customerId, third.customerId].toSorted(),
  );
  expect((await house.backups.nights.report()).nights[0]).toMatchObject({
    sites: 3,
    good: 1,
    leftOver: 2,
    waiting: 0,
    failed: 0,
  });
  expect((await house.backups.counts()).night).toEqual({ waiting: 0, leftOver: 2 });

  house.clock.advance(21 * hour);
  await keep();
  const next = (await rows()).filter((row) => row.day === '2026-11-24').map((row) => row.site_id);
  expect(next).toEqual([second_.id, third.id, first.id]);
});

test('a backup by hand is made at any hour, also while the one of the night waits for its turn', async () => {
  house = await openHouse(evening, { backupsAtOnce: 1, backupUntil: '06:00' });
  await house.openSite();
  house.clock.advance(second);
  const { site, actor } = await house.openSite();
  toNight();
  await keep();
  expect(await rowOf(site)).toMatchObject({ kind: 'nightly', handed_at: null });
  expect((await house.backups.card(site)).running?.waitsForTurn).toBe(true);
  const id = await house.backups.makeNow(site, actor);
  await house.backups.make(id, aRun());
  expect(await house.backups.byId(site, id)).toMatchObject({ state: 'made', kind: 'manual' });
  house.clock.advance(9 * hour);
  await keep();
  const late = await house.backups.makeNow(site, actor);
  await house.work();
  expect(await house.backups.byId(site, late)).toMatchObject({ state: 'verified' });
});

test('a site is read by one at a time: what comes while another backup of it is made waits a minute', async () => {
  house = await openHouse(evening);
  const { site, actor } = await house.openSite();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  hanging.push(open);
  const real = house.sites.storageFor(site);
  const behindGate = { lister: () => gated(gate, real.lister()) };
  const first = new Backups({ ...house.parts, sites: withStorage(site, behindGate) });
  const byHand = await house.backups.makeNow(site, actor);
  toNight();
  await keep();
  const nightly = (await rows()).find(({ kind }) => kind === 'nightly')?.id ?? '';
  const making = first.make(byHand, aRun());
  await expect.poll(async () => (await house.backups.byId(site, byHand)).state, { timeout: patience }).toBe('running');
  await house.secondBackups().make(nightly, aRun());
  expect(await house.backups.byId(site, nightly)).toMatchObject({ state: 'queued', startedAt: null });
  open();
  await making;
  house.clock.advance(minute);
  await house.work();
  expect(await house.backups.byId(site, nightly)).toMatchObject({ state: 'verified' });
});

test('a site that hangs is given up and told of; its place and all other sites go on', async () => {
  const [stuck, well] = (await withSites(2, { backupsAtOnce: 1 })) as [Site, Site];
  const backups = new Backups({ ...house.parts, silentMilliseconds: patience, sites: hangingAt(stuck) });
  toNight();
  await keep(backups);
  await house.work(backups);
  expect(await rowOf(stuck)).toMatchObject({ state: 'queued', reason: 'backups.reason.silent' });
  expect(await rowOf(well)).toMatchObject({ state: 'verified' });
  house.clock.advance(5 * second);
  await house.work(backups);
  expect(await rowOf(stuck)).toMatchObject({ state: 'failed', reason: 'backups.reason.silent' });
  expect((await house.letters('backup-failed')).map(({ customer_id }) => customer_id)).toEqual([stuck.customerId]);
  for (const end of hanging.splice(0)) end();
  await expect.poll(() => house.filesOf(stuck)).toEqual([]);
});

test('a backup that goes on and on is given up too', async () => {
  const [site] = (await withSites(1, { backupHours: 0.00002 })) as [Site];
  await house.put(site, Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${at % 20}/${at}.txt`, `${at}`])));
  toNight();
  await keep();
  await expect(house.backups.make(await idOf(site), aRun({ attempt: 2 }))).rejects.toThrow('too long');
  expect(await rowOf(site)).toMatchObject({ state: 'failed', reason: 'backups.reason.tooLong' });
});

test('what fails in the window is not tried again after it, and keeps its own reason', async () => {
  const [site] = (await withSites(1, { backupUntil: '06:00' })) as [Site];
  toNight();
  await keep();
  const failing = new Backups({ ...house.parts, sites: failingAt(site) });
  await expect(failing.make(await idOf(site), aRun())).rejects.toThrow();
  house.clock.advance(3 * hour);
  await house.backups.make(await idOf(site), aRun({ attempt: 2 }));
  expect(await rowOf(site)).toMatchObject({ state: 'failed', reason: 'backups.reason.unknown' });
});

test('a clock that jumps days ahead and back leaves nothing open, and every later night is whole', async () => {
  const [site, other] = (await withSites(2, { backupUntil: '06:00', backupsAtOnce: 1 })) as [Site, Site];
  toNight();
  await keep();
  house.clock.advance(400 * day);
  await keep(house.secondBackups());
  house.clock.advance(-400 * day);
  await keep(house.secondBackups());
  await house.work();
  await keep();
  const open = (await rows()).filter(({ state }) => state === 'queued' || state === 'running');
  expect(open).toEqual([]);
  // Of this night both are made: the one whose turn had come, and the one that was thought left over.
  for (const one of [site, other]) {
    const tonight = (await rows()).filter((row) => row.site_id === one.id && row.day === '2026-11-23');
    expect(tonight.map(({ state }) => state)).toEqual(['verified']);
  }
  house.clock.advance(day);
  await keep();
  await house.work();
  const next = (await rows()).filter((row) => row.day === '2026-11-24').map(({ state }) => state);
  expect(next).toEqual(['verified', 'verified']);
});

test('a clock that is set back by an hour begins no night twice, and one that is set back over three o’clock loses none', async () => {
  await withSites(2, { backupUntil: '06:00' });
  toNight();
  await keep();
  house.clock.advance(-hour);
  await keep(house.secondBackups());
  await house.work();
  house.clock.advance(hour);
  await keep(house.secondBackups());
  const tonight = (await rows()).filter((row) => row.day === '2026-11-23');
  expect(tonight.map(({ state }) => state)).toEqual(['verified', 'verified']);
});

test('once in four weeks a night takes nothing over, and says so in its row', async () => {
  const [site] = (await withSites(1, {})) as [Site];
  toNight();
  const made = async () => {
    await keep();
    await house.work();
    const details = (await house.audited('backups.made')).map((row) => JSON.parse(row.details).carriedFiles);
    return [details.at(-1), (await rowOf(site))?.read_whole];
  };
  expect(await made()).toEqual([0, 1]);
  house.clock.advance(2 * day);
  const isItsNight = (at: number) => isReadAnew(site.id, { night: localDay(at, zone), now: at, readAt: null });
  while (!isItsNight(house.clock.now() + day)) house.clock.advance(day);
  expect((await made())[1]).toBe(0);
  house.clock.advance(day);
  expect(await made()).toEqual([0, 1]);
  house.clock.advance(day);
  expect((await made())[1]).toBe(0);
});

/** The sites of the house, of which one's storage does not answer: the call neither ends nor fails, and the patience with it is over. */
function hangingAt(site: Site): Sites {
  const hangs = () => {
    void house.clock.until(house.clock.monotonic() + patience);
    return new Promise((_, reject) => hanging.push(() => reject(new Error('answered at last'))));
  };
  return withStorage(site, { stat: hangs, lister: () => ({ list: hangs, close: async () => {} }) });
}

function failingAt(site: Site): Sites {
  return withStorage(site, { stat: () => Promise.reject(new Error('broken')) });
}

/** A listing that waits before it begins. */
function gated<T extends { list(...args: never[]): Promise<unknown> }>(gate: Promise<void>, lister: T): T {
  const list = async (...args: never[]) => {
    await gate;
    return lister.list(...args);
  };
  return Object.assign(Object.create(lister), { list });
}

function withStorage(site: Site, instead: object): Sites {
  return new Proxy(house.sites, {
    get: (sites, name: keyof Sites) => {
      if (name === 'storageFor')
        return (of: Site) =>
          of.id === site.id ? Object.assign(Object.create(sites.storageFor(of)), instead) : sites.storageFor(of);
      const value = sites[name];
      return typeof value === 'function' ? (value as (...args: never[]) => unknown).bind(sites) : value;
    },
  });
}
