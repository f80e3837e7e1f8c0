// What restic's tier promises beyond the port: kills in the middle, full disks, wrong host keys, changed bytes, and no secret in sight (KHADA 8.5–8.8).
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { faultOf } from '../../src/platform/tier/faults.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { type ResticTierOptions, resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { fill, smallDisk } from '../faults/small-disk.ts';
import { quickKeys } from './quick-keys.ts';
import { type SftpServer, startS3, startSftp } from './servers.ts';
import { digest, readBack, type State, someKeys, stateOf } from './states.ts';

const day = 86_400_000;
const signal = new AbortController().signal;
const fault = (code: string) =>
  expect.objectContaining({ name: 'TierFault', status: 503, parameters: expect.objectContaining({ code }) });
const keys = someKeys();
const opened: { close(): Promise<void> }[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-restic-'));
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await rm(folder, { recursive: true, force: true });
});

function tierAt(text: string, more: Partial<ResticTierOptions> = {}): BackupTier {
  const address = tierAddress(text) as ResticAddress;
  const reach = { hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 120_000 };
  return resticTier({
    ...reach,
    keys: address.host === undefined ? quickKeys(keys, address.path) : keys,
    address,
    working: join(folder, 'working'),
    ...more,
  });
}

async function state(site: string, files: Readonly<Record<string, string>>, age = 1): Promise<State> {
  const made = await stateOf(join(folder, site), site, files, Date.now() - age * day);
  opened.push(made);
  return made;
}

const noise = (bytes: number) => randomBytes(bytes / 2).toString('hex');
const whole = async (tier: BackupTier, site: string, { source, files }: State) => {
  const one = await tier.open(site, source.backupId, signal);
  await one.fetch(
    [...files].map(([path, content]) => ({ path, sha256: digest(content) })),
    signal,
  );
  expect(await readBack(one, files)).toEqual(files);
  await one.close();
};

/** @returns the process of restic that backs this site up, as everybody on the machine may see it */
async function running(site: string): Promise<{ pid: number; words: string }> {
  for (let tries = 0; tries < 1200; tries += 1) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
      if (words.startsWith('restic backup') && words.includes(site)) return { pid: Number(pid), words };
    }
    await sleep(25);
  }
  throw new Error('restic does not run');
}

test.each([
  // What restic 0.14 says when sshd was killed under it (test/faults/tiers.spec.ts).
  ['pack f1eb16d2 failed to download: StreamPack: connection lost', 'UNREACHABLE'],
  ['Load(<key/1>): invalid id 1234: connection lost\nFatal: unable to open', 'UNREACHABLE'],
  [
    'error while unlocking: ssh command exited: exit status 255\nFatal: unable to save snapshot: ssh command exited: exit status 255',
    'UNREACHABLE',
  ],
  [
    'Fatal: unable to open repository at sftp:tier:/x: unable to start the sftp session, error: read |0: file already closed',
    'UNREACHABLE',
  ],
  ['subprocess ssh: Host key verification failed.\nFatal: unable to start the sftp session, error: EOF', 'HOST_KEY'],
  [
    'subprocess ssh: panel@10.0.0.1: Permission denied (publickey).\nFatal: unable to start the sftp session, error: EOF',
    'REFUSED',
  ],
  ['subprocess ssh: ssh_dispatch_run_fatal: Connection to 10.0.0.1 port 22: Broken pipe', 'UNREACHABLE'],
  ['Fatal: config or key 6655 is damaged: ciphertext verification failed', 'DAMAGED'],
  [
    'unable to create lock in backend: Put "https://10.0.0.1/x": dial tcp 10.0.0.1:443: connect: connection refused',
    'UNREACHABLE',
  ],
  ['unable to create lock in backend: repository is already locked exclusively by PID 7 on store1 by root', 'LOCKED'],
  ['error: Get https://10.0.0.1/x: no space left on device', 'FULL'],
])('what is told of %j is %s', (said, code) => {
  expect(faultOf(said).code).toBe(code);
});

describe('restic behind S3', () => {
  test('a store that is killed in the middle leaves nothing that counts, and the next run is whole; no secret is seen meanwhile', async () => {
    const server = await startS3();
    opened.push(server);
    process.env.SSL_CERT_FILE = server.certificate;
    const address = `restic:${server.address}/killed`;
    const site = newId(Date.now());
    const slow = tierAt(address, { kilobytesPerSecond: 100 });
    const first = await state(site, { 'big.bin': noise(3_000_000), 'a.txt': 'a' });
    const ending = new AbortController();
    const run = slow.keep(first.source, ending.signal).catch((error) => error);
    const { words, pid } = await running(site);
    expect(words).not.toContain('S3RVER:');
    expect(words).not.toContain(keys.all.get(site));
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').map((line) => line.split('=')[0]);
    expect(environment.filter((name) => name !== '' && name !== 'SSL_CERT_DIR').sort()).toEqual(
      [
        ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'HOME', 'LC_ALL', 'PATH', 'RESTIC_PASSWORD'],
        ...['RESTIC_PROGRESS_FPS', 'RESTIC_REPOSITORY', 'SSL_CERT_FILE', 'TMPDIR', 'TZ'],
      ].sort(),
    );
    await server.kill();
    await sleep(500);
    ending.abort();
    expect(await run).toBeInstanceOf(Error);
    await expect(tierAt(address).list(site, signal)).rejects.toEqual(fault('UNREACHABLE'));
    await server.restart();
    const tier = tierAt(address);
    expect(await tier.list(site, signal)).toEqual([]);
    await tier.keep(first.source, signal);
    await whole(tier, site, first);
    expect(await tier.check(site, { part: 1, parts: 1 }, signal)).toMatchObject({ damaged: [], complaint: undefined });
  });

  test('a host that takes the call and says nothing is given up', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    opened.push({ close: async () => void silent.close() });
    const { port } = silent.address() as { port: number };
    const tier = tierAt(`restic:s3:https://A:b@127.0.0.1:${port}/bucket`, { patience: 1000 });
    const site = newId(Date.now());
    await expect(tier.keep((await state(site, { a: 'a' })).source, signal)).rejects.toEqual(fault('SILENT'));
  });
});

describe('restic over SFTP', () => {
  let server: SftpServer;
  beforeAll(async () => {
    server = await startSftp();
    opened.push(server);
  });

  test('another host key than the one written down is refused before anything is sent', async () => {
    const site = newId(Date.now());
    const { source } = await state(site, { a: 'a' });
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Xm4u1nq0d3bq3m6g9Q7rj0o1v3y5z7A9C1E3G5I7K';
    const { privateKey, hostKey } = server;
    await expect(tierAt(`restic:${server.address}`, { privateKey, hostKey: other }).keep(source, signal)).rejects.toEqual(
      fault('HOST_KEY'),
    );
    await expect(tierAt(`restic:${server.address}`, { privateKey }).keep(source, signal)).rejects.toEqual(fault('HOST_KEY'));
    const stranger = tierAt(`restic:${server.address}`, { privateKey: '/dev/null', hostKey });
    await expect(stranger.keep(source, signal)).rejects.toEqual(fault('REFUSED'));
    await expect(stranger.probe(signal)).rejects.toEqual(fault('REFUSED'));
    await tierAt(`restic:${server.address}`, { privateKey, hostKey }).probe(signal);
    expect(await readdir(server.folder)).toEqual([]);
  });

  test('a server that is killed in the middle leaves nothing that counts, and the next run is whole', async () => {
    const site = newId(Date.now());
    const { privateKey, hostKey } = server;
    const reach = { privateKey, hostKey };
    const first = await state(site, { 'big.bin': noise(2_000_000), 'a.txt': 'a' });
    const run = tierAt(`restic:${server.address}`, { ...reach, kilobytesPerSecond: 100, patience: 20_000 })
      .keep(first.source, signal)
      .catch((error) => error);
    await running(site);
    await sleep(1500);
    await server.kill();
    expect(await run).toMatchObject({ name: 'TierFault', status: 503 });
    const tier = tierAt(`restic:${server.address}`, reach);
    await expect(tier.list(site, signal)).rejects.toEqual(fault('UNREACHABLE'));
    await server.restart();
    expect(await tier.list(site, signal)).toEqual([]);
    await tier.keep(first.source, signal);
    await whole(tier, site, first);
  });

  test('restic killed in the middle is begun anew, its lock is lifted, and no connection stays when it is done', async () => {
    const site = newId(Date.now());
    const { privateKey, hostKey } = server;
    const reach = { privateKey, hostKey };
    const first = await state(site, { 'big.bin': noise(2_000_000) });
    const run = tierAt(`restic:${server.address}`, { ...reach, kilobytesPerSecond: 100 })
      .keep(first.source, signal)
      .catch((error) => error);
    const { pid } = await running(site);
    await sleep(1500);
    process.kill(pid, 'SIGKILL');
    expect(await run).toEqual(fault('FAILED'));
    const tier = tierAt(`restic:${server.address}`, reach);
    await tier.keep(first.source, signal);
    await tier.tidy(site, signal);
    await whole(tier, site, first);
    const port = server.port.toString(16).toUpperCase().padStart(4, '0');
    const connections = async () => {
      const sockets = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
      // 01: established
      return sockets.filter(([, own, other, kind]) => kind === '01' && [own, other].some((end) => end?.endsWith(`:${port}`)));
    };
    await expect.poll(connections, { timeout: 20_000 }).toEqual([]);
  });
});

describe('restic in a folder', () => {
  test('a full disk is told as such, nothing half counts, and with room again it goes on', async () => {
    const disk = await smallDisk(6);
    if (!disk) throw new Error('a small file system cannot be mounted here');
    opened.push({ close: async () => disk.unmount() });
    const site = newId(Date.now());
    const tier = tierAt(`restic:${disk.folder}/tier`);
    const small = await state(site, { a: 'a' }, 3);
    await tier.keep(small.source, signal);
    const large = await state(site, { a: 'a', 'big.bin': noise(4_000_000) }, 2);
    const giveBack = await fill(disk.folder, 400_000);
    await expect(tier.keep(large.source, signal)).rejects.toEqual(fault('FULL'));
    expect((await tier.list(site, signal)).map(({ backupId }) => backupId)).toEqual([small.source.backupId]);
    await giveBack();
    await tier.keep(large.source, signal);
    await whole(tier, site, large);
    // The same on this machine, where contents are unpacked.
    const here = tierAt(`restic:${folder}/elsewhere`, { working: join(disk.folder, 'working') });
    const refill = await fill(disk.folder, 300_000);
    await expect(here.keep(large.source, signal)).rejects.toEqual(fault('FULL'));
    await refill();
  });

  test('bytes that changed and packs that went are found, and what went is given anew by the next run', async () => {
    const site = newId(Date.now());
    const tier = tierAt(`restic:${folder}/flipped`);
    const first = await state(site, { 'big.bin': noise(600_000) }, 3);
    await tier.keep(first.source, signal);
    const data = join(folder, 'flipped', site, 'data');
    const packs = (await readdir(data, { recursive: true })).filter((name) => name.length > 60).map((name) => join(data, name));
    const sizes = await Promise.all(packs.map(async (path) => ({ path, size: (await stat(path)).size })));
    const { path, size } = sizes.reduce((one, other) => (one.size > other.size ? one : other));
    const file = await open(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.floor(size / 2));
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, Math.floor(size / 2));
    await file.close();
    const found = await tier.check(site, { part: 1, parts: 1 }, signal);
    expect(found).toMatchObject({ damaged: [first.source.backupId], complaint: expect.stringMatching(/DAMAGED|FAILED/) });
    const one = await tier.open(site, first.source.backupId, signal);
    await expect(readBack(one, first.files)).rejects.toThrow();
    await one.close();
    await rm(path);
    const second = await state(site, { 'big.bin': [...first.files.values()][0] ?? '' }, 2);
    await tier.keep(second.source, signal);
    await whole(tier, site, second);
  });

  test('every file of a repository that changes is told, also by a machine that remembers nothing, and is forgotten when it is well', async () => {
    const site = newId(Date.now());
    const place = `${folder}/every-file`;
    const first = await state(site, { 'big.bin': noise(20_000) });
    await tierAt(`restic:${place}`).keep(first.source, signal);
    const names = (await readdir(place, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    const kinds = Map.groupBy(names, ({ parentPath }) => parentPath.slice(place.length).split('/')[2] ?? 'config');
    expect([...kinds.keys()].sort()).toEqual(['config', 'data', 'index', 'keys', 'snapshots']);
    for (const [kind, [one]] of kinds) {
      if (!one) continue;
      const path = join(one.parentPath, one.name);
      const bytes = await readFile(path);
      const changed = Buffer.from(bytes);
      // Of a key in the year it was made: restic itself does not look at that.
      const at = kind === 'keys' ? bytes.indexOf('"created":"') + 12 : Math.floor(bytes.length / 2);
      changed[at] = (bytes[at] ?? 0) ^ 1;
      const tier = tierAt(`restic:${place}`, { working: join(folder, `every-file-${kind}`) });
      const look = () => tier.check(site, { part: 1, parts: 1 }, signal);
      await writeFile(path, changed);
      expect([kind, (await look()).complaint]).toEqual([kind, expect.stringMatching(/^(DAMAGED|FAILED|WRONG_KEY)$/)]);
      await writeFile(path, bytes);
      expect([kind, await look()]).toEqual([kind, expect.objectContaining({ damaged: [], complaint: undefined })]);
    }
  });

  test('when restic is shown empty room that it does not know, nothing of it is kept, and the next run is right', async () => {
    const site = newId(Date.now());
    const tier = tierAt(`restic:${folder}/mismatched`);
    const first = await state(site, { a: 'a' }, 3);
    await tier.keep(first.source, signal);
    const second = await state(site, { a: 'a', new: 'a content that nobody has' }, 2);
    const working = join(folder, 'working', site);
    // What this machine remembers says more than the repository has.
    const { snapshot, backupId, count } = JSON.parse(await readFile(join(working, 'held.json'), 'utf8'));
    await writeFile(join(working, `held-${snapshot}`), Buffer.from(digest('a content that nobody has'), 'hex'), { flag: 'a' });
    await writeFile(join(working, 'held.json'), JSON.stringify({ snapshot, backupId, count: count + 1 }));
    await expect(tier.keep(second.source, signal)).rejects.toEqual(fault('MISMATCH'));
    expect(await tier.list(site, signal)).toHaveLength(1);
    await tier.keep(second.source, signal);
    await whole(tier, site, second);
  });

  test('a large site goes in portions, and goes on where it stopped, also on another machine that remembers nothing', async () => {
    const site = newId(Date.now());
    const address = `restic:${folder}/portions`;
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`${at}.bin`, noise(50_000)]));
    const first = await state(site, files, 2);
    await tierAt(address, { batchBytes: 120_000 }).keep(first.source, signal);
    const tier = tierAt(address, { working: join(folder, 'another-machine') });
    expect(await tier.list(site, signal)).toHaveLength(1);
    const second = await state(site, { ...files, 'more.txt': 'more' }, 1);
    const { bytes } = await tier.keep(second.source, signal);
    expect(bytes).toBeLessThan(40_000);
    for (const one of [first, second]) await whole(tier, site, one);
    // What lies on this machine takes no room: only names and sizes.
    const tree = join(folder, 'another-machine', site, 'tree', 'contents');
    const names = (await readdir(tree, { recursive: true })).filter((name) => name.length > 60);
    const blocks = await Promise.all(names.map(async (name) => (await stat(join(tree, name))).blocks));
    expect(names.length).toBeGreaterThan(6);
    expect(blocks.every((count) => count === 0)).toBe(true);
  });

  test('two workers never share one site, and the lock of one that died is taken over', async () => {
    const site = newId(Date.now());
    const tier = tierAt(`restic:${folder}/alone`);
    const one = await state(site, { a: 'a' });
    const both = await Promise.allSettled([tier.keep(one.source, signal), tier.keep(one.source, signal)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: fault('BUSY') });
    const orphan = spawn('sleep', ['600'], { cwd: join(folder, 'working', site, 'tree') });
    const ended = once(orphan, 'exit');
    await writeFile(join(folder, 'working', site, 'working'), '');
    await tier.keep(one.source, signal);
    // What the dead one had started is not left to read what the next one changes.
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});
