// A second server, reached over SSH in a network of its own: what customers and operators do with a site there, through the panel's pages and commands.
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Client } from 'basic-ftp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enforce } from '../../src/suspension.ts';
import { bytesOf, make, sendDump } from '../databases/owners.ts';
import { zipOf } from '../files/made-files.ts';
import { ftpPassword, makeAccount, withRoom } from '../ftp/customer.ts';
import { chopper } from '../incoming/incoming-house.ts';
import type { TestPanel, Visitor } from '../support/panel.ts';
import type { SecondServer } from '../support/second-server.ts';
import { run } from '../support/unix-sites.ts';
import { type SecondHouse, startSecondHouse } from './second-house.ts';

let world: SecondHouse;
let house: TestPanel;
let second: SecondServer;
let owner: Visitor;
let site: string;
/** Takes its time to be set up, so it is begun at once and waited for where it is needed. */
let mariadb: Promise<string>;
let certificate: string;
let ftp: { close(): Promise<void> } | undefined;

beforeAll(async () => {
  world = await startSecondHouse((second) => {
    mariadb = second.startMariaDb();
    mariadb.catch(() => {});
  });
  ({ house, second, owner } = world);
  certificate = await second.startFtp(world.gotgan, 'second');
});
afterAll(async () => {
  await ftp?.close();
  await world?.close();
});

const inWww = (...path: string[]) => join(second.unix.root, site, 'www', ...path);

const file = (path: string) => bytesOf(owner, `/sites/${site}/files/www/${encodeURI(path)}`);
/** Runs a line as the site's own user. */
const asSite = (line: string) => run('runuser', ['-u', second.unix.user(site), '--', 'sh', '-c', `cd ${inWww()} && ${line}`]);
/** Comes in by FTP, as soon as the panel answers that server. */
async function enter(): Promise<Client> {
  for (let tries = 0; ; tries++) {
    const client = new Client(20_000);
    const asked = { host: second.network.there, port: 21, user: site, password: ftpPassword, secure: true };
    try {
      await client.access({ ...asked, secureOptions: { ca: certificate, host: 'localhost' } });
      return client;
    } catch (error) {
      client.close();
      if (tries === 30) throw error;
      await sleep(500);
    }
  }
}
test('a server is not added without a host key, nor with another one than it has, and each refusal says what to do', async () => {
  const add = (...more: string[]) => world.gotgan('server', 'add', 'second', '--group', 'web', '--host', 'unix', ...more);
  const { there } = second.network;
  await expect(add('--address', there)).rejects.toThrow(`ssh-keyscan -p 22 -t ed25519 ${there} | ssh-keygen -lf -`);
  const [, , ...user] = await world.reached();
  const wrong = ['--address', there, ...user.slice(0, 2), '--host-key', `SHA256:${'A'.repeat(43)}`];
  await expect(add(...wrong)).rejects.toThrow(`the host key is ${await second.hostKey()}, written down is SHA256:AAA`);
  await expect(add('--address', there, '--ssh-user', 'root', ...user.slice(2))).rejects.toThrow(/does not let this user in/);
  expect(await world.gotgan('server', 'list')).not.toContain('second');
});

test('once added it takes new sites, each as a Unix user there', async () => {
  const ftpThere = ['--ftp-host', second.network.there, '--ftp-log', second.ftpLog];
  await world.gotgan('server', 'add', 'second', '--group', 'web', '--host', 'unix', ...(await world.reached()), ...ftpThere);
  ftp = await house.panel.listenForFtp();
  await world.gotgan('server', 'drain', 'this-machine');
  site = await owner.arrive('far@example.com');
  expect(await world.gotgan('server', 'list')).toMatch(
    new RegExp(
      `\\nsecond {2}web {2}unix {2}1 sites {2}sftp ${second.user}@${second.network.there}:22 SHA256:\\S+ {2}no databases {2}ftp ${second.network.there}:21 {2}well`,
    ),
  );
  const user = second.unix.user(site);
  expect((await run('id', ['-Gn', user])).stdout.trim().split(' ').sort()).toEqual([user, second.group].sort());
});

test('what is uploaded belongs to the site’s own user, and is listed and downloaded as any other', async () => {
  const uploaded = await owner.upload(site, [
    { name: '안녕.txt', body: 'from the panel' },
    { name: 'shop/index.html', body: '<p>shop</p>' },
  ]);
  expect(uploaded.status).toBe(303);
  const user = second.unix.user(site);
  const { stdout } = await run('stat', ['-c', '%U %G %a', inWww('안녕.txt'), inWww('shop')]);
  expect(stdout).toBe(`${user} ${user} 660\n${user} ${user} 2770\n`);
  expect((await owner.get(`/sites/${site}/files/www`)).text).toContain('안녕.txt');
  expect(String((await file('안녕.txt')).body)).toBe('from the panel');
});

test('what is unpacked, copied and packed there is made ready beside www and shown by the web server there; what may not be stays out', async () => {
  const files = `/sites/${site}/files`;
  const parts = ['a.txt', 'in/b.txt'].map((name) => ({ name, content: name }));
  await writeFile(inWww('묶음.zip'), zipOf([...parts, { name: 'run.php', content: '<?php echo 1;' }]));
  await asSite('ln -s /etc in-the-way');
  const extract = { path: 'www/묶음.zip', where: 'new', name: 'out', conflict: 'skip' };
  const { headers } = await owner.submit(`${files}/www/${encodeURI('묶음.zip')}?do=extract`, extract, `${files}/extract`);
  await house.work();
  expect((await owner.get(headers.location ?? '')).text).toContain('out/run.php');
  expect((await readdir(inWww('out'), { recursive: true })).sort()).toEqual(['a.txt', 'in', 'in/b.txt']);
  const copy = { path: ['www/out', 'www/in-the-way'], to: 'www', conflict: 'rename' };
  await owner.submit(`${files}/www?do=copy&path=www/out&path=www/in-the-way`, copy, `${files}/copy`);
  expect(await readdir(inWww('out 사본'))).toContain('a.txt');
  await owner.submit(`${files}/www?do=compress&path=www/out`, { path: 'www/out', name: 'packed' }, `${files}/compress`);
  await house.work();
  const { stdout: listed } = await run('unzip', ['-Z1', inWww('packed.zip')]);
  expect(listed.trim().split('\n').sort()).toEqual(['out/', 'out/a.txt', 'out/in/', 'out/in/b.txt']);
  expect(await readdir(join(second.unix.root, site, 'trash'))).toEqual([]);
  for (const path of ['out/in/b.txt', 'out 사본/a.txt', 'packed.zip'])
    expect((await run('runuser', ['-u', 'www-data', '--', 'cat', inWww(path)])).stdout.length).toBeGreaterThan(0);
  await asSite("rm -r out 'out 사본' packed.zip in-the-way 묶음.zip");
});

test('a backup holds what a program closed to everybody, and lies in the site’s own backup folder', async () => {
  await asSite('umask 077; echo secret > config.php; mkdir private; echo z > private/z.txt');
  await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  const link = /href="(\/sites\/[^"]+\/download)"/.exec((await owner.get(`/sites/${site}/backups`)).text)?.[1] ?? '';
  const { status, body } = await bytesOf(owner, link);
  expect(status).toBe(200);
  const archive = join(second.unix.outside, 'archive.zip');
  await writeFile(archive, body);
  const listed = (await run('unzip', ['-Z1', archive])).stdout;
  for (const name of ['안녕.txt', 'shop/index.html', 'config.php', 'private/z.txt']) expect(listed).toContain(`www/${name}`);
  const shown = (await readdir(join(second.unix.root, site, 'backup'))).filter((name) => name.endsWith('.zip'));
  expect(shown).toHaveLength(1);
  const sum = async (path: string) => (await run('sha256sum', [path])).stdout.split(' ')[0];
  expect(await sum(join(second.unix.root, site, 'backup', shown[0] ?? ''))).toBe(await sum(archive));
  await expect(asSite(`rm -f ../backup/${shown[0]}`)).rejects.toThrow();
});

test('what was destroyed there is restored through the line, with the owner, rights and times that it had', async () => {
  /** path, kind, owner, group, rights, whole seconds, bytes */
  const format = '%P %y %u %g %m %Ts %s\n';
  const listed = async () => {
    const { stdout } = await run('find', [
      inWww(),
      '-mindepth',
      '1',
      '(',
      '-type',
      'd',
      '-printf',
      '%P %y %u %g %m\\n',
      ',',
      '-type',
      'f',
      '-printf',
      format,
      ')',
    ]);
    return stdout.trim().split('\n').sort();
  };
  const before = await listed();
  expect(before.join('\n')).toContain(`config.php f ${second.unix.user(site)}`);
  await asSite('rm -r shop config.php private; echo hacked > 안녕.txt; echo planted > planted.php');
  const id = /\/backups\/([0-9a-f-]{36})\/download/.exec((await owner.get(`/sites/${site}/backups`)).text)?.[1];
  const top = `/sites/${site}/backups/${id}/restoration`;
  const begun = await owner.submit(`${top}/confirmation?scope=all&dest=in_place&mode=exact`, {}, top);
  await house.work();
  expect((await owner.get(begun.headers.location ?? '')).text).toContain('복원했습니다.');
  expect(await listed()).toEqual(before);
  expect((await asSite('cat config.php private/z.txt 안녕.txt')).stdout).toBe('secret\nz\nfrom the panel');
  expect(await readdir(join(second.unix.root, site, 'trash'))).toEqual([]);
  // And it is the site's user's own to change, as before.
  await asSite('echo more >> shop/index.html && echo secret > config.php && printf "<p>shop</p>" > shop/index.html');
});

test('what it takes there is counted', async () => {
  const { sites } = house.panel.doors;
  const known = await sites.byName(site);
  await sites.count(known.id);
  const { stdout } = await run('find', [inWww(), '-type', 'f', '-printf', '%s\n']);
  const sizes = stdout.trim().split('\n').map(Number);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(await sites.byName(site)).toMatchObject({ usedFiles: sizes.length, usedBytes: bytes });
});

test('suspended, its own user comes in no more; the owner still reads its files, and resumed it is as it was', async () => {
  const { sites } = house.panel.doors;
  await sites.suspend(await sites.byName(site), { kind: 'operator' }, 'unpaid');
  await house.work();
  await expect(asSite('true')).rejects.toThrow();
  expect(String((await file('안녕.txt')).body)).toBe('from the panel');
  expect(String((await file('private/z.txt')).body)).toBe('z\n');
  await sites.resume(await sites.byName(site), { kind: 'operator' });
  await house.work();
  expect((await asSite('cat 안녕.txt')).stdout).toBe('from the panel');
  expect((await owner.upload(site, [{ name: 'after.txt', body: 'after' }])).status).toBe(303);
  expect((await run('stat', ['-c', '%U', inWww('after.txt')])).stdout.trim()).toBe(second.unix.user(site));
});

test('closed while it moves, its own user is tried once and not at every file', async () => {
  const { sites, connection } = house.panel.doors;
  const { id } = await sites.byName(site);
  await connection.write((tx) => sites.freezing.freeze(tx, id));
  await enforce(id, house.panel.doors);
  const refusals = () => second.network.said().split(`Access denied for user ${second.unix.user(site)} by PAM`).length;
  const before = refusals();
  for (const path of ['안녕.txt', 'private/z.txt', 'after.txt']) expect((await file(path)).status).toBe(200);
  expect(refusals() - before).toBe(1);
  await connection.write((tx) => sites.freezing.thaw(tx, id));
  await enforce(id, house.panel.doors);
  expect((await asSite('cat after.txt')).stdout).toBe('after');
});

test('its databases are made, loaded and downloaded through the line, and no port of theirs is open', async () => {
  const admin = join(second.folder, 'admin.url');
  await writeFile(admin, await mariadb, { mode: 0o600 });
  expect(await world.gotgan('server', 'prepare-database', 'second', '--engine', 'mariadb', '--admin', admin)).toContain(
    'Customers of this server can make databases now',
  );
  expect(await world.gotgan('server', 'list')).toMatch(/second .* mariadb {2}/);
  const open = await new Promise<boolean>((go) => {
    const socket = connect(3306, second.network.there);
    socket.once('connect', () => go(true)).once('error', () => go(false));
  });
  expect(open).toBe(false);
  const blog = await make(owner, site, { db_name: 'blog' });
  const page = `/sites/${site}/databases/${blog.id}`;
  const body =
    "CREATE TABLE guests (id int primary key, name varchar(100));\nINSERT INTO guests VALUES (1, '홍길동'), (2, '🌾');\n";
  await sendDump(owner, house.origin, { site, id: blog.id, body });
  await house.work();
  expect((await owner.get(page)).text).toContain('guests');
  const sql = async (text: string) => {
    const as = ['--no-defaults', '--default-character-set=utf8mb4', '-h127.0.0.1', `-u${blog.name}`, `-p${blog.password}`];
    return (await second.network.run('mariadb', [...as, '-N', '-e', text, blog.name])).stdout;
  };
  expect(await sql('SELECT name FROM guests ORDER BY id')).toBe('홍길동\n🌾\n');
  const { status, body: dump } = await bytesOf(owner, `${page}/download`);
  expect(status).toBe(200);
  expect(gunzipSync(dump).toString()).toContain("(1,'홍길동')");
  const { sites } = house.panel.doors;
  await sites.suspend(await sites.byName(site), { kind: 'operator' }, 'unpaid');
  await house.work();
  await expect(sql('SELECT 1')).rejects.toThrow(/locked/);
  await sites.resume(await sites.byName(site), { kind: 'operator' });
  await house.work();
  expect(await sql('SELECT 1')).toBe('1\n');
});

test('its FTP server asks the panel through the line, and what comes in is judged once its log was read', async () => {
  await withRoom(house);
  const { id } = await makeAccount(owner, site, { path: '/' });
  const client = await enter();
  expect((await client.list()).map(({ name }) => name).sort()).toEqual(['backup', 'trash', 'www']);
  await client.uploadFrom(Readable.from(['<?php echo 1;']), 'www/by-ftp.php');
  await client.uploadFrom(Readable.from([chopper()]), 'www/shell.php');
  await client.send('QUIT');
  client.close();
  expect((await run('stat', ['-c', '%U', inWww('by-ftp.php')])).stdout.trim()).toBe(second.unix.user(site));
  for (let tries = 0; tries < 100 && (await readdir(inWww())).includes('shell.php'); tries++) {
    await house.panel.doors.ftp.log.read();
    await house.work();
    await sleep(500);
  }
  expect(await readdir(inWww())).toContain('by-ftp.php');
  expect(await readdir(inWww())).not.toContain('shell.php');
  expect((await owner.get(`/sites/${site}/suspicious`)).text).toContain('shell.php');
  expect((await owner.get(`/sites/${site}/ftp`)).text).toContain(second.network.here);
  const staying = await enter();
  await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${id}/off`);
  await house.work();
  await expect
    .poll(
      () =>
        staying.pwd().then(
          () => 'in',
          () => 'out',
        ),
      { timeout: 30_000 },
    )
    .toBe('out');
  staying.close();
});

test('while the server is away pages say so, and what was asked for meanwhile is done when it is back', async () => {
  const { sites } = house.panel.doors;
  await second.network.kill();
  const refused = await owner.get(`/sites/${site}/files/www`);
  expect(refused.status).toBe(503);
  await sites.suspend(await sites.byName(site), { kind: 'operator' }, 'unpaid');
  await house.work();
  await sites.servers.check();
  const list = await world.gotgan('server', 'list');
  expect(list).toMatch(/second .*FAULT: check: ssh .*: no connection \(ECONNREFUSED\)/);
  expect(list).toMatch(new RegExp(`site ${site} on second: suspend: ssh .*ECONNREFUSED`));
  await second.serve();
  await world.later();
  await expect(asSite('true')).rejects.toThrow();
  await sites.resume(await sites.byName(site), { kind: 'operator' });
  await world.later();
  expect((await owner.get(`/sites/${site}/files/www`)).status).toBe(200);
  expect(await world.gotgan('server', 'list')).toMatch(/second .*well/);
});

test('a server with a new host key is told nothing until the operator has taken the key over', async () => {
  const before = await second.hostKey();
  await second.network.kill();
  await second.newHostKey();
  await second.serve();
  expect((await owner.get(`/sites/${site}/files/www`)).status).toBe(503);
  await house.panel.doors.sites.servers.check();
  expect(await world.gotgan('server', 'list')).toContain(`the host key is ${await second.hostKey()}, written down is ${before}`);
  await expect(world.gotgan('server', 'reach', 'second', '--host-key', `SHA256:${'B'.repeat(43)}`)).rejects.toThrow(
    /nothing was changed/,
  );
  expect(await world.gotgan('server', 'reach', 'second', '--host-key', await second.hostKey())).toContain(
    `No longer trusted: ${before}`,
  );
  expect((await owner.get(`/sites/${site}/files/www`)).status).toBe(200);
  await house.panel.doors.sites.servers.check();
  expect(await world.gotgan('server', 'list')).toMatch(/second .*well/);
});
