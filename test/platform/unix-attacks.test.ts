// Attacks on the program that makes sites (bin/gotgan-sites.mjs), by a site's own user and by who may send it orders: real users, real root.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hour } from '../../src/platform/clock.ts';
import { commandHost } from '../../src/platform/site-host/command.ts';
import type { HostedSite, SiteHome, SiteHost } from '../../src/platform/site-host/port.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { isAlive, untilGone } from '../support/program.ts';
import { run, sitesProgram, type UnixSites, unixSites } from '../support/unix-sites.ts';

let unix: UnixSites;
let host: SiteHost;
let site: HostedSite;
let home: SiteHome;
let count = 0;
const children: ChildProcess[] = [];

beforeAll(async () => {
  const keys = await mkdtemp('/run/gotgan-keys-');
  await chmod(keys, 0o755);
  unix = await unixSites({ panelUser: 'nobody', ssh: { keys, host: '127.0.0.1', hostKeys: [], shell: '/bin/sh' } });
  host = commandHost({ run: localRunner(unix.command) });
});
afterAll(() => unix?.close());

/** A site of one's own for each test. */
beforeEach(async () => {
  site = aSite();
  await host.open(site);
  home = await host.homeOf(site);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await host.suspend(site);
});

function aSite(): HostedSite {
  count += 1;
  return { id: `019ab000-0000-7000-8000-0000000001${String(count).padStart(2, '0')}`, name: `site-${count}` };
}

/** Begins a program as the site's user. */
function begins(program: string, ...args: string[]): ChildProcess {
  const who = ['--reuid', String(home.userId), '--regid', String(home.groupId), '--clear-groups', '--'];
  const child = spawn('setpriv', [...who, program, ...args], { stdio: ['ignore', 'pipe', 'ignore'], cwd: '/' });
  children.push(child);
  return child;
}
/** Runs a script as the site's user, to its end. */
async function does(script: string): Promise<string> {
  const { stdout } = begins('sh', '-c', script);
  return stdout ? (await text(stdout)).trim() : '';
}

/** @returns the program in a world of its own where these tools stand before the system's */
async function withTools(tools: Readonly<Record<string, string>>): Promise<SiteHost> {
  const folder = await mkdtemp(join(unix.outside, 'tools-'));
  for (const [name, script] of Object.entries(tools))
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const apart = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /usr/local/sbin && exec "$@"', folder];
  return commandHost({ run: localRunner([...apart, ...unix.command]) });
}

/** @returns the answer to this line and body */
async function answerTo(order: object, body: string | Buffer = ''): Promise<{ outcome: string; error?: string }> {
  const child = spawn(process.execPath, [sitesProgram, unix.settingsFile], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {}).write(`${JSON.stringify({ version: 1, site, ...order })}\n`);
  child.stdin.end(body);
  return (await json(child.stdout)) as { outcome: string };
}

const until = Date.now() + hour;
const letIn = (by: SiteHost, entries: readonly string[]) =>
  by.letIn?.(
    site,
    entries.map((label) => ({ key: `ssh-ed25519 ${'A'.repeat(68)}`, from: ['127.0.0.1/32'], until, label })),
  );

describe('what runs as a site', () => {
  test('ends with its key, also when the run that took the key was cut off before it came to that', async () => {
    await letIn(host, ['first', 'second']);
    const { pid = 0 } = begins('sleep', '1000');
    await expect(letIn(await withTools({ usermod: 'echo broken >&2; exit 1' }), ['second'])).rejects.toMatchObject({
      parameters: { code: expect.stringContaining('broken') },
    });
    expect(await isAlive(pid)).toBe(true);
    await letIn(host, ['second']);
    expect(await untilGone(pid, 5)).toBe(true);
    // Once is enough: who comes in afterwards stays.
    const later = begins('sleep', '1000');
    await letIn(host, ['second', 'third']);
    expect(await isAlive(later.pid ?? 0)).toBe(true);
  });

  test('ends with the suspension, also what leaves its number behind faster than anybody can look', async () => {
    const trace = join(unix.shared, site.name);
    begins('perl', '-e', `while (1) { open(F, '>', '${trace}'); print F $$; close F; exit if fork; }`);
    while (!(await stat(trace).catch(() => undefined))) await sleep(20);
    await host.suspend(site);
    const { mtimeMs } = await stat(trace);
    await sleep(300);
    expect((await stat(trace)).mtimeMs).toBe(mtimeMs);
    await rm(trace);
  });

  test('cannot hold back the suspension by stopping what opens its files to the panel, nor with a long look at its files', async () => {
    await does(`cd ${home.folder}/www && perl -e 'for (1..3000) { open(F, ">", $_); chmod(0600, $_) }'`);
    const stopping = `while (1) { for (glob('/proc/[0-9]*')) { next if (stat)[4] != $>; open(F, "$_/comm") || next;
      kill(STOP => m{(\\d+)}) if <F> =~ /^(find|setfacl)/ } }`;
    begins('perl', '-e', stopping);
    const theirs = async () => (await run('ps', ['-u', String(home.userId), '-o', 'stat=,comm='])).stdout;
    let isOver = false;
    const mends = () =>
      host.mend(site).then(
        () => {
          isOver = true;
        },
        (error: unknown) => error,
      );
    let mending = mends();
    // On a busy machine it may be over before anybody can stop it: then once more.
    for (; !/^T\S* +(find|setfacl)/m.test(await theirs()); await sleep(20)) {
      if (isOver) mending = mends();
      isOver = false;
    }
    await host.suspend(site);
    expect(await mending).toMatchObject({ status: 503 });
  });
});

describe('a site that is removed', () => {
  test('leaves nothing where everybody may write, and its number is nobody else’s ever after', async () => {
    const { shared } = unix;
    const stranger = join(shared, `${site.name}-open/of-a-stranger`);
    const segment = /\d+$/.exec(
      await does(`cd ${shared} && mkdir -p a/b && echo secret > a/b/c && ln -s /etc/passwd a/link && mkfifo pipe-${site.name} &&
        mkdir -m 777 ${site.name}-open && touch 'two
lines' && ipcmk -M 1024`),
    )?.[0];
    await writeFile(stranger, 'keep me');
    await symlink('/nowhere', join(shared, `${site.name}-of-root`));
    await host.remove(site);
    expect((await readdir(shared)).sort()).toEqual([`${site.name}-of-root`, `${site.name}-open`].sort());
    expect([await readFile(stranger, 'utf8'), (await stat(join(shared, `${site.name}-open`))).uid]).toEqual(['keep me', 0]);
    expect((await readFile('/proc/sysvipc/shm', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/)[1])).not.toContain(
      segment,
    );
    expect((await lstat('/etc/passwd')).uid).toBe(0);
    const again = { ...aSite(), name: site.name };
    await host.open(again);
    const { userId, groupId } = await host.homeOf(again);
    expect([userId > home.userId, groupId > home.groupId]).toEqual([true, true]);
    await host.remove(again);
    // Known to nobody any more, and done all the same.
    await host.remove(site);
  });

  test('is removed from /tmp and the like where the settings name no other places', async () => {
    const settings = JSON.parse(await readFile(unix.settingsFile, 'utf8'));
    const file = join(unix.outside, `${site.name}.json`);
    await writeFile(file, JSON.stringify({ ...settings, shared: undefined }), { mode: 0o600 });
    const left = ['/tmp', '/var/tmp', '/dev/shm'].map((folder) => join(folder, `gotgan-${site.name}-${home.userId}`));
    await does(`touch ${left.join(' ')}`);
    for (const path of left) expect((await stat(path)).uid).toBe(home.userId);
    await commandHost({ run: localRunner([process.execPath, sitesProgram, file]) }).remove(site);
    for (const path of left) await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  test('stays, closed, while something of it cannot be removed, and the operator is told', async () => {
    await does(`touch ${unix.shared}/stuck`);
    await run('chattr', ['+i', join(unix.shared, 'stuck')]);
    try {
      await expect(host.remove(site)).rejects.toMatchObject({ parameters: { code: expect.stringContaining(unix.shared) } });
      expect((await run('getent', ['passwd', unix.user(site.name)])).stdout).toContain('nologin');
    } finally {
      await run('chattr', ['-i', join(unix.shared, 'stuck')]);
    }
    await host.remove(site);
    await expect(stat(join(unix.shared, 'stuck'))).rejects.toThrow('ENOENT');
  });

  test('gives way to the last number, and then no site is made with one that was somebody’s', async () => {
    const settings = JSON.parse(await readFile(unix.settingsFile, 'utf8'));
    const file = join(unix.outside, 'few.json');
    const only = home.userId + 500;
    await writeFile(file, JSON.stringify({ ...settings, state: join(unix.outside, 'few'), numbers: [only, only] }), {
      mode: 0o600,
    });
    const few = commandHost({ run: localRunner([process.execPath, sitesProgram, file]) });
    const [first, second] = [aSite(), aSite()];
    await few.open(first);
    expect((await few.homeOf(first)).userId).toBe(only);
    await few.remove(first);
    await expect(few.open(second)).rejects.toMatchObject({ parameters: { code: expect.stringContaining('widen numbers') } });
  });
});

describe('an order', () => {
  test('that is no order in the shape of one is refused, and nothing is written anywhere', async () => {
    const [name, bytes, checksum] = ['../../climbed', 4, 'sum'];
    for (const order of [
      { act: ['showBackup'], backup: { name, bytes, checksum } },
      { act: 'showBackup', backup: { name: ['a.zip'], bytes, checksum } },
      { act: 'showBackup', backup: { name: 'a.zip', bytes, checksum: ['sum'] } },
      { act: [['letIn']] },
      { act: 'open', site: [aSite()] },
      { act: '__proto__' },
    ])
      expect((await answerTo(order, 'evil')).outcome, JSON.stringify(order)).toBe('failed');
    expect(await readdir(unix.root)).not.toContain('climbed');
    expect(await readdir(join(home.folder, 'backup'))).toEqual([]);
  });

  test('is answered through the socket while its body is still coming, and who goes on sending is not waited for', async () => {
    const socket = join(unix.outside, 'sites.sock');
    const program = [process.execPath, sitesProgram];
    const service = spawn('systemd-socket-activate', ['--accept', '--inetd', '-l', socket, ...program, unix.settingsFile], {
      stdio: 'ignore',
    });
    children.push(service);
    while (!(await stat(socket).catch(() => undefined))) await sleep(20);
    const endless = connect(socket);
    const order = { version: 1, act: 'showBackup', site: aSite(), backup: { name: 'a.zip', bytes: 2 ** 40, checksum: 'sum' } };
    endless.on('error', () => {}).write(`${JSON.stringify(order)}\n`);
    const over = new Promise((resolve) => endless.once('close', resolve));
    const sending = setInterval(() => endless.writable && endless.write('x'.repeat(1000)), 20);
    const archive = join(unix.outside, 'archive');
    await writeFile(archive, Buffer.alloc(30_000_000));
    const asked = commandHost({ run: localRunner([...program, '--ask', socket]) });
    try {
      for (let times = 0; times < 3; times++)
        await expect(asked.showBackup(aSite(), 'a.zip', archive, 'sum')).rejects.toMatchObject({ status: 404 });
      await over;
    } finally {
      clearInterval(sending);
      endless.destroy();
    }
  });

  test('that a service answers with rubbish is asked again later', async () => {
    for (const [number, [script, says]] of [
      ['printf "what?\\n"', 'no answer'],
      ['printf "1\\n"', 'no answer'],
      ['yes x | tr -d "\\n"', 'more than an answer'],
    ].entries()) {
      const socket = join(unix.outside, `rubbish-${number}`);
      const service = ['--accept', '--inetd', '-l', socket, 'sh', '-c', `read order; ${script}`];
      children.push(spawn('systemd-socket-activate', service, { stdio: 'ignore' }));
      while (!(await stat(socket).catch(() => undefined))) await sleep(20);
      const asked = commandHost({ run: localRunner([process.execPath, sitesProgram, '--ask', socket]) });
      const code = expect.stringMatching(`try again: .*${says}`);
      await expect(asked.open(site), script).rejects.toMatchObject({ parameters: { code } });
    }
  });
});

describe('a tree that somebody has made to lead root astray', () => {
  test('is counted, mended, suspended and removed, and what it points at stays as it was', async () => {
    const bait = join(unix.outside, 'bait');
    await mkdir(bait, { mode: 0o755 });
    for (const name of ['secret', 'other']) await writeFile(join(bait, name), 'of root', { mode: 0o600 });
    const seen = async () => (await run('getfacl', ['-Rpn', bait])).stdout + (await readdir(bait)).join();
    const before = await seen();
    // Names that look like lines and options, a set-user-ID program, a pipe, a link to oneself, and a tree deeper than any path.
    await does(`cd ${home.folder}/www && mkdir a && echo 12345 > 'a/one
9 1 0:0' && touch -- '-delete' '--set' && cp /bin/true . && chmod 6755 true && mkfifo pipe && ln -s . self && ln -s ${bait} out &&
      perl -e 'for (1..1500) { mkdir("deep-and-deeper-and-deeper") && chdir("deep-and-deeper-and-deeper") || last }'`);
    const swaps = `cd ${home.folder}/www; while :; do mv a b; ln -s ${bait} a; chmod 700 b; rm a; mv b a; done`;
    const { size } = await stat('/bin/true');
    const counted = { bytes: size + 6, files: 4 };
    expect(await host.usage(site)).toMatchObject(counted);
    begins('sh', '-c', swaps);
    for (let times = 0; times < 3; times++) {
      const { bytes, files } = await host.usage(site);
      expect([bytes <= counted.bytes, files <= counted.files]).toEqual([true, true]);
      await host.mend(site);
      await host.open(site);
    }
    expect((await stat(join(home.folder, 'www/true'))).uid).toBe(home.userId);
    await host.suspend(site);
    await host.resume(site);
    begins('sh', '-c', swaps);
    await host.remove(site);
    expect(await seen()).toBe(before);
  });

  test('cannot take a file of root into the site by a second name of it', async () => {
    const own = join(unix.shared, `${site.name}-of-root`);
    await writeFile(own, 'of root', { mode: 0o600 });
    // Where the kernel would allow it (fs.protected_hardlinks=0) root itself has made the name: it must stay as it is.
    await run('ln', [own, join(home.folder, 'www/second')]);
    const before = await stat(own);
    await host.mend(site);
    await host.open(site);
    await host.suspend(site);
    const { uid, gid, mode } = await stat(own);
    expect([uid, gid, mode]).toEqual([before.uid, before.gid, before.mode]);
    await host.remove(site);
    expect(await readFile(own, 'utf8')).toBe('of root');
  });
});

describe('a wall of the file system', () => {
  const asked = () => ({ ...site, quotaBytes: 10_000_000 });
  const opened = async (by: SiteHost) =>
    by.open(asked()).then(
      () => 'done',
      (error) => String(error.parameters.code),
    );

  test('is set for the group of the site, a tenth and 64 MiB above its plan, and taken away with the site', async () => {
    const told = join(unix.outside, 'told');
    const by = await withTools({ setquota: `echo "$@" >> ${told}` });
    expect(await opened(by)).toBe('done');
    const { stdout: mount } = await run('stat', ['-c', '%m', home.folder]);
    const kib = Math.ceil((10_000_000 * 1.1 + 64 * 1024 * 1024) / 1024);
    expect(await readFile(told, 'utf8')).toBe(`-g ${home.groupId} 0 ${kib} 0 0 ${mount}`);
    await by.remove(asked());
    expect((await readFile(told, 'utf8')).split('\n')[1]).toBe(`-g ${home.groupId} 0 0 0 0 ${mount.trim()}`);
  });

  test('that is kept nowhere is not missed; one that should be and cannot be set is told, and keeps no site from being removed', async () => {
    const none = 'echo "setquota: Mountpoint (or device) / not found or has no quota enabled." >&2; exit 1';
    expect(await opened(await withTools({ setquota: none }))).toBe('done');
    expect(await opened(host)).toBe('done');
    const broken = await withTools({ setquota: 'echo "setquota: Input/output error" >&2; exit 2' });
    expect(await opened(broken)).toContain('Input/output error');
    await broken.remove(asked());
  });
});
