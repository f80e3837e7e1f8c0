// Faults of a backup host and of what it reaches: nothing half is told as kept, the state shown is true, and the next round heals (KHADA 8.7).
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import type { Site } from '../../src/sites/sites.ts';
import { untilGone } from '../support/program.ts';
import { openPullWorld, type PullWorld } from '../support/pull-world.ts';
import { unixSites } from '../support/unix-sites.ts';
import { isShort, longTest, randomFrom, tell } from './seed.ts';
import { fill, smallDisk } from './small-disk.ts';

const random = randomFrom('pulls');
const megabyte = 1024 * 1024;
const library = ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketime.so.1`).find(existsSync);

let world: PullWorld;
let site: Site;
beforeAll(async () => {
  world = await openPullWorld();
  const name = await world.visitor().arrive('mina@example.com');
  site = await world.panel.panel.doors.sites.byName(name);
  await writeFile(world.place('sites', name, 'www', 'photo.jpg'), randomBytes(2 * megabyte));
});
afterAll(() => world?.close());

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
type Made = Awaited<ReturnType<PullWorld['backUp']>>;

/** A backup of the next day, which waits for the host. */
async function waiting(): Promise<Made> {
  world.panel.clock.advance(day);
  return world.backUp(site);
}

const rowOf = async ({ id }: Made) => {
  const { connection } = world.panel.panel.doors;
  const rows = connection.db.selectFrom('tier_snapshots').select(['state', 'fault']).where('tier', '=', 'short-term');
  return rows.where('backup_id', '=', id).executeTakeFirstOrThrow();
};

/** As the panel has it tried again two hours later. */
const again = ({ id }: Made) =>
  world.postgres.psql(
    `update tier_snapshots set state = 'waiting', failed_at = null where backup_id = '${id}' and state <> 'kept'`,
  );

/** @returns what a round said, be it done or not */
const said = (more: Readonly<Record<string, string>> = {}): Promise<string> =>
  world.round(more).catch((error) => `${error.stdout}${error.stderr}`);

const established = () => world.hosts.sockets('backup', '-t', 'state', 'established');
const isThere = (made: Made, tier = world.place('tier')) =>
  readFile(join(tier, site.id, `${made.id}.zip`)).then(
    (bytes) => digest(bytes) === made.sha256,
    () => false,
  );
const isNoted = (made: Made, tier = world.place('tier')) => existsSync(join(tier, site.id, `${made.id}.json`));

/** @param is asked again and again, for 60 s at most */
async function until(is: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await is()); await sleep(20)) if (Date.now() > end) throw new Error('it did not come');
}

/** With everything well again. */
async function heals(made: Made): Promise<void> {
  await again(made);
  const out = await said();
  expect([out, await rowOf(made)]).toEqual([expect.stringMatching(/^[01] pulled, 0 failed/), { state: 'kept', fault: null }]);
  expect([await isThere(made), await readdir(world.place('host/working/arriving')).catch(() => []), await established()]).toEqual(
    [true, [], []],
  );
  expect((await world.panel.panel.doors.tiers.of(site))[0]).toMatchObject({ dataAt: made.dataAt, failedAt: undefined });
}

test('a site with a system user of its own is read as any other', async () => {
  const unix = await unixSites({ root: world.place('sites', 'unix'), panelUser: world.reader }, '/srv');
  try {
    await mkdir(world.place('sites', 'unix'), { mode: 0o755 });
    const { sites } = world.panel.panel.doors;
    const host = { hostKind: 'unix', hostCommand: unix.command, storage: '', ftpHost: null, ftpPort: null } as const;
    await sites.servers.add({ name: 'unix-1', group: 'web', ...host }, { kind: 'operator' });
    await world.writeServers(undefined, { 'unix-1': '/unix' });
    await sites.servers.drain('this-machine', { kind: 'operator' });
    const name = await world.visitor().arrive('jiho@example.com');
    await sites.servers.drain('this-machine', { kind: 'operator' }, true);
    const own = await sites.byName(name);
    expect(own.home).toMatchObject({ user: unix.user(name), folder: world.place('sites', 'unix', name) });
    const made = await world.backUp(own);
    expect(await said()).toMatch(/^1 pulled, 0 failed/);
    expect(digest(await readFile(world.place('tier', own.id, `${made.id}.zip`)))).toBe(made.sha256);
  } finally {
    await unix.close();
  }
});

test('a disk of the host that is full at any moment costs nothing that was kept, and is told as full', async () => {
  const disk = await smallDisk(24);
  if (!disk) throw new Error('a small file system cannot be mounted here');
  const figures: Record<string, number> = {};
  try {
    const made = await waiting();
    const archive = made.bytes ?? 0;
    const usual = isShort ? [] : [0, 4096, 65_536, archive / 2, archive - 4096, archive, archive + 4096];
    const rest = Array.from({ length: isShort ? 1 : 15 }, () => random() * (isShort ? 1 : 2) * archive);
    for (const kind of isShort ? ['file'] : ['file', 'restic'])
      for (const [round, left] of [...usual, ...rest].map(Math.floor).entries()) {
        const place = join(disk.folder, `${kind}-${round}`);
        const tier = join(place, 'tier');
        await cp(world.place('host'), place, { recursive: true });
        const giveBack = await fill(disk.folder, left);
        const full = { DATA_DIR: place, SHORT_TERM_URL: `${kind}:${tier}` };
        await again(made);
        await world.postgres.psql(`update tier_snapshots set state = 'waiting' where backup_id = '${made.id}'`);
        const out = await said(full);
        const { state, fault } = await rowOf(made);
        const told = /could not be done: (\w+)/.exec(out)?.[1] ?? fault ?? state;
        figures[told] = (figures[told] ?? 0) + 1;
        expect([left, told]).toEqual([left, expect.stringMatching(/^(FULL|kept)$/)]);
        expect([left, state === 'kept']).toEqual([left, told === 'kept']);
        if (kind === 'file') expect([left, state === 'kept' || !isNoted(made, tier)]).toEqual([left, true]);
        if (kind === 'file' && state === 'kept') expect([left, await isThere(made, tier)]).toEqual([left, true]);
        await giveBack();
        await again(made);
        expect([left, await said(full)]).toEqual([left, expect.stringMatching(/^[01] pulled, 0 failed/)]);
        expect([left, (await rowOf(made)).state]).toEqual([left, 'kept']);
        if (kind === 'file') expect([left, await isThere(made, tier)]).toEqual([left, true]);
        await rm(place, { recursive: true });
      }
    tell('disk of a backup host full', figures);
  } finally {
    disk.unmount();
    await rm(disk.folder, { recursive: true, force: true });
  }
});

longTest('the server of the web, the database of the panel or the host itself killed in the middle of a pull', async () => {
  const figures: Record<string, number> = {};
  const kills = {
    sshd: async () => {
      await world.hosts.killAll('web');
      return () => world.serveWeb();
    },
    database: async () => {
      await world.postgres.kill();
      return () => world.postgres.restart();
    },
    host: async () => {
      await world.hosts.killAll('backup');
      return async () => {};
    },
  };
  for (let round = 0; round < 12; round += 1)
    for (const [what, kill] of Object.entries(kills)) {
      const made = await waiting();
      const child = world.startHost('--once');
      const ended = once(child, 'exit');
      await until(async () => child.exitCode !== null || (await established()).length > 0);
      await sleep(random() * 600);
      const isCut = child.exitCode === null;
      const restore = await kill();
      await Promise.race([ended, untilGone(child.pid ?? 0, 120)]);
      // What lies there is whole, whatever rows say meanwhile.
      expect([what, round, isNoted(made) ? await isThere(made) : true]).toEqual([what, round, true]);
      await restore();
      const { state } = await rowOf(made);
      if (state === 'kept') expect([what, round, await isThere(made)]).toEqual([what, round, true]);
      const word = `${what} ${isCut ? 'in the middle' : 'after the end'}, ${state}`;
      figures[word] = (figures[word] ?? 0) + 1;
      await heals(made);
    }
  tell('killed in a pull', figures);
});

test('of two workers of one host one does the round, and the other says so', async () => {
  const made = await waiting();
  // sshd takes the first one's connection and says nothing.
  world.webSshd().kill('SIGSTOP');
  const first = world.startHost('--once');
  const ended = once(first, 'exit');
  await until(async () => (await established()).some((line) => line.includes(':22 ')));
  expect(await said()).toMatch(/could not be done: BUSY/);
  world.webSshd().kill('SIGCONT');
  expect(await ended).toEqual([0, null]);
  await heals(made);
  expect((await world.held()).filter((path) => path.includes(made.id))).toHaveLength(1);
});

longTest('a clock of the host that jumps a day ahead and back takes nothing away and makes no copy old', async ({ skip }) => {
  if (!library) return skip('skipped: libfaketime is not installed');
  const own = async () => Number(JSON.parse(await readFile(world.place('host/ledger/time.json'), 'utf8')).own);
  const at = (offset: string) => ({
    ...{ LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1', KEEP_DAILY: '1' },
  });
  let passed = await own();
  const before = await world.held();
  for (const offset of ['+1d', '-1d', '+1d', '+0d']) {
    const made = await waiting();
    expect([offset, await said(at(offset))]).toEqual([offset, expect.stringMatching(/^1 pulled, 0 failed/)]);
    expect([offset, await rowOf(made), await isThere(made)]).toEqual([offset, { state: 'kept', fault: null }, true]);
    const now = await own();
    // A start may count for a day at most, whatever the clock says.
    expect([offset, now - passed]).toEqual([offset, expect.toSatisfy((ms: number) => ms >= 0 && ms <= day + hour)]);
    passed = now;
  }
  expect(await world.held()).toEqual(expect.arrayContaining(before));
});
