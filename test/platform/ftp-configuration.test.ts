// The configuration that is printed is one that ProFTPD takes, and nothing can be written into it that is not meant.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FtpServerOptions, proftpdConfiguration } from '../../src/platform/ftp-server/configuration.ts';
import { ftpServerKeys } from '../../src/platform/ftp-server/keys.ts';
import { gotgan } from '../support/program.ts';

const run = promisify(execFile);
const made = { folder: '' };

const options: FtpServerOptions = {
  sitesFolders: ['/srv/sites'],
  certificate: '/etc/gotgan/ftp.pem',
  key: '/etc/gotgan/ftp.key',
  radius: '127.0.0.1:1812',
  secret: 'a-secret-of-some-length',
  log: '/var/log/gotgan-ftp/panel.log',
  logWord: 'a-word-that-nobody-knows',
  runFolder: '/run/gotgan-ftp',
};

beforeAll(async () => {
  made.folder = await mkdtemp(join(tmpdir(), 'gotgan-ftp-configuration-'));
});

afterAll(() => rm(made.folder, { recursive: true, force: true }));

describe('nothing gets in that is not meant', () => {
  test.each<[string, Partial<FtpServerOptions>]>([
    ['certificate', { certificate: '/etc/a"\nInclude /etc/shadow' }],
    ['certificate', { certificate: 'relative.pem' }],
    ['key', { key: '/etc/../etc/key' }],
    ['sitesFolders', { sitesFolders: [] }],
    ['sitesFolders', { sitesFolders: ['/'] }],
    ['sitesFolders', { sitesFolders: ['/srv/*'] }],
    ['log', { log: '/var/log/%u' }],
    ['runFolder', { runFolder: '~/run' }],
    ['radius', { radius: '203.0.113.9:1812' }],
    ['secret', { secret: 'two words that are long' }],
    ['logWord', { logWord: 'short' }],
    ['address', { address: '0.0.0.0\nRootLogin on' }],
    ['publicAddress', { publicAddress: 'a b' }],
    ['port', { port: 0 }],
    ['passivePorts', { passivePorts: [50_001, 50_000] }],
    ['sessions', { sessions: Number.NaN }],
  ])('%s: %j', (name, wrong) => {
    expect(() => proftpdConfiguration({ ...options, ...wrong })).toThrow(new RegExp(`^${name}: `));
  });
});

test('TLS is demanded unless the operator says otherwise', () => {
  expect(proftpdConfiguration(options)).toContain('\nTLSRequired on\n');
  expect(proftpdConfiguration({ ...options, plain: true })).toContain('\nTLSRequired off\n');
});

describe('gotgan ftp-server config', () => {
  test.each([['rsa:2048'], ['ec']])('prints what ProFTPD takes, for a certificate of %s', async (kind) => {
    const [certificate, key, sites] = ['c.pem', 'k.pem', 'sites'].map((name) => join(made.folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(sites, { recursive: true });
    const curve = kind === 'ec' ? ['-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [];
    await run('openssl', [
      'req',
      '-x509',
      '-nodes',
      '-newkey',
      kind,
      ...curve,
      '-subj',
      '/CN=ftp',
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    const environment = { DATA_DIR: join(made.folder, 'data') };
    const files = [
      '--certificate',
      certificate,
      '--key',
      key,
      '--sites',
      sites,
      '--run',
      made.folder,
      '--log',
      join(made.folder, 'panel.log'),
    ];
    const printed = gotgan(['ftp-server', 'config', ...files], { folder: made.folder, environment });
    const { code, out, err } = await printed.ended;
    expect([code, err]).toEqual([0, '']);
    const file = join(made.folder, 'proftpd.conf');
    await writeFile(file, out, { mode: 0o600 });
    const checked = await run('proftpd', ['-t', '-c', file]);
    expect(checked.stderr).not.toMatch(/warning|expected|fatal/i);
    const again = await gotgan(['ftp-server', 'config', ...files], { folder: made.folder, environment }).ended;
    expect(again.out).toBe(out);
  });

  test('says what is missing', async () => {
    const { code, err } = await gotgan(['ftp-server', 'config'], { folder: made.folder }).ended;
    expect(code).toBe(1);
    expect(err).toContain('--certificate and --key are needed');
  });
});

test('the keys stay the same, are different for each use, and are refused where others can read them', async () => {
  const file = join(made.folder, 'keys/ftp-server.key');
  const keys = await ftpServerKeys(file);
  expect(await ftpServerKeys(file)).toEqual(keys);
  expect(keys.secret).not.toBe(keys.logWord);
  expect(await readFile(file, 'utf8')).not.toContain(keys.secret);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await chmod(file, 0o640);
  await expect(ftpServerKeys(file)).rejects.toThrow('0600');
  await writeFile(file, 'short', { mode: 0o600 });
  await chmod(file, 0o600);
  await expect(ftpServerKeys(file)).rejects.toThrow('32 characters');
});
