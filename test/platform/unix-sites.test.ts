// Sites as real Unix users of this machine (bin/gotgan-sites.mjs): who may do what in their folders, what suspending takes away, bad orders, and crashes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandHost } from '../../src/platform/site-host/command.ts';
import type { SiteHome, SiteHost } from '../../src/platform/site-host/port.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { type WebServer, webServer } from '../support/nginx.ts';
import { isAlive, untilGone } from '../support/program.ts';
import { run, sitesProgram, type UnixSites, unixSites } from '../support/unix-sites.ts';

const site = { id: '019ab000-0000-7000-8000-000000000001', name: 'spring42' };
const other = { id: '019ab000-0000-7000-8000-000000000002', name: 'autumn-7' };

let unix: UnixSites;
let host: SiteHost;
let home: SiteHome;

beforeEach(async () => {
  unix = await unixSites({ panelUser: 'nobody' });
  host = commandHost({ run: localRunner(unix.command) });
  await host.open(site);
  home = await host.homeOf(site);
});
afterEach(() => unix.close());

const at = (...path: string[]) => join(home.folder, ...path);

/** Runs a program as this user. @returns whether it did what it should */
async function as(who: { uid: number; gid: number }, program: string, ...args: string[]): Promise<boolean> {
  const child = spawn(
    'setpriv',
    ['--reuid', String(who.uid), '--regid', String(who.gid), '--clear-groups', '--', program, ...args],
    {
      stdio: 'ignore',
      cwd: '/',
    },
  );
  const [code] = await once(child, 'exit');
  return code === 0;
}
const owner = () => ({ uid: home.userId, gid: home.groupId });
const idOf = async (user: string) => {
  const [, , uid, gid] = (await run('getent', ['passwd', user])).stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
};
const shadowOf = async (siteName: string) => (await run('getent', ['shadow', unix.user(siteName)])).stdout.trim().split(':');
const isUser = (name: string) =>
  run('getent', ['passwd', name]).then(
    () => true,
    () => false,
  );

/** Gives the program a line. @returns how it ended, with its answer */
async function order(line: string | object, settings = unix.settingsFile, program: readonly string[] = [sitesProgram]) {
  const child = spawn(process.execPath, [...program, settings], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}).end(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, answer: out === '' ? undefined : JSON.parse(out), err };
}

describe('the folders of a site', () => {
  test('its user can do nothing to backup, to www itself or beside them, and everything in www', async () => {
    await writeFile(join(unix.outside, 'archive'), 'the backup');
    await host.showBackup(site, 'a.zip', join(unix.outside, 'archive'), 'sum  a.zip\n');
    const user = owner();
    const refused: [string, ...string[]][] = [
      ['rm', '-rf', at('backup', 'a.zip')],
      ['mv', at('backup', 'a.zip'), at('www', 'a.zip')],
      ['mv', at('backup'), at('b')],
      ['mv', at('www'), at('w')],
      ['rmdir', at('www')],
      ['touch', at('backup', 'b.zip')],
      ['touch', at('x')],
      ['mkdir', at('x')],
      ['chmod', '777', at('backup')],
      ['chmod', '777', home.folder],
      ['setfacl', '-m', `u:${user.uid}:rwx`, at('backup')],
      ['cp', '/dev/null', at('backup', 'a.zip')],
      ['ln', at('backup', 'a.zip'), at('www', 'same')],
      ['ln', '-sfn', unix.outside, at('backup')],
    ];
    for (const [program, ...args] of refused) expect(await as(user, program, ...args), [program, ...args].join(' ')).toBe(false);
    expect(await readFile(at('backup', 'a.zip'), 'utf8')).toBe('the backup');
    for (const path of ['backup/a.zip', 'backup/a.zip.sha256']) expect(await as(user, 'cat', at(path)), path).toBe(true);
    for (const [program, ...args] of [
      ['mkdir', at('www', 'd')],
      ['touch', at('www', 'd', 'a')],
      ['mv', at('www', 'd'), at('www', 'e')],
      ['rm', '-r', at('www', 'e')],
    ])
      expect(await as(user, program ?? '', ...args), args.join(' ')).toBe(true);
  });

  test('another site sees nothing of it, the web server sees www and not backup, and everybody else nothing', async () => {
    await host.open(other);
    await as(owner(), 'cp', '/etc/hostname', at('www', 'page'));
    await writeFile(join(unix.outside, 'archive'), 'x');
    await host.showBackup(site, 'a.zip', join(unix.outside, 'archive'), 'sum');
    const { userId: uid, groupId: gid } = await host.homeOf(other);
    const web = await idOf('www-data');
    const stranger = await idOf('games');
    for (const path of [home.folder, at('www'), at('backup'), at('trash')]) {
      expect(await as({ uid, gid }, 'ls', path), `another: ${path}`).toBe(false);
      expect(await as(stranger, 'ls', path), `a stranger: ${path}`).toBe(false);
    }
    expect(await as({ uid, gid }, 'cat', at('www', 'page'))).toBe(false);
    expect(await as(web, 'cat', at('www', 'page'))).toBe(true);
    expect(await as(web, 'touch', at('www', 'page'))).toBe(false);
    expect(await as(web, 'cat', at('backup', 'a.zip'))).toBe(false);
    expect(await as(web, 'ls', at('trash'))).toBe(false);
    expect(await as(web, 'ls', home.folder)).toBe(false);
  });

  test('what the panel makes ready in trash is closed to the web server there, and shown by it once it stands in www', async () => {
    const [web, panel] = [await idOf('www-data'), await idOf('nobody')];
    await host.mend(site);
    for (const [program, ...args] of [
      ['mkdir', at('trash', 'ready')],
      ['cp', '/etc/hostname', at('trash', 'ready', 'page')],
    ])
      expect(await as(panel, program ?? '', ...args)).toBe(true);
    expect(await as(web, 'cat', at('trash', 'ready', 'page'))).toBe(false);
    expect(await as(panel, 'mv', at('trash', 'ready'), at('www', 'ready'))).toBe(true);
    expect(await as(web, 'cat', at('www', 'ready', 'page'))).toBe(true);
    expect(await as(owner(), 'rm', '-r', at('www', 'ready'))).toBe(true);
  });

  test('the account has no shell, no password, no other group and no numbers beyond its own', async () => {
    const [, , uid, gid, comment, folder, shell] = (await run('getent', ['passwd', unix.user(site.name)])).stdout
      .trim()
      .split(':');
    expect([Number(uid), Number(gid)]).toEqual([home.userId, home.groupId]);
    expect([comment, folder, shell]).toEqual([`gotgan ${site.id}`, home.folder, '/usr/sbin/nologin']);
    expect((await shadowOf(site.name))[1]).toBe('*');
    expect((await run('id', ['-G', unix.user(site.name)])).stdout.trim()).toBe(String(home.groupId));
    expect(await readFile('/etc/subuid', 'utf8').catch(() => '')).not.toContain(unix.user(site.name));
  });

  test.each(['022', '077'])('what its programs write with umask %s can be read by the panel and used by it', async (umask) => {
    const panel = await idOf('nobody');
    await as(owner(), 'sh', '-c', `umask ${umask}; mkdir ${at('www/d')}; echo text > ${at('www/d/a')}`);
    for (const [program, ...args] of [
      ['cat', at('www/d/a')],
      ['sh', '-c', `echo text > ${at('www/d/b')}`],
      ['mv', at('www/d/a'), at('www/d/c')],
      ['rm', at('www/d/c')],
    ])
      expect(await as(panel, program ?? '', ...args), args.join(' ')).toBe(true);
    // and the other way round: what the panel wrote is the site's to change
    expect(await as(owner(), 'cp', '/etc/hostname', at('www/d/b'))).toBe(true);
    expect((await stat(at('www/d/b'))).gid).toBe(home.groupId);
  });

  test('what they closed to everybody is opened to the panel again by mending, and to no web server', async () => {
    const [panel, web] = [await idOf('nobody'), await idOf('www-data')];
    const bait = join(unix.outside, 'bait');
    await writeFile(bait, 'of root', { mode: 0o600 });
    const script = `cd ${at('www')}; echo secret > config.php; chmod 600 config.php; mkdir -m 700 private; echo x > private/a; chmod 600 private/a; mkdir -m 755 usual; ln -s ${bait} link`;
    await as(owner(), 'sh', '-c', script);
    expect(await as(panel, 'cat', at('www/config.php'))).toBe(false);
    const before = await lstat(bait);
    await host.mend(site);
    expect(await as(panel, 'cat', at('www/config.php'))).toBe(true);
    expect(await as(panel, 'cat', at('www/private/a'))).toBe(true);
    expect(await as(panel, 'touch', at('www/usual/b'))).toBe(true);
    expect(await as(web, 'cat', at('www/config.php'))).toBe(false);
    expect(await as(web, 'cat', at('www/private/a'))).toBe(false);
    expect(await as(owner(), 'sh', '-c', `echo more >> ${at('www/config.php')}`)).toBe(true);
    expect((await lstat(bait)).ctimeMs).toBe(before.ctimeMs);
  });
});

describe('a suspended site', () => {
  let web: WebServer;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    web = await webServer(unix.root);
    await as(
      owner(),
      'sh',
      '-c',
      `umask 077; printf 'the very page' > ${at('www/index.html')}; mkdir ${at('www/img')}; printf x > ${at('www/img/a.txt')}`,
    );
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await web.close();
  });

  test('answers no more to the web, its account is closed and its processes have ended; resumed it is as it was', async () => {
    expect(await web.get(site.name, 'index.html')).toEqual({ status: 200, text: 'the very page' });
    const before = (await run('getfacl', ['-RpnsE', at('www')])).stdout;
    child = spawn('setpriv', [
      '--reuid',
      String(home.userId),
      '--regid',
      String(home.groupId),
      '--clear-groups',
      '--',
      'sh',
      '-c',
      `cd ${at('www')} && sleep 1000`,
    ]);
    const { pid = 0 } = child;
    await sleep(300);
    expect(await isAlive(pid)).toBe(true);

    await host.suspend(site);
    for (const path of ['index.html', 'img/a.txt', 'none'])
      expect([403, 404], path).toContain((await web.get(site.name, path)).status);
    expect(await untilGone(pid, 5)).toBe(true);
    expect(await as(owner(), 'ls', at('www'))).toBe(false);
    expect(await as(await idOf('nobody'), 'cat', at('www/index.html')), 'the panel still backs it up').toBe(true);
    const [, password, , , , , , expires] = await shadowOf(site.name);
    expect([password, expires]).toEqual(['!*', '1']);

    await host.open(site);
    expect([403, 404], 'an opening that is repeated late').toContain((await web.get(site.name, 'index.html')).status);

    await host.resume(site);
    expect(await web.get(site.name, 'index.html')).toEqual({ status: 200, text: 'the very page' });
    expect(await web.get(site.name, 'img/a.txt')).toEqual({ status: 200, text: 'x' });
    expect((await run('getfacl', ['-RpnsE', at('www')])).stdout).toBe(before);
    const [, open, , , , , , never] = await shadowOf(site.name);
    expect([open, never]).toEqual(['*', '']);
  });

  test('leaves others as they are', async () => {
    await host.open(other);
    const { userId: uid, groupId: gid } = await host.homeOf(other);
    await as({ uid, gid }, 'sh', '-c', `echo other > ${join(unix.root, other.name, 'www/a')}`);
    await host.suspend(site);
    expect(await web.get(other.name, 'a')).toEqual({ status: 200, text: 'other\n' });
    await host.remove(site);
    expect(await web.get(other.name, 'a')).toEqual({ status: 200, text: 'other\n' });
    expect(await isUser(unix.user(site.name))).toBe(false);
    expect(await isUser(unix.user(other.name))).toBe(true);
  });
});

describe('an order that is refused', () => {
  const good = { version: 1, act: 'open', site: other };

  test('since it is not in every part what an order is', async () => {
    const before = await readdir(unix.root);
    for (const [what, line] of [
      ['no JSON', 'open spring42'],
      ['nothing', ''],
      ['another version', { ...good, version: 2 }],
      ['an act that is none', { ...good, act: 'constructor' }],
      ['an act of objects', { ...good, act: 'toString' }],
      ['no site', { version: 1, act: 'open' }],
      ['a name that climbs', { ...good, site: { ...other, name: '../../etc' } }],
      ['a name with a slash', { ...good, site: { ...other, name: 'a/b' } }],
      ['a name like an option', { ...good, site: { ...other, name: '--root' } }],
      ['a name with a line', { ...good, site: { ...other, name: 'abc\nroot' } }],
      ['a name with a colon', { ...good, site: { ...other, name: 'abc:0' } }],
      ['a name that is a list', { ...good, site: { ...other, name: ['abc'] } }],
      ['an id that is none', { ...good, site: { ...other, id: 'x' } }],
      ['an id with a colon', { ...good, site: { ...other, id: `${other.id}:x` } }],
      ['a quota that is none', { ...good, site: { ...other, quotaBytes: -1 } }],
      ['a quota that is text', { ...good, site: { ...other, quotaBytes: '1; rm -rf /' } }],
      ['a backup elsewhere', { ...good, site, act: 'showBackup', backup: { name: '../x', bytes: 0, checksum: 'x' } }],
      ['a backup of no size', { ...good, site, act: 'showBackup', backup: { name: 'x', bytes: 'all', checksum: 'x' } }],
      ['a checksum of many lines', { ...good, site, act: 'showBackup', backup: { name: 'x', bytes: 0, checksum: 'x\ny\n' } }],
      ['a line without end', 'x'.repeat(200_000)],
    ] as const) {
      const { code, answer, err } = await order(line);
      expect([code, answer?.outcome, err !== ''], what).toEqual([1, 'failed', true]);
    }
    expect(await readdir(unix.root)).toEqual(before);
    expect(await readdir(at('backup'))).toEqual([]);
    expect(await isUser(unix.user(other.name))).toBe(false);
  });

  test('an archive that ends early or is too long leaves the backup that was there', async () => {
    await writeFile(join(unix.outside, 'archive'), 'good');
    await host.showBackup(site, 'a.zip', join(unix.outside, 'archive'), 'sum');
    const line = JSON.stringify({ version: 1, act: 'showBackup', site, backup: { name: 'b.zip', bytes: 10, checksum: 'sum' } });
    for (const body of ['123', '12345678901']) {
      expect((await order(`${line}\n${body}`)).answer.outcome).toBe('failed');
      expect((await readdir(at('backup'))).sort()).toEqual(['a.zip', 'a.zip.sha256']);
    }
  });

  test('for a name that belongs to another site, to somebody of the system, or to a folder that was there', async () => {
    const conflict = expect.objectContaining({ status: 409 });
    await expect(host.open({ ...site, id: other.id })).rejects.toEqual(conflict);
    await expect(host.remove({ ...site, id: other.id })).rejects.toEqual(conflict);
    await expect(host.homeOf({ ...site, id: other.id })).rejects.toEqual(conflict);
    expect(await readdir(home.folder)).toEqual(['backup', 'trash', 'www']);

    await mkdir(join(unix.root, other.name));
    await expect(host.open(other)).rejects.toEqual(conflict);
    await rm(join(unix.root, other.name), { recursive: true });

    await run('useradd', ['--no-create-home', '--comment', 'somebody', unix.user(other.name)]);
    await expect(host.open(other)).rejects.toEqual(conflict);
    await host.remove(other).catch(() => {});
    expect(await isUser(unix.user(other.name))).toBe(true);
  });

  test('with a link in the place of the site, of its www or of its backup: what it points at stays as it was', async () => {
    const precious = join(unix.outside, 'precious');
    await mkdir(precious, { mode: 0o755 });
    await writeFile(join(precious, 'a'), 'keep me', { mode: 0o600 });
    await writeFile(join(unix.outside, 'archive'), 'x');
    const seen = async () => (await run('getfacl', ['-Rpn', precious])).stdout + (await readdir(precious)).join();
    const before = await seen();
    for (const place of [home.folder, at('www'), at('backup')]) {
      await rename(place, join(unix.outside, 'moved'));
      await symlink(precious, place);
      for (const act of ['open', 'suspend', 'resume', 'usage', 'mend', 'remove'] as const)
        if (act !== 'remove' || place === home.folder) await host[act](site).catch(() => {});
      await host.showBackup(site, 'a.zip', join(unix.outside, 'archive'), 'sum').catch(() => {});
      expect(await seen(), place).toBe(before);
      await rm(place);
      await rename(join(unix.outside, 'moved'), place);
      await host.resume(site);
    }
    await host.open(site);
    expect(await readFile(join(precious, 'a'), 'utf8')).toBe('keep me');
  });

  test('by settings that somebody else may write, that are incomplete, or that name what is not there', async () => {
    const settings = join(unix.outside, 'other.json');
    const text = await readFile(unix.settingsFile, 'utf8');
    const told = async (content: string, mode = 0o600, uid = 0) => {
      await writeFile(settings, content, { mode });
      await chmod(settings, mode);
      await chown(settings, uid, 0);
      const { code, err } = await order({ version: 1, act: 'check' }, settings);
      expect(code, content).toBe(1);
      return err;
    };
    expect(await told(text, 0o666)).toContain('writable by root alone');
    expect(await told(text, 0o600, 65534)).toContain('must belong to root');
    expect(await told(JSON.stringify({ ...JSON.parse(text), root: '../sites' }))).toContain('absolute');
    expect(await told(JSON.stringify({ ...JSON.parse(text), rooot: '/x' }))).toContain('rooot');
    expect(await told(JSON.stringify({ ...JSON.parse(text), webUser: 'no-such-user' }))).toContain('no user no-such-user');
    expect(await told(JSON.stringify({ ...JSON.parse(text), prefix: '0a' }))).toContain('prefix');
    await chmod(unix.root, 0o777);
    expect((await order({ version: 1, act: 'check' })).err).toContain('nobody else can write');
  });

  test('from anybody but root', async () => {
    const child = spawn(
      'setpriv',
      ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--', process.execPath, sitesProgram, unix.settingsFile],
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    child.stdin.on('error', () => {}).end(`${JSON.stringify(good)}\n`);
    expect(await text(child.stderr)).toContain('as root');
  });
});

test('the service behind a socket does the same with the few capabilities that its unit leaves it', async () => {
  const unit = await readFile(join(import.meta.dirname, '../../operations/systemd/gotgan-sites@.service'), 'utf8');
  const capabilities = (/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? '')
    .toLowerCase()
    .replaceAll('cap_', '+')
    .replaceAll(' ', ',');
  const bounded = [
    '--bounding-set',
    `-all,${capabilities}`,
    '--no-new-privs',
    '--',
    process.execPath,
    sitesProgram,
    unix.settingsFile,
  ];
  const socket = join(unix.outside, 'sites.sock');
  const service = spawn('systemd-socket-activate', ['--accept', '--inetd', '-l', socket, 'setpriv', ...bounded], {
    stdio: 'ignore',
  });
  try {
    while (!(await stat(socket).catch(() => undefined))) await sleep(20);
    const asked = commandHost({ run: localRunner([process.execPath, sitesProgram, '--ask', socket]) });
    await asked.check(AbortSignal.timeout(20_000));
    await asked.open(other);
    await asked.open(other);
    const { folder, userId: uid, groupId: gid } = await asked.homeOf(other);
    await as({ uid, gid }, 'sh', '-c', `cd ${folder}/www && printf 12345 > a && chmod 600 a`);
    expect(await as(await idOf('nobody'), 'cat', join(folder, 'www/a'))).toBe(false);
    await asked.mend(other);
    expect(await as(await idOf('nobody'), 'cat', join(folder, 'www/a'))).toBe(true);
    expect(await asked.usage(other)).toMatchObject({ bytes: 5, files: 1 });
    await writeFile(join(unix.outside, 'archive'), Buffer.alloc(5_000_000, 'z'));
    await asked.showBackup(other, 'a.zip', join(unix.outside, 'archive'), 'sum');
    expect((await readFile(join(folder, 'backup/a.zip'))).equals(Buffer.alloc(5_000_000, 'z'))).toBe(true);
    const child = spawn('setpriv', ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--', 'sleep', '1000'], {
      stdio: 'ignore',
    });
    await sleep(300);
    await asked.suspend(other);
    expect(await untilGone(child.pid ?? 0, 5)).toBe(true);
    await asked.resume(other);
    await expect(asked.open({ ...other, id: site.id })).rejects.toMatchObject({ status: 409 });
    await asked.remove(other);
    expect(await isUser(unix.user(other.name))).toBe(false);
  } finally {
    service.kill();
    if (service.exitCode === null) await once(service, 'exit');
  }
  const gone = commandHost({ run: localRunner([process.execPath, sitesProgram, '--ask', join(unix.outside, 'none.sock')]) });
  await expect(gone.open(other)).rejects.toMatchObject({ status: 503, parameters: { code: expect.stringContaining('ENOENT') } });
});

describe('crashes and repeats', () => {
  /** Begins an act and kills the program after so many milliseconds. */
  async function cut(act: string, milliseconds: number): Promise<void> {
    const child = spawn(process.execPath, [sitesProgram, unix.settingsFile], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => {}).end(`${JSON.stringify({ version: 1, act, site: other })}\n`);
    await sleep(milliseconds);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  test('an act that is killed at any moment is finished by the next one', async () => {
    for (let milliseconds = 40; milliseconds <= 220; milliseconds += 30) {
      await cut('open', milliseconds);
      await host.open(other);
      const { userId: uid, groupId: gid, folder } = await host.homeOf(other);
      expect(await as({ uid, gid }, 'touch', join(folder, 'www/a')), `open, ${milliseconds} ms`).toBe(true);
      await cut('suspend', milliseconds);
      await host.suspend(other);
      expect((await shadowOf(other.name))[1]).toBe('!*');
      await cut('resume', milliseconds);
      await host.resume(other);
      expect((await shadowOf(other.name))[1]).toBe('*');
      await cut('remove', milliseconds);
      await host.remove(other);
      expect(await isUser(unix.user(other.name)), `remove, ${milliseconds} ms`).toBe(false);
      expect(await readdir(unix.root)).toEqual([site.name]);
    }
  });

  test('acts on one site at the same moment come one after the other, and on ten sites none is lost', async () => {
    await Promise.all([host.open(other), host.open(other), host.suspend(other), host.open(other)]);
    expect((await shadowOf(other.name))[1]).toMatch(/^!?\*$/);
    await host.suspend(other);
    await Promise.all([host.open(other), host.open(other)]);
    expect((await shadowOf(other.name))[1]).toBe('!*');
    const many = Array.from({ length: 10 }, (_, i) => ({ id: `019ab000-0000-7000-8000-0000000000${10 + i}`, name: `many-${i}` }));
    const ends = await Promise.allSettled(many.map((one) => host.open(one)));
    // The system's own lock on its users may ask for patience; the job then comes again.
    for (const [i, end] of ends.entries()) if (end.status === 'rejected') await host.open(many[i] ?? other);
    for (const one of many) expect((await host.homeOf(one)).userId).toBeGreaterThan(999);
  });
});
