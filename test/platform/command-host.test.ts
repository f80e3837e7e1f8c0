// A company's provisioning program that misbehaves: each way is refused with a sentence for the operator, and nothing counts as done.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PanelError } from '../../src/platform/errors.ts';
import { commandHost } from '../../src/platform/site-host/command.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { isAlive, untilGone } from '../support/program.ts';

const site = { id: '019ab000-0000-7000-8000-000000000001', name: 'spring42', quotaBytes: 5_000_000_000 };
const head = { version: 1, act: 'open', site: site.id };
const done = JSON.stringify({ ...head, outcome: 'done' });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-command-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A host whose program is this script; `order` in it is what came on stdin. */
async function hostOf(script: string, limitMilliseconds = 20_000) {
  const program = join(folder, 'program.mjs');
  await writeFile(program, `import { readFileSync, writeFileSync } from 'node:fs';\n${script}\n`);
  return commandHost({ run: localRunner([process.execPath, program]), limitMilliseconds });
}

/** @returns what the operator reads when the act fails, which must be 503 */
async function fault(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PanelError)) throw new Error(`no PanelError: ${String(error)}`);
  expect(error.status).toBe(503);
  return String(error.parameters.code);
}

const say = (text: string) => `readFileSync(0); process.stdout.write(${JSON.stringify(text)});`;

describe('what a program is told', () => {
  test('is one line of JSON with version, act, site and quota, and nothing of it stands on the command line or in the environment', async () => {
    const seen = join(folder, 'seen');
    const host = await hostOf(
      `writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ order: readFileSync(0, 'utf8'), args: process.argv.slice(2), env: process.env }));` +
        `console.log(${JSON.stringify(done)});`,
    );
    await host.open(site);
    const { order, args, env } = JSON.parse(await readFile(seen, 'utf8'));
    expect(order.endsWith('\n')).toBe(true);
    expect(JSON.parse(order)).toEqual({ version: 1, act: 'open', site });
    expect(args).toEqual([]);
    expect(Object.keys(env).filter((name) => !name.startsWith('__'))).toEqual(expect.arrayContaining(['PATH', 'LANG']));
    expect(JSON.stringify(env)).not.toContain(site.name);
    expect(Object.keys(env)).not.toContain('GOTGAN_TEST_POSTGRES');
  });

  test('of a backup is a line and then the bytes of the archive, also when they are many', async () => {
    const bytes = 20_000_000;
    const archive = join(folder, 'archive');
    await writeFile(archive, Buffer.alloc(bytes, 'z'));
    const host = await hostOf(`
      const input = readFileSync(0);
      const end = input.indexOf(10);
      const { act, site, backup } = JSON.parse(input.subarray(0, end));
      const whole = input.length - end - 1 === backup.bytes && input.subarray(end + 1).every((one) => one === 122);
      console.log(JSON.stringify({ version: 1, act, site: site.id, outcome: whole && backup.name === 'a.zip' ? 'done' : 'failed' }));`);
    await host.showBackup(site, 'a.zip', archive, 'sum  a.zip\n');
  });

  test('a program that takes the order and closes its ears is believed by its answer', async () => {
    const archive = join(folder, 'archive');
    await writeFile(archive, Buffer.alloc(20_000_000));
    const answer = JSON.stringify({ version: 1, act: 'showBackup', site: site.id, outcome: 'done' });
    const host = await hostOf(`process.stdout.write(${JSON.stringify(answer)}, () => process.exit(0));`);
    await host.showBackup(site, 'a.zip', archive, 'sum  a.zip\n');
  });
});

describe('a program that misbehaves', () => {
  test.each([
    ['says nothing', '', 'open: the answer is none: nothing was said'],
    ['prints rubbish', 'Provisioning … OK!', 'open: the answer is none: Provisioning … OK!'],
    ['prints rubbish before its answer', `done\n${done}`, 'open: the answer is none'],
    ['answers with a list', '[]', 'open: the answer is none'],
    ['answers with null', 'null', 'open: the answer is none'],
    ['answers in another version', done.replace('"version":1', '"version":2'), 'open: the answer is none'],
    ['answers to another act', done.replace('"open"', '"remove"'), 'open: the answer is to another order or for another site'],
    ['answers for another site', done.replace(/0001/, '0002'), 'open: the answer is to another order or for another site'],
    ['says that it failed and ends well', done.replace('"done"', '"failed"'), 'open: failed'],
  ])('that %s', async (_what, text, says) => {
    expect(await fault((await hostOf(say(text))).open(site))).toContain(says);
  });

  test.each([
    ['ends with an error', `console.error('no room on disk 3'); process.exit(1);`, 'open: ended with 1: no room on disk 3'],
    ['ends with an error and says done', `console.log(${JSON.stringify(done)}); process.exit(3);`, 'open: ended with 3'],
    ['asks for patience (75)', `console.error('busy'); process.exit(75);`, 'open: try again: busy'],
    ['is killed', `process.kill(process.pid, 'SIGKILL');`, 'open: ended with a signal'],
    [
      'writes to the terminal of the operator',
      `console.error('a\\x1b[2Jb\\nc\\x07'); process.exit(1);`,
      'ended with 1: a [2Jb c',
    ],
  ])('that %s', async (_what, script, says) => {
    const told = await fault((await hostOf(script)).open(site));
    expect(told).toContain(says);
    expect(told).not.toMatch(/\p{Cc}/u);
  });

  test.each([
    ['bytes that are none', '{"bytes":-1,"files":1}'],
    ['bytes that are text', '{"bytes":"1","files":1}'],
    ['no files', '{"bytes":1}'],
  ])('that counts %s', async (_what, counts) => {
    const answer = JSON.stringify({ ...JSON.parse(counts), version: 1, act: 'usage', site: site.id, outcome: 'done' });
    expect(await fault((await hostOf(say(answer))).usage(site))).toBe('the answer lacks what was asked for');
  });

  test.each(['www', '', '/', '/srv/../etc', '/srv/sites/', '/srv//sites', '/srv/a\nb', `/${'x'.repeat(5000)}`])(
    'that says a site lies in %j',
    async (folder) => {
      const home = { folder, userId: 1, groupId: 1, version: 1, act: 'home', site: site.id, outcome: 'done' };
      expect(await fault((await hostOf(say(JSON.stringify(home)))).homeOf(site))).toBe('the answer lacks what was asked for');
    },
  );

  test.each([
    ['nowhere', { host: '' }],
    ['a host that a terminal would run', { host: 'a; rm -rf ~' }],
    ['a host that is an option', { host: '-oProxyCommand=x' }],
    ['a port that is none', { port: 0 }],
    ['a host key of several lines', { hostKeys: ['SHA256:a\nSHA256:b'] }],
  ])('that lets somebody in at %s', async (_what, more) => {
    const login = { user: 'spring42', host: 'ssh1.example.com', port: 22, hostKeys: ['SHA256:abc'], ...more };
    const host = await hostOf(say(JSON.stringify({ ...head, act: 'letIn', login, outcome: 'done' })));
    const entry = { key: 'ssh-ed25519 AAAA', from: ['192.0.2.1/32'], until: 1, label: 'a' };
    expect(await fault(host.letIn?.(site, [entry]) ?? Promise.resolve())).toBe('the answer lacks what was asked for');
    // Nobody is let in: where is all one.
    if (login.host === '') expect(await host.letIn?.(site, [])).toMatchObject({ user: 'spring42' });
  });

  test('that believes what it got of an archive that could not be read', async () => {
    const answer = JSON.stringify({ ...head, act: 'showBackup', outcome: 'done' });
    expect(await fault((await hostOf(say(answer))).showBackup(site, 'a.zip', folder, 'sum'))).toContain(
      'cannot be read (EISDIR)',
    );
  });

  test('whose archive grows while it is sent gets the bytes that were announced', async () => {
    const archive = join(folder, 'archive');
    await writeFile(archive, Buffer.alloc(8_000_000, 'z'));
    const host = await hostOf(`
      writeFileSync(${JSON.stringify(archive)}, Buffer.alloc(8_000_000, 'y'), { flag: 'a' });
      let bytes = 0, last = 0;
      for await (const piece of process.stdin) { bytes += piece.length; last = piece.at(-1); }
      const isAll = last === 122 && bytes > 8_000_000 && bytes < 8_001_000;
      console.log(JSON.stringify({ ...${JSON.stringify({ ...head, act: 'showBackup' })}, outcome: isAll ? 'done' : 'failed' }));`);
    await host.showBackup(site, 'a.zip', archive, 'sum');
  });

  test('that prints 100 MB is ended, and takes none of our memory', async () => {
    const host = await hostOf(
      `const much = 'x'.repeat(1e6); for (let i = 0; i < 100; i++) process.stdout.write(much); setInterval(() => {}, 1000);`,
    );
    const before = process.memoryUsage().rss;
    expect(await fault(host.open(site))).toBe('open: said more than 64 KiB');
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
  });

  test('that complains without end is heard for 16 KiB', async () => {
    const host = await hostOf(
      `const much = 'y'.repeat(1e6); for (let i = 0; i < 20; i++) process.stderr.write(much); console.log(${JSON.stringify(done)});`,
    );
    await host.open(site);
  });

  test('that hangs is ended with everything it started', async () => {
    const pids = join(folder, 'pids');
    const host = await hostOf(
      `import { spawn } from 'node:child_process';
       process.on('SIGTERM', () => {});
       const child = spawn('sleep', ['1000']);
       writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid);
       setInterval(() => {}, 1000);`,
      8000,
    );
    expect(await fault(host.open(site))).toBe('open: no answer within 8 s');
    for (const pid of (await readFile(pids, 'utf8')).split(' ').map(Number)) {
      expect(await untilGone(pid, 10), `process ${pid}`).toBe(true);
    }
  });

  test('that leaves a child with its pipes open does not hold us', async () => {
    const pids = join(folder, 'pids');
    const host = await hostOf(
      `import { spawn } from 'node:child_process';
       const child = spawn('sleep', ['1000'], { stdio: 'inherit', detached: true });
       writeFileSync(${JSON.stringify(pids)}, String(child.pid));
       child.unref();
       console.log(${JSON.stringify(done)});`,
    );
    const begun = performance.now();
    await host.open(site);
    expect(performance.now() - begun).toBeLessThan(15_000);
    const pid = Number(await readFile(pids, 'utf8'));
    expect(await isAlive(pid)).toBe(true);
    process.kill(pid);
  });

  test('that is not there', async () => {
    const host = commandHost({ run: localRunner([join(folder, 'none')]) });
    expect(await fault(host.open(site))).toMatch(/^open: spawn .*ENOENT/);
  });

  test('that does not answer a check within its time', async () => {
    const host = await hostOf('setInterval(() => {}, 1000);');
    expect(await fault(host.check(AbortSignal.timeout(1000)))).toMatch(/^check: no answer/);
  });
});

test('what the program does not know is not found, and what stands in the way is a conflict', async () => {
  const outcome = (word: string) => hostOf(say(JSON.stringify({ ...head, outcome: word })));
  await expect((await outcome('notFound')).open(site)).rejects.toMatchObject({ status: 404 });
  await expect((await outcome('conflict')).open(site)).rejects.toMatchObject({ status: 409 });
});

test('where the files lie is asked once, when the site tells where it lies not at all', async () => {
  const asked = join(folder, 'asked');
  const home = { folder, userId: 1, groupId: 1, version: 1, act: 'home', site: site.id, outcome: 'done' };
  const host = await hostOf(
    `readFileSync(0); writeFileSync(${JSON.stringify(asked)}, 'x', { flag: 'a' }); console.log(${JSON.stringify(JSON.stringify(home))});`,
  );
  await writeFile(join(folder, 'a'), 'x');
  await host.storageFor({ ...site, home: { folder, userId: 1, groupId: 1 } }).stat(['a']);
  await expect(readFile(asked)).rejects.toThrow('ENOENT');
  await host.storageFor(site).stat(['a']);
  expect(await readFile(asked, 'utf8')).toBe('x');
});
