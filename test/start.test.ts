// Starting and stopping the real program: with nothing set, with everything wrong, and when it is told or forced to end.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commanded } from './support/commands.ts';
import { freePort } from './support/embedding/installed.ts';
import { childrenOf, type Ended, gotgan, isAlive, type Program, type ProgramOptions, untilGone } from './support/program.ts';

let folder: string;
let port: string;
const programs: Program[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-start-'));
  port = String(await freePort());
});
afterEach(async () => {
  for (const { child, pid, ended } of programs.splice(0)) {
    const workers = await childrenOf(pid).catch(() => []);
    child.kill('SIGKILL');
    await ended;
    for (const worker of workers) if (await isAlive(worker)) process.kill(worker, 'SIGKILL');
  }
  for (const server of servers.splice(0)) server.close();
  await chmod(join(folder, 'data'), 0o700).catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

function start(args: readonly string[], environment: Record<string, string> = {}, more: Partial<ProgramOptions> = {}): Program {
  const program = gotgan(args, { folder, environment: { PORT: port, ...environment }, ...more });
  programs.push(program);
  return program;
}

/** The same without a process of its own, for what ends at once. */
const told = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  commanded(args, { folder, environment: { PORT: port, ...environment } });

/** A refused start: code 1, nothing on the page's side, and only lines of the form `SETTING: what is wrong. what to do.` */
async function refusedStart(program: Promise<Ended>): Promise<string[]> {
  const { code, err, out } = await program;
  expect([code, out]).toEqual([1, '']);
  expect(err).not.toMatch(/^\s+at |node:internal|Error:/m);
  return err.trim().split('\n');
}

/** @returns the port a server of this test listens on */
function occupied(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      servers.push(server);
      resolve(String(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

describe('with nothing set', () => {
  test('an empty folder becomes a panel: data, a secret that only its owner reads, the address on the console, a home page', async () => {
    const program = start(['serve']);
    const [, address] = await program.said(/(http:\/\/localhost:\d+)/);
    expect(address).toBe(`http://localhost:${port}`);
    const home = await fetch(`http://127.0.0.1:${port}/`);
    expect(home.status).toBe(200);
    expect(await home.text()).toContain('<html lang="ko"');
    expect((await stat(join(folder, 'data/secret.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'data'))).toEqual(expect.arrayContaining(['panel.db', 'secret.key']));
    expect(await readdir(folder)).toEqual(['data']);
    expect((await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as object).toEqual({ ready: true });
    expect((await fetch(`http://127.0.0.1:${port}/plans`)).status).toBe(200);
  });

  test('a second start finds what the first one made', async () => {
    const first = start(['serve']);
    await first.said(/http:\/\/localhost/);
    const before = await stat(join(folder, 'data/secret.key'));
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const second = start(['serve']);
    await second.said(/http:\/\/localhost/);
    expect((await stat(join(folder, 'data/secret.key'))).mtimeMs).toBe(before.mtimeMs);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test('work --once does what is due and ends', async () => {
    const program = start(['work', '--once']);
    expect(await program.ended).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ jobs done/) });
  });
});

describe('what is wrong is said in one line each, without a stack', () => {
  test('a port that is taken', async () => {
    const taken = await occupied();
    const lines = await refusedStart(start(['serve'], { PORT: taken }).ended);
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^PORT: .*${taken}.*EADDRINUSE`))]);
  });

  test('a database of an unknown kind', async () => {
    const lines = await refusedStart(told(['serve'], { DATABASE_URL: 'mysql://panel:hunter2@db/panel' }));
    expect(lines).toEqual([expect.stringMatching(/^DATABASE_URL: .*mysql/)]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('a PostgreSQL server that does not answer', async () => {
    const lines = await refusedStart(told(['serve'], { DATABASE_URL: 'postgres://panel:hunter2@127.0.0.1:1/panel' }));
    expect(lines).toEqual([expect.stringMatching(/^DATABASE_URL: .*ECONNREFUSED/)]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('a SQLite file that is no database', async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/panel.db'), 'this is no database, '.repeat(500));
    const lines = await refusedStart(told(['serve']));
    expect(lines).toEqual([expect.stringMatching(/^DATABASE_URL: /)]);
  });

  test('a data folder that cannot be written', async ({ skip }) => {
    const by = withoutRootsRights();
    if (!by) return skip('skipped: setpriv is missing, and root may write everywhere');
    await mkdir(join(folder, 'data'));
    await chmod(join(folder, 'data'), 0o500);
    if (by.includes('--clear-groups')) await chmod(folder, 0o755);
    const lines = await refusedStart(start(['serve'], {}, { by: [...by, process.execPath] }).ended);
    expect(lines.every((line) => /^(DATA_DIR|ARCHIVES_URL|SITES_URL|MAIL_URL|DATABASE_URL): /.test(line))).toBe(true);
    expect(lines.some((line) => /^DATA_DIR: .*EACCES/.test(line))).toBe(true);
  });

  test('every fault of the settings at once, before anything is made', async () => {
    const lines = await refusedStart(
      start(['serve'], {
        PORT: 'http',
        DATABASE_URL: 'mysql://db',
        TIME_ZONE: 'Mars/Olympus',
        OFFICERS: '{',
        CAPTCHA_AFTER: 'five',
        PUBLIC_URL: 'http://panel.example.com',
        LIMITS_SCALE: '9',
        UPLOAD_KINDS: '+php',
        TRUST_PROXY: 'true',
      }).ended,
    );
    const settings = lines.map((line) => line.split(':')[0]).sort();
    expect(settings).toEqual([
      'CAPTCHA_AFTER',
      'DATABASE_URL',
      'LIMITS_SCALE',
      'OFFICERS',
      'PORT',
      'PUBLIC_URL',
      'TIME_ZONE',
      'TRUST_PROXY',
      'UPLOAD_KINDS',
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('folders, database and port are tried before the first request, and all their faults are told at once', async () => {
    const taken = await occupied();
    await writeFile(join(folder, 'file'), '');
    const lines = await refusedStart(
      told(['serve'], {
        PORT: taken,
        DATABASE_URL: 'postgres://127.0.0.1:1/none',
        SITES_URL: 'file:file/sites',
        ARCHIVES_URL: 'file:file/archives',
      }),
    );
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(['ARCHIVES_URL', 'DATABASE_URL', 'PORT', 'SITES_URL']);
  });

  test('a data folder that cannot be made, together with a taken port', async () => {
    const taken = await occupied();
    await writeFile(join(folder, 'file'), '');
    const lines = await refusedStart(told(['serve'], { PORT: taken, DATA_DIR: 'file/data' }));
    const settings = new Set(lines.map((line) => line.split(':')[0]));
    expect(settings).toContain('DATA_DIR');
    expect(settings).toContain('PORT');
  });

  test('an unknown command is answered with the list of commands', async () => {
    const { code, err } = await start(['sevre']).ended;
    expect(code).toBe(2);
    expect(err).toContain('gotgan serve');
    const option = await told(['work', '--twice']);
    expect(option.code).toBe(1);
    expect(option.err).not.toMatch(/^\s+at /m);
  });
});

describe('the end', () => {
  test('SIGTERM ends web and a working worker within ten seconds, and ends well', async () => {
    const program = start(['serve']);
    await program.said(/http:\/\/localhost/);
    const [worker = 0] = await workerOf(program);
    await untilItWorks(worker);
    // a browser keeps its connection
    await fetch(`http://127.0.0.1:${port}/`);
    program.child.kill('SIGTERM');
    expect(await untilGone(program.pid, 10)).toBe(true);
    expect((await program.ended).code).toBe(0);
    expect(await isAlive(worker)).toBe(false);
  });

  test('SIGTERM right after the start ends it as well', async () => {
    const program = start(['serve']);
    await program.said(/http:\/\/localhost/);
    program.child.kill('SIGTERM');
    expect(await untilGone(program.pid, 10)).toBe(true);
  });

  test.each([
    ['that is still starting', async () => {}],
    ['that works', untilItWorks],
  ])('a worker %s ends by itself when its panel was killed', async (_when, ready) => {
    const program = start(['serve']);
    await program.said(/http:\/\/localhost/);
    const [worker = 0] = await workerOf(program);
    await ready(worker);
    program.child.kill('SIGKILL');
    await program.ended;
    const isGone = await untilGone(worker, 60);
    if (!isGone) process.kill(worker, 'SIGKILL');
    expect(isGone).toBe(true);
  });

  test('a worker that was killed is started again', async () => {
    const program = start(['serve']);
    await program.said(/http:\/\/localhost/);
    const [worker = 0] = await workerOf(program);
    process.kill(worker, 'SIGKILL');
    await expect
      .poll(async () => (await childrenOf(program.pid)).filter((pid) => pid !== worker).length, { timeout: 15_000 })
      .toBe(1);
  });
});

/** A worker works once it has opened the database, and a moment later listens for the end. */
async function untilItWorks(worker: number): Promise<void> {
  const opened = async () => {
    const open = await readdir(`/proc/${worker}/fd`).catch(() => []);
    const files = await Promise.all(open.map((fd) => readlink(`/proc/${worker}/fd/${fd}`).catch(() => '')));
    return files.some((file) => file.endsWith('panel.db-wal'));
  };
  await expect.poll(opened, { timeout: 20_000 }).toBe(true);
  await sleep(2000);
}

/** The one child of the panel; it may still be starting, and must end well even then. */
async function workerOf(program: Program): Promise<number[]> {
  await expect.poll(() => childrenOf(program.pid), { timeout: 10_000 }).toHaveLength(1);
  return childrenOf(program.pid);
}

describe('gotgan config', () => {
  test('shows every choice and hides what is secret', async () => {
    const { code, out } = await told(['config'], {
      SECRET: 'a secret of an operator, long enough for it',
      DATABASE_URL: 'postgres://panel:hunter2@db.example/panel',
      MAIL_URL: 'smtp://mailer:hunter3@mail.example',
      BRAND_NAME: '햇살호스팅',
    });
    expect(code).toBe(0);
    expect(out).not.toMatch(/hunter|long enough/);
    for (const name of ['SECRET', 'DATABASE_URL', 'MAIL_URL']) expect(out).toMatch(new RegExp(`^${name} .*hidden`, 'm'));
    expect(out).toContain('햇살호스팅');
    expect(out).toMatch(/^TIME_ZONE +Asia\/Seoul/m);
  });

  test('warns of every default that is only for development', async () => {
    const { out } = await told(['config']);
    for (const name of ['SECRET', 'PUBLIC_URL', 'MAIL_URL', 'DATABASE_URL', 'OFFICERS', 'SCANNER_URL'])
      expect(out).toMatch(new RegExp(`^${name}: `, 'm'));
    expect(await readdir(folder)).toEqual([]);
  });
});

test('an old Node is told what to do, in both languages', async ({ skip }) => {
  const old = oldNode();
  if (!old) return skip('skipped: no Node older than 22.18 on this machine');
  const { code, err } = await start(['serve'], {}, { by: [old] }).ended;
  expect(code).toBe(1);
  expect(err).toMatch(/22\.18 이상이 필요합니다/);
  expect(err).toMatch(/22\.18 or newer is needed/);
  expect(err).not.toMatch(/^\s+at /m);
});

/** @returns what a program is run by so that file modes bind it: as this user, as root without its powers, or as nobody */
function withoutRootsRights(): string[] | undefined {
  if (process.getuid?.() !== 0) return ['env'];
  const works = (by: readonly string[]) => spawnSync(by[0] ?? '', [...by.slice(1), 'true']).status === 0;
  const powerless = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  return [powerless, nobody].find(works);
}

/** @returns the system's Node when the panel cannot run on it */
function oldNode(): string | undefined {
  const { stdout } = spawnSync('/usr/bin/node', ['-v'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = (stdout ?? '').replace('v', '').split('.').map(Number);
  return stdout && (major < 22 || (major === 22 && minor < 18)) ? '/usr/bin/node' : undefined;
}
