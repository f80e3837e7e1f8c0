// The whole panel as an unprivileged user, on a server whose sites are real Unix users: it may run one program as root, by a line of sudoers.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webServer } from '../support/nginx.ts';
import { type TestPanel, Visitor } from '../support/panel.ts';
import { phpPool } from '../support/php-fpm.ts';
import { gotgan, type Program } from '../support/program.ts';
import { run, type UnixSites, unixSites } from '../support/unix-sites.ts';

const repository = join(import.meta.dirname, '../..');
const email = 'owner@example.com';
const panelUser = `gp${randomBytes(4).toString('hex')}`;
const sudoers = `/etc/sudoers.d/${panelUser}`;

let unix: UnixSites;
/** What an operator has in /opt, and the panel's data. */
let base: string;
let data: string;
let ids: { uid: number; gid: number };
let origin: string;
let environment: Record<string, string>;
let served: Program | undefined;
let visitor: Visitor;
let site: string;

beforeAll(async () => {
  unix = await unixSites({ panelUser });
  base = await mkdtemp(join(tmpdir(), 'gotgan-opt-'));
  await chmod(base, 0o755);
  await run('useradd', ['--system', '--no-create-home', '--user-group', panelUser]);
  const [, , uid, gid] = (await run('getent', ['passwd', panelUser])).stdout.split(':');
  ids = { uid: Number(uid), gid: Number(gid) };
  data = join(base, 'data');
  await mkdir(data, { mode: 0o700 });
  await chown(data, ids.uid, ids.gid);
  // As it stands in docs/servers.md: this program with these settings and nothing else. It belongs to root, and so do its settings.
  const program = join(base, 'bin');
  await cp(join(repository, 'bin'), program, { recursive: true });
  const node = join(base, 'node');
  await cp(process.execPath, node);
  await chmod(node, 0o755);
  unixCommand = [node, join(program, 'gotgan-sites.mjs'), unix.settingsFile];
  await writeFile(sudoers, `${panelUser} ALL=(root) NOPASSWD: ${unixCommand.join(' ')}\n`, { mode: 0o440 });
  await run('visudo', ['-cf', sudoers]);
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const secret = 'a secret for this test only, long enough to be one';
  environment = { PORT: String(port), PUBLIC_URL: origin, SECRET: secret, DATA_DIR: data, LIMITS_SCALE: '1000' };
  environment.PASSWORD_COST = 'm=19456,t=2,p=1';
  const letters = async () => {
    const names = (await readdir(join(data, 'outbox')).catch(() => [])).sort();
    return Promise.all(names.map((name) => readFile(join(data, 'outbox', name), 'utf8')));
  };
  visitor = new Visitor({ server: origin, origin, letters, work: async () => 0 } as unknown as TestPanel);
});
let unixCommand: string[];

afterAll(async () => {
  served?.child.kill('SIGTERM');
  await served?.ended;
  await rm(sudoers, { force: true });
  await unix?.close();
  await run('userdel', [panelUser]).catch(() => {});
  if (base) await rm(base, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const begin = (...args: string[]) => {
  const by = ['setpriv', '--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups', '--', process.execPath];
  return gotgan(args, { folder: data, environment, by });
};
async function operator(...args: string[]): Promise<string> {
  const { code, out, err } = await begin(...args).ended;
  if (code !== 0) throw new Error(`gotgan ${args.join(' ')}: ${out}${err}`);
  return out;
}

async function until<T>(question: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await question().catch(() => undefined);
    if (answer !== undefined) return answer;
    await sleep(200);
  }
  throw new Error(`it did not happen in time\n${served?.out()}${served?.err()}`);
}

/** Runs a shell line as the site's own user. */
function asSite(line: string): string {
  const args = ['-u', unix.user(site), '--', 'sh', '-c', `cd ${join(unix.root, site, 'www')} && ${line}`];
  const { status, stdout, stderr } = spawnSync('runuser', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}

/** @returns a file of the site as a person downloads it */
const fetched = async (path: string) => {
  const { status, body } = await visitor.get(`/sites/${site}/files/${path}`).responseType('blob');
  return { status, text: String(body) };
};

const newest = async () => {
  const { text } = await visitor.get(`/sites/${site}/backups`);
  return /href="(\/sites\/[^"]+\/download)"/.exec(text)?.[1];
};

test('the operator adds the server and drains this machine, and a site that is signed up for opens as a Unix user', async () => {
  const command = JSON.stringify(['sudo', '-n', ...unixCommand]);
  expect(await operator('server', 'add', 'unix-1', '--group', 'web', '--host', 'unix', '--command', command)).toContain(
    'unix-1 was added',
  );
  await operator('server', 'drain', 'this-machine');
  served = begin('serve');
  await served.said(/Gotgan: http/, 120);
  await visitor.signUp(email);
  await visitor.submit(await until(() => visitor.linkFor(email, '/verify/')), {});
  site = await until(() => visitor.site());
  await until(async () => ((await visitor.get(`/sites/${site}/files/www`)).status === 200 ? true : undefined));
  const [, , uid, , comment, folder] = (await run('getent', ['passwd', unix.user(site)])).stdout.trim().split(':');
  expect(Number(uid)).toBeGreaterThan(999);
  expect(comment).toMatch(/^gotgan [0-9a-f-]{36}$/);
  expect(folder).toBe(join(unix.root, site));
  expect(await operator('server', 'list')).toMatch(
    /^this-machine {2}web {2}folders {2}0 sites .*drained.*\nunix-1 {2}web {2}unix {2}1 sites .*well/,
  );
});

test('what is uploaded through the panel is the site’s to use, and what its programs write is the panel’s to show, move and delete', async () => {
  const uploaded = await visitor.upload(site, [{ name: 'hello.txt', body: 'from the panel' }]);
  expect(uploaded.status).toBe(303);
  expect(asSite('cat hello.txt; echo " and the site" >> hello.txt')).toBe('from the panel');
  asSite('umask 022; echo 022 > a.txt; mkdir d; echo x > d/x.txt; umask 077; echo 077 > b.txt; mkdir e; echo y > e/y.txt');
  const list = (await visitor.get(`/sites/${site}/files/www`)).text;
  for (const name of ['hello.txt', 'a.txt', 'b.txt', 'd', 'e']) expect(list).toContain(name);
  expect((await fetched('www/hello.txt')).text).toBe('from the panel and the site\n');
  expect((await fetched('www/e/y.txt')).text).toBe('y\n');

  const page = `/sites/${site}/files/www`;
  const moving = await visitor.hidden(`${page}?do=move&path=www/a.txt`, `/sites/${site}/files/move`);
  expect(
    (await visitor.send(`/sites/${site}/files/move`, { ...moving, path: 'www/a.txt', to: 'www/e', name: 'a.txt' })).status,
  ).toBe(303);
  const deleting = await visitor.hidden(`${page}?do=delete&path=www/d`, `/sites/${site}/files/delete`);
  expect((await visitor.send(`/sites/${site}/files/delete`, { ...deleting, path: 'www/d' })).status).toBe(303);
  expect(asSite('find . -mindepth 1 | sort')).toBe('./b.txt\n./e\n./e/a.txt\n./e/y.txt\n./hello.txt\n');
});

test('a backup holds everything, also what a program closed to everybody, and the site’s user may take it from backup/', async () => {
  asSite(
    'echo password > config.txt; chmod 600 config.txt; mkdir private; echo z > private/z.txt; chmod 700 private; chmod 600 private/z.txt',
  );
  await visitor.submit(`/sites/${site}/backups`, {});
  const { status, body } = await visitor.get(await until(newest)).responseType('blob');
  expect(status).toBe(200);
  const archive = join(unix.outside, 'archive.zip');
  await writeFile(archive, body);
  const listed = (await run('unzip', ['-Z1', archive])).stdout;
  for (const name of ['hello.txt', 'b.txt', 'e/a.txt', 'e/y.txt', 'config.txt', 'private/z.txt'])
    expect(listed).toContain(`www/${name}`);
  // It is laid there right after it can be downloaded.
  const shown = await until(async () => (await readdir(join(unix.root, site, 'backup'))).find((name) => name.endsWith('.zip')));
  expect(asSite(`sha256sum ../backup/${shown}`).split(' ')[0]).toBe((await run('sha256sum', [archive])).stdout.split(' ')[0]);
  expect(() => asSite(`rm -f ../backup/${shown}`)).toThrow();
});

test('a restore by a panel without rights of its own gives back what a program destroyed, as its user had it', async () => {
  // What this panel writes is its own, as uploads are; the site's user has it by its group, with the owner's rights of before.
  const listed = () => asSite("find . -mindepth 1 -type f -printf '%P %g %s\\n' | sort");
  const before = listed();
  asSite('rm -r private config.txt e; echo hacked > b.txt; echo x > planted.txt');
  const id = /backups\/([0-9a-f-]{36})/.exec((await newest()) ?? '')?.[1];
  const top = `/sites/${site}/backups/${id}/restoration`;
  const { headers } = await visitor.submit(`${top}/confirmation?scope=all&dest=in_place&mode=exact`, {}, top);
  const state = await until(async () => {
    const { body } = await visitor.get(`${headers.location}/state`);
    return body.finished ? body : undefined;
  });
  expect(state).toMatchObject({ finished: true, failed: false });
  expect(listed()).toBe(before);
  expect(asSite('cat config.txt private/z.txt; echo again > private/z.txt; echo z > private/z.txt')).toBe('password\nz\n');
});

test('PHP runs as the site’s own user: it writes where the panel reads, and nowhere else', async () => {
  const php = await phpPool(unix.user(site));
  const web = await webServer(unix.root, php.socket);
  try {
    const acts = [
      'umask(077); mkdir("made"); file_put_contents("made/by-php.txt", "by PHP");',
      'file_put_contents("hello.txt", "and PHP", FILE_APPEND);',
      'echo posix_getpwuid(posix_geteuid())["name"], "\\n";',
      'var_dump(@file_put_contents("../backup/by-php.txt", "x"), @file_get_contents("/etc/shadow"));',
    ];
    await writeFile(join(unix.outside, 'act.php'), `<?php chdir(__DIR__); ${acts.join(' ')}`, { mode: 0o644 });
    asSite(`cp ${join(unix.outside, 'act.php')} .`);
    expect(await web.get(site, 'act.php')).toEqual({
      status: 200,
      text: `${unix.user(site)}\nbool(false)\nbool(false)\n`,
    });
    const list = (await visitor.get(`/sites/${site}/files/www/made`)).text;
    expect(list).toContain('by-php.txt');
    expect((await fetched('www/made/by-php.txt')).text).toBe('by PHP');
    expect((await fetched('www/hello.txt')).text).toBe('from the panel and the site\nand PHP');
    // What PHP wrote is the panel's to take away, too.
    const page = `/sites/${site}/files/www`;
    const deleting = await visitor.hidden(`${page}?do=delete&path=www/made`, `/sites/${site}/files/delete`);
    expect((await visitor.send(`/sites/${site}/files/delete`, { ...deleting, path: 'www/made' })).status).toBe(303);
    asSite('printf "from the panel and the site\\n" > hello.txt; rm act.php; test ! -e made');
  } finally {
    await web.close();
    await php.close();
  }
});

test('suspended by the operator the site is gone from the web and from its own user; resumed it is as it was', async () => {
  const web = await webServer(unix.root);
  try {
    const before = await web.get(site, 'hello.txt');
    expect(before).toEqual({ status: 200, text: 'from the panel and the site\n' });
    await operator('site', 'suspend', site, '--reason', 'unpaid');
    await until(async () => ([403, 404].includes((await web.get(site, 'hello.txt')).status) ? true : undefined));
    await until(async () => {
      try {
        asSite('true');
        return undefined;
      } catch {
        return true;
      }
    });
    expect((await visitor.get('/dashboard')).text).toContain('멈춰 있습니다');
    expect(await fetched('www/hello.txt')).toEqual(before);
    await operator('site', 'resume', site);
    await until(async () => ((await web.get(site, 'hello.txt')).status === 200 ? true : undefined));
    expect(await web.get(site, 'hello.txt')).toEqual(before);
    const history = (await visitor.get('/account/history')).text;
    for (const sentence of ['호스팅 회사가 사이트를 멈춤', '사이트 멈춤을 풂']) expect(history).toContain(sentence);
  } finally {
    await web.close();
  }
});

test('the program may be run as root with these settings and with no others', async () => {
  const [node = '', program = '', settings = ''] = unixCommand;
  const sudo = (...args: string[]) => {
    const by = ['--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups', '--', 'sudo', '-n', ...args];
    return spawnSync('setpriv', by, { input: '{"version":1,"act":"check"}\n', encoding: 'utf8' });
  };
  expect(sudo(node, program, settings).stdout).toContain('"outcome":"done"');
  expect(sudo(node, program, join(base, 'mine.json')).status).not.toBe(0);
  expect(sudo(node, '-e', 'process.exit(0)').status).not.toBe(0);
  expect(sudo('sh', '-c', 'true').status).not.toBe(0);
  expect(served?.err()).not.toMatch(/"level":(50|60)/);
});
