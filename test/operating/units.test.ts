// The units for systemd: read by systemd itself, and as closed as a program with a compiler inside can be.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../operations/systemd');
const units = ['gotgan.service', 'gotgan-worker.service', 'gotgan-watch.service', 'gotgan-backup-host.service'];
/** What has no process of its own. */
const timers = ['gotgan-watch.timer'];
/** Only where sites are Unix users (docs/servers.md): run as root by the socket, an order each. */
const siteUnits = ['gotgan-sites.socket', 'gotgan-sites@.service'];
const missing = spawnSync('systemd-analyze', ['--version']).error ? 'skipped: there is no systemd-analyze' : undefined;
/** systemd's own scale from 0 (closed) to 10; a plain unit has 9.6. */
const mostExposure = 2.5;

const setting = (text: string, name: string) => [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

describe.skipIf(missing)(`systemd${missing ? ` (${missing})` : ''}`, () => {
  test('finds nothing to complain about in them', async () => {
    // The commands of a unit must be there for systemd to be content.
    const root = await mkdtemp(join(tmpdir(), 'gotgan-units-'));
    const node = join(root, 'opt/gotgan/node_modules/.bin/node');
    await mkdir(join(node, '..'), { recursive: true });
    await writeFile(node, '', { mode: 0o755 });
    for (const unit of [...units, ...timers, ...siteUnits]) {
      const text = await readFile(join(folder, unit), 'utf8');
      await writeFile(join(root, unit), text.replaceAll('/opt/gotgan', join(root, 'opt/gotgan')));
    }
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...[...units, ...timers, ...siteUnits].map((unit) => join(root, unit))],
      { encoding: 'utf8' },
    );
    await rm(root, { recursive: true, force: true });
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('gotgan'));
    expect([status, ours]).toEqual([0, []]);
  });

  test.each(units)(`says that %s is exposed by at most ${mostExposure} of 10`, async (unit) => {
    const root = await mkdtemp(join(tmpdir(), 'gotgan-units-'));
    await cp(join(folder, unit), join(root, unit));
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', join(root, unit)], {
      encoding: 'utf8',
    });
    await rm(root, { recursive: true, force: true });
    const exposure = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(stdout)?.[1]);
    console.log(`${unit}: exposure ${exposure}`);
    expect(exposure).toBeLessThanOrEqual(mostExposure);
  });
});

test('they run as one user, write to one folder, and leave time to finish what was begun', async () => {
  for (const unit of units) {
    const text = await readFile(join(folder, unit), 'utf8');
    expect(setting(text, 'User')).toEqual(['gotgan']);
    expect(setting(text, 'ReadWritePaths')).toEqual(['/var/lib/gotgan']);
    expect(Number(setting(text, 'TimeoutStopSec')[0])).toBeGreaterThan(10);
    // V8 writes the memory that it executes.
    expect(setting(text, 'MemoryDenyWriteExecute')).toEqual([]);
  }
});

test('the web process brings no worker of its own, and the worker stands back', async () => {
  const [web = '', worker = ''] = await Promise.all(units.map((unit) => readFile(join(folder, unit), 'utf8')));
  expect(setting(web, 'ExecStart')[0]).toMatch(/ serve --no-worker$/);
  expect(setting(worker, 'ExecStart')[0]).toMatch(/ work$/);
  expect(Number(setting(worker, 'Nice')[0])).toBeGreaterThan(0);
  expect(Number(setting(worker, 'IOWeight')[0])).toBeLessThan(100);
  expect(setting(worker, 'MemoryMax')).toHaveLength(1);
});

test('the program that runs as root is reached by the panel alone, from this machine alone', async () => {
  const [socket = '', service = ''] = await Promise.all(siteUnits.map((unit) => readFile(join(folder, unit), 'utf8')));
  expect(setting(socket, 'ListenStream')).toEqual(['/run/gotgan-sites.sock']);
  expect([setting(socket, 'SocketUser'), setting(socket, 'SocketGroup'), setting(socket, 'SocketMode')]).toEqual([
    ['root'],
    ['gotgan'],
    ['0660'],
  ]);
  expect(setting(service, 'User')).toEqual([]);
  expect(setting(service, 'NoNewPrivileges')).toEqual(['true']);
  expect(setting(service, 'PrivateNetwork')).toEqual(['true']);
  expect(setting(service, 'ExecStart')[0]).toMatch(/ \/opt\/gotgan\/bin\/gotgan-sites\.mjs \/etc\/gotgan-sites\.json$/);
});
