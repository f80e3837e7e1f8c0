// What was found stays the customer's to decide: however long that takes, while the site moves, and told of by one of all who look.
import { rm, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, minute, StoppedClock } from '../../src/platform/clock.ts';
import type { VirusScanner } from '../../src/platform/scanner/port.ts';
import { IncomingHouse, ordinary, pixel } from './incoming-house.ts';

let house: IncomingHouse;
afterEach(() => house?.close());

const by = { kind: 'operator' } as const;
const open = (scanner?: VirusScanner) => IncomingHouse.open({ clock: new StoppedClock(Date.now()), ...(scanner && { scanner }) });
const findings = () => house.incoming.findings(house.site, 0, 10);
const scan = () => house.incoming.scan.run(house.site.id, new AbortController().signal);
const freeze = () => house.test.panel.doors.connection.write((tx) => sites().freezing.freeze(tx, house.site.id));
const thaw = () => house.test.panel.doors.connection.write((tx) => sites().freezing.thaw(tx, house.site.id));
const sites = () => house.test.panel.doors.sites;

describe('a script that was found', () => {
  beforeEach(async () => {
    house = await open();
    await house.lay('www/data/old.png', pixel);
    await house.mark('www/data');
    await house.watch();
    for (const name of ['a', 'b', 'c']) await house.lay(`www/data/${name}.php`, ordinary);
    await house.watch();
  });
  const states = async () =>
    Object.fromEntries((await findings()).map(({ path, droppedAt }) => [path, droppedAt === null ? 'open' : 'ended']));

  test('waits for the word of the customer as long as it lies there, and can be held after a year', async () => {
    const { kept } = house.incoming;
    for (const days of [31, 365]) {
      house.test.clock.advance(days * day);
      await kept.sweep();
      await scan();
      expect(await house.incoming.open(house.site)).toBe(3);
    }
    const [{ id = '' } = {}] = await findings();
    await kept.hold(house.site, id, by);
    expect(await house.heldFiles()).toBe(1);
    // What was held goes after its thirty days; what still lies there does not.
    house.test.clock.advance(31 * day);
    await kept.sweep();
    expect([await house.heldFiles(), await house.incoming.open(house.site)]).toEqual([0, 2]);
  });

  test('waits for nobody once it is gone, or another file stands there, which is told of for itself', async () => {
    await rm(house.at('www/data/a.php'));
    await writeFile(house.at('www/data/b.php'), `${ordinary}// another one`);
    await scan();
    const rows = await findings();
    expect(rows.filter(({ droppedAt }) => droppedAt === null).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['www/data/b.php', 'www/data/c.php']),
    );
    expect(await house.incoming.open(house.site)).toBe(2);
    expect(rows.filter(({ path }) => path === 'www/data/b.php')).toHaveLength(2);
    // What has ended is swept in its time.
    house.test.clock.advance(31 * day);
    await house.incoming.kept.sweep();
    expect(await states()).toEqual({ 'www/data/b.php': 'open', 'www/data/c.php': 'open' });
  });

  test('is left where it is while the site moves, whatever was read of the site before', async () => {
    const before = house.site;
    const rows = await findings();
    const id = (name: string) => rows.find(({ path }) => path === `www/data/${name}.php`)?.id ?? '';
    const { kept } = house.incoming;
    await kept.hold(house.site, id('a'), by);
    await freeze();
    expect(before.frozenAt).toBeNull();
    const moving = { status: 409, key: 'moves.refused' };
    await expect(kept.hold(before, id('b'), by)).rejects.toMatchObject(moving);
    await expect(kept.remove(before, id('b'), by)).rejects.toMatchObject(moving);
    await expect(kept.restore(before, id('a'), by, 'ours')).rejects.toMatchObject(moving);
    expect([await house.isThere('www/data/b.php'), await house.isThere('www/data/a.php')]).toEqual([true, false]);
    await thaw();
    await kept.hold(before, id('b'), by);
    expect(await house.isThere('www/data/b.php')).toBe(false);
  });

  test('goes along when the site moves: held there, it is the very file', async () => {
    const storage = sites().storageFor(house.site);
    const { connection } = house.test.panel.doors;
    const [{ id = '', path = '' } = {}] = await findings();
    const read = house.incoming.stamps.read(house.site, storage, moved(storage));
    await connection.write(async (tx) => house.incoming.stamps.write(tx, house.site, await read));
    const row = await connection.db.selectFrom('file_findings').select('stamp').where('id', '=', id).executeTakeFirstOrThrow();
    expect(row.stamp).toBe(`there ${(await storage.stat(path.split('/'))).stamp}`);
  });
});

/** The same files in another place, where every stamp is another one. */
function moved(storage: ReturnType<ReturnType<typeof sites>['storageFor']>): typeof storage {
  return Object.create(storage, {
    stat: {
      value: async (path: string[]) => {
        const entry = await storage.stat(path);
        return { ...entry, stamp: `there ${entry.stamp}` };
      },
    },
  });
}

describe('while a site moves', () => {
  beforeEach(async () => {
    house = await open();
    await house.mark('www/data');
    await house.test.work();
  });

  test('nothing that came in is judged, and all of it afterwards', async () => {
    await house.lay('www/data/a.php', ordinary);
    await house.incoming.took(house.event('stored', 'www/data/a.php'), house.site);
    // As if the site had been closed just after its row was read.
    const door = sites();
    const { byId } = door;
    const read = await door.byId(house.site.id);
    await freeze();
    Object.assign(door, { byId: async () => read });
    await house.incoming.judge(house.site.id, new AbortController().signal).finally(() => Object.assign(door, { byId }));
    expect([await house.findings(), await house.isThere('www/data/a.php')]).toEqual([[], true]);
    await thaw();
    await house.judge();
    expect(await house.findings()).toEqual(['refused www/data/a.php type_not_allowed']);
  });

  test('the look at every file waits, is shown as waiting, and comes by itself afterwards', async () => {
    await house.lay('www/data/a.php', ordinary);
    await utimes(house.at('www/data/a.php'), 1, 1);
    await freeze();
    await scan();
    const look = async () => (await house.incoming.protection.of(house.site)).lastLook?.state;
    expect([await house.findings(), await look()]).toEqual([[], 'waiting']);
    await thaw();
    house.test.clock.advance(2 * minute);
    await house.test.work();
    expect([await house.findings(), await look()]).toEqual([['found www/data/a.php type_not_allowed'], 'done']);
  });
});

test('a script that the watch and the look at every file come to at once is told of once', async () => {
  // Each waits in the check of the content until the other one is there too.
  const waiting: (() => void)[] = [];
  house = await open({
    present: true,
    check: async () => {},
    scan: async () => {
      await new Promise<void>((go) => {
        waiting.push(go);
        if (waiting.length === 2) for (const each of waiting) each();
        setTimeout(go, 5000).unref();
      });
      return { clean: false, signature: 'Test.Marker' };
    },
  });
  await house.lay('www/data/old.txt', 'old');
  await house.mark('www/data');
  await house.incoming.watch(new AbortController().signal);
  await house.lay('www/data/note.txt', 'a note');
  await rm(house.at('www/data/old.txt'));
  for (let times = 0; times < 2; times += 1) await house.incoming.watch(new AbortController().signal);
  house.test.clock.advance(minute);
  await Promise.all([house.judge(), scan()]);
  expect(waiting).toHaveLength(2);
  expect(await house.findings()).toEqual(['found www/data/note.txt malware']);
  expect(await house.audit('ftp.scriptsFound')).toEqual([{ count: 1 }]);
});
