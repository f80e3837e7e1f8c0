// The floor of a backup host, its own time, and the list of servers that it reaches.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, hour, StoppedClock } from '../../src/platform/clock.ts';
import { scramVerifier } from '../../src/platform/database-server/postgresql-session.ts';
import { pullBlock, pullFaults } from '../../src/platform/ssh/pull-sshd-config.ts';
import { aboveFloor, mayErase } from '../../src/pulls/floor.ts';
import { Ledger, localKeys, serverList } from '../../src/pulls/host.ts';
import { hostRoleSql } from '../../src/pulls/pulls.ts';
import { fill, smallDisk } from '../faults/small-disk.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-ledger-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const held = (...ages: number[]) => ages.map((age) => ({ backupId: `b${age}`, age: age * day }));
const floor = { copies: 3, days: 14 };

describe('the floor', () => {
  test.each([
    ['nothing younger than its days goes, however many there are', held(0, 1, 2, 3, 5, 13), []],
    ['the newest copies stay, however old they are', held(400, 500, 600), []],
    ['what is older and not among the newest may go', held(1, 2, 14, 15, 400), ['b15', 'b400']],
    ['of nothing nothing goes', [], []],
  ])('%s', (_what, copies, goes) => {
    expect(aboveFloor(copies, floor).map(({ backupId }) => backupId)).toEqual(goes);
  });

  test('a site is erased only when the order and everything that lies there are old enough', () => {
    expect(mayErase(held(20, 30), 14 * day, floor)).toBe(true);
    expect(mayErase(held(20, 30), 14 * day - 1, floor)).toBe(false);
    expect(mayErase(held(13, 30), 20 * day, floor)).toBe(false);
  });
});

describe('the own time of a backup host', () => {
  test('grows by a day at most across a start, whatever the clock says, and never falls', async () => {
    const clock = new StoppedClock('2026-11-22T00:00:00Z');
    const now = async () => {
      const ledger = await Ledger.open(folder, clock);
      return Math.round(ledger.now() / hour);
    };
    expect(await now()).toBe(0);
    clock.advance(5 * hour);
    expect(await now()).toBe(5);
    clock.advance(3650 * day);
    expect(await now()).toBe(5 + 24);
    clock.advance(-3650 * day);
    expect(await now()).toBe(5 + 24);
    clock.advance(hour);
    expect(await now()).toBe(5 + 24 + 1);
  });

  test('while it runs a clock that is set ahead counts for nothing', async () => {
    const clock = new StoppedClock('2026-11-22T00:00:00Z');
    const ledger = await Ledger.open(folder, clock);
    clock.advance(30 * day);
    await ledger.keepTime();
    expect(ledger.now()).toBeLessThan(hour);
    expect(Math.round((await Ledger.open(folder, clock)).now() / hour)).toBe(0);
  });

  test('a ledger that is damaged ends the round instead of taking anything away', async () => {
    const clock = new StoppedClock('2026-11-22T00:00:00Z');
    await Ledger.open(folder, clock);
    await writeFile(join(folder, 'time.json'), '{"own": 1');
    await expect(Ledger.open(folder, clock)).rejects.toThrow(SyntaxError);
  });
});

test('a key is whole or not there: with a full disk none is made, and what a cut-off write left is none', async () => {
  const disk = await smallDisk(1);
  if (!disk) throw new Error('a small file system cannot be mounted here');
  const place = join(disk.folder, 'keys');
  await mkdir(place);
  const giveBack = await fill(disk.folder, 0);
  try {
    const keys = localKeys(place);
    await expect(keys.forKeeping('a1')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect([await readdir(place), await keys.forReading('a1')]).toEqual([[], undefined]);
    await giveBack();
    for (const left of ['', 'half-of-a-key']) {
      await writeFile(join(place, 'a1'), left);
      expect(await keys.forReading('a1')).toBeUndefined();
    }
    // As a kill before the rename leaves it.
    await writeFile(join(place, 'a1.new'), 'half-of-a-key');
    const key = await keys.forKeeping('a1');
    expect(key).toMatch(/^[\w-]{43}$/);
    expect([await localKeys(place).forKeeping('a1'), await readdir(place)]).toEqual([key, ['a1']]);
    await keys.destroy('a1');
    expect([await readdir(place), await keys.forReading('a1')]).toEqual([[], undefined]);
  } finally {
    disk.unmount();
    await rm(disk.folder, { recursive: true, force: true });
  }
});

test('a key is made once a site, and erased with it', async () => {
  const keys = localKeys(join(folder, 'keys'));
  expect(await keys.forReading('a1')).toBeUndefined();
  const key = await keys.forKeeping('a1');
  expect(await keys.forKeeping('a1')).toBe(key);
  expect(await keys.forKeeping('a2')).not.toBe(key);
  await keys.destroy('a1');
  expect(await keys.forReading('a1')).toBeUndefined();
  await expect(keys.forKeeping('../a')).rejects.toThrow(RangeError);
});

test('the list of servers is read line by line, and every line that is none is told', () => {
  const print = `SHA256:${'b'.repeat(43)}`;
  const { servers, faults } = serverList(
    `# mine\nweb1 gotgan-files@10.0.0.2 / ${print}\nweb2 me@[fd00::2]:2222 /srv/sites ${print} ${print} # two\n`,
  );
  expect(faults).toEqual([]);
  expect(servers.get('web1')).toEqual({
    name: 'web1',
    user: 'gotgan-files',
    host: '10.0.0.2',
    port: 22,
    folder: '',
    hostKeys: [print],
  });
  expect(servers.get('web2')).toMatchObject({ host: 'fd00::2', port: 2222, folder: '/srv/sites', hostKeys: [print, print] });
  const wrong = [
    'web1 10.0.0.2 / x',
    `web1 a@b relative ${print}`,
    `web1 a@b /../etc ${print}`,
    'web1 a@b /',
    `web1 a@-oProxyCommand=x / ${print}`,
  ];
  for (const line of wrong) expect(serverList(line).faults, line).toHaveLength(1);
  expect(serverList(`a x@y / ${print}\na x@z / ${print}`).faults).toEqual(['line 2: a stands there twice']);
});

test('what a backup host is let do on a web server is reading, and the values of the block cannot say more', () => {
  const places = {
    ...{ user: 'gotgan-files', from: ['10.0.0.3'], keyFile: '/etc/ssh/k', isChrooted: true, writes: false },
    publicKey: 'ssh-ed25519 AAAA gotgan',
  };
  expect(pullFaults(places)).toEqual([]);
  const block = pullBlock(places);
  for (const line of [
    'Match User gotgan-files Address 10.0.0.3',
    'ForceCommand internal-sftp -R',
    'ChrootDirectory %h',
    'DisableForwarding yes',
  ])
    expect(block).toContain(line);
  const bad = { user: 'a\nMatch all', from: ['any\nx'], keyFile: '../x', publicKey: 'x' };
  expect(pullFaults({ ...places, ...bad })).toHaveLength(4);
  expect(pullFaults({ ...places, from: [] })).toHaveLength(1);
});

test('the SQL of a role holds no password, and no name can say more in it', async () => {
  const verifier = await scramVerifier('pencil');
  const sql = hostRoleSql({ tier: 'long-term', role: 'far', verifier });
  expect(sql).toContain("WHERE tier = 'long-term'");
  expect(sql).not.toMatch(/pencil|short-term/);
  expect(() => hostRoleSql({ tier: 'short-term', role: 'x; DROP', verifier })).toThrow(RangeError);
  expect(() => hostRoleSql({ tier: 'short-term', role: 'x', verifier: "'" })).toThrow(RangeError);
  expect(await readFile(join(import.meta.dirname, '../../docs/backup-host.md'), 'utf8')).toContain(
    'gotgan backup host-role --tier short-term',
  );
});
