// What two tiers must be before anything is kept in them, each refusal with its clause (KHADA 8.5–8.7).
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosen, OptionsError, type PanelOptions } from '../../src/options.ts';
import { mountedFrom } from '../../src/platform/tier/mounts.ts';
import { liesElsewhere, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { tierFaultsHere } from '../../src/tier-rules.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Xm4u1nq0d3bq3m6g9Q7rj0o1v3y5z7A9C1E3G5I7K';
const base: PanelOptions = { publicUrl: 'http://127.0.0.1:3000', secret: 'a secret for tests only, long enough to be one' };
const far = {
  shortTermUrl: 'restic:sftp:backup@store1.example.com:/srv/tier',
  shortTermHostKey: hostKey,
  longTermUrl: 'restic:s3:https://AKIA:hidden%2Fsecret@s3.example.net/bucket/tier',
};

function faults(options: Partial<PanelOptions>): string {
  try {
    chosen({ ...base, ...options });
    return '';
  } catch (error) {
    return error instanceof OptionsError ? error.message : String(error);
  }
}

describe('the addresses of tiers', () => {
  test('two on hosts of their own are taken, and so are none', () => {
    expect(faults(far)).toBe('');
    expect(faults({})).toBe('');
  });

  test.each([
    [
      'only one tier',
      { longTermUrl: undefined },
      'LONG_TERM_URL: is missing: at least two tiers are needed, short-term and long-term (KHADA 8.5)',
    ],
    [
      'both on the same host',
      { longTermUrl: 'restic:s3:https://A:b@store1.example.com/bucket' },
      'is the host of the other tier: each tier needs a server and a storage of its own (KHADA 8.5)',
    ],
    [
      'one of them on this machine',
      { shortTermUrl: 'file:/srv/tier' },
      'SHORT_TERM_URL: lies on this machine, so there is only one tier (KHADA 8.5, 8.6)',
    ],
    [
      'one of them on loopback',
      { longTermUrl: 'restic:s3:http://A:b@127.0.0.1:9000/bucket' },
      'LONG_TERM_URL: lies on this machine, so there is only one tier',
    ],
    [
      'a standby as a tier',
      { longTermUrl: 'standby:web2.example.com' },
      'LONG_TERM_URL: names a standby: a live copy is no backup and does not count as a tier (KHADA 8.6, SL 9-2)',
    ],
    ['SFTP without a host key', { shortTermHostKey: undefined }, 'SHORT_TERM_HOST_KEY: is missing'],
    [
      'S3 without TLS',
      { longTermUrl: 'restic:s3:http://A:b@s3.example.net/bucket' },
      'LONG_TERM_URL: plain http is only for loopback',
    ],
    [
      'an address that nobody knows',
      { longTermUrl: 'ftp://me:hidden@example.net/x' },
      'LONG_TERM_URL: is no address that is known here',
    ],
    [
      'two tiers here in one folder',
      { shortTermUrl: 'file:/srv/tier', longTermUrl: 'file:/srv/tier/' },
      'LONG_TERM_URL: is the place of the other tier (KHADA 8.5)',
    ],
  ])('%s is refused', (_what, options, said) => {
    const { shortTermUrl, longTermUrl, shortTermHostKey } = { ...far, ...options } as typeof far;
    const given = { shortTermUrl, longTermUrl, shortTermHostKey };
    const text = faults(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
    expect(text).toContain(said);
    expect(text).not.toContain('hidden');
  });

  test('two folders of this machine are taken, and do not count', () => {
    expect(faults({ shortTermUrl: 'file:/srv/one', longTermUrl: 'restic:/srv/two' })).toBe('');
    expect(['file:/srv/one', 'restic:/srv/two', 'restic:sftp:me@localhost:/x', undefined].map(liesElsewhere)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([far.shortTermUrl, far.longTermUrl].map(liesElsewhere)).toEqual([true, true]);
  });

  test('a backup host that pulls is named by its host, counts as elsewhere, and needs PostgreSQL', () => {
    const pulled = { shortTermUrl: 'pull:store1.example.com', longTermUrl: 'pull:store2.example.com' };
    expect(faults({ ...pulled, databaseUrl: 'postgres://panel@db/panel' })).toBe('');
    expect(faults(pulled)).toContain(
      'SHORT_TERM_URL: names a backup host that pulls, which needs the database on PostgreSQL (KHADA 8.7)',
    );
    const same = { ...pulled, longTermUrl: 'pull:STORE1.example.com', databaseUrl: 'postgres://panel@db/panel' };
    expect(faults(same)).toContain('is the host of the other tier');
    expect(['pull:store1.example.com', 'pull:localhost'].map(liesElsewhere)).toEqual([true, false]);
    for (const bad of ['pull:', 'pull:a b', 'pull:/srv', 'pull:me@host']) expect(tierAddress(bad), bad).toBeUndefined();
  });

  test('credentials of a store are no part of what restic is told as an address', () => {
    expect(tierAddress('restic:s3:https://AKIA1:secret%2Fpart@s3.example.com/bucket/folder?region=kr-1')).toMatchObject({
      repository: 's3:https://s3.example.com/bucket/folder',
      s3: { keyId: 'AKIA1', secret: 'secret/part', region: 'kr-1' },
    });
    expect(tierAddress('restic:sftp://backup@[::1]:2222/srv/tier')).toMatchObject({
      host: '::1',
      port: 2222,
      path: '/srv/tier',
      user: 'backup',
    });
    for (const bad of [
      'restic:sftp:-oProxyCommand=x@host:/a',
      'restic:sftp:a@-oProxyCommand:/a b"',
      'restic:',
      'restic:rest:http://x/',
      'file:',
    ])
      expect(tierAddress(bad)).toBeUndefined();
  });
});

describe('on this machine', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-rules-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const table = (kind: string, at: string) =>
    `21 1 8:1 / / rw,relatime - ext4 /dev/vda1 rw\n40 21 0:50 / ${at.replaceAll(' ', '\\040')} rw - ${kind} server:/export rw\n`;

  test.each(['nfs', 'nfs4', 'cifs', 'fuse.sshfs', 'fuse', '9p', 'ceph'])(
    'a storage that is mounted by %s is seen, also below a folder that is not there yet',
    async (kind) => {
      const at = join(folder, 'mounted here');
      expect(await mountedFrom(join(at, 'not/there'), table(kind, at))).toBe(kind);
      expect(await mountedFrom(`${at}-beside`, table(kind, at))).toBeUndefined();
    },
  );

  test('a disk of this machine is none', async () => {
    expect(await mountedFrom(folder)).toBeUndefined();
  });

  const here = (options: Partial<PanelOptions>, mounts?: string) =>
    tierFaultsHere(chosen({ ...base, ...options }), [join(folder, 'sites')], `sqlite:${join(folder, 'panel.db')}`, mounts);

  test('a mounted source is no source of a backup, and a mounted storage no tier', async () => {
    const local = { shortTermUrl: `file:${folder}/one`, longTermUrl: `restic:${folder}/two` };
    expect(await here(local)).toEqual([]);
    const source = await here(local, table('nfs4', join(folder, 'sites')));
    expect(source).toEqual([
      expect.objectContaining({
        setting: 'SITES_URL',
        wrong: 'what is backed up lies on a mounted storage (nfs4), which is no backup (KHADA 8.7)',
      }),
    ]);
    const tier = await here(local, table('fuse.sshfs', join(folder, 'two')));
    expect(tier).toEqual([
      expect.objectContaining({
        setting: 'LONG_TERM_URL',
        wrong: 'the tier lies on a mounted storage (fuse.sshfs), which is no backup (KHADA 8.7)',
      }),
    ]);
    expect(await here({}, table('nfs4', join(folder, 'sites')))).toEqual([]);
  });

  test('this machine under its own name is no backup server', async () => {
    const found = await here({ ...far, longTermUrl: `restic:s3:https://A:b@${hostname()}/bucket` });
    expect(found.map(({ setting, wrong }) => `${setting} ${wrong}`)).toEqual([
      'LONG_TERM_URL is a server that has sites, or this machine: the backup server is another one (KHADA 8.6)',
    ]);
  });
});
