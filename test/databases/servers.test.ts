// Database servers and the rules around them: never at a public address, passwords sealed, and a server that dies in the middle of an import.

import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareDatabaseCommand } from '../../src/database-commands.ts';
import { isPrivateHost } from '../../src/databases/names.ts';
import { minute } from '../../src/platform/clock.ts';
import { ask } from '../support/database-client.ts';
import { dumpOf } from '../support/database-dump.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, dropHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { make, sendDump } from './owners.ts';
import { openRoad, type Road } from './road.ts';
import { wordpressDump } from './wordpress-dump.ts';

describe('an address of a database server', () => {
  test.each([
    '127.0.0.1',
    '127.8.8.8',
    'localhost',
    '::1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.9',
    'fd00::1',
    '/run/mysqld/mysqld.sock',
  ])('%s is taken', (host) => expect(isPrivateHost(host)).toBe(true));
  test.each([
    '8.8.8.8',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '2001:db8::1',
    '0.0.0.0',
    '::',
    'db.example.com',
    'localhost.example.com',
    '127.1',
    '0x7f000001',
    '',
    '::ffff:8.8.8.8',
  ])('%j is refused: it is public, or could become so', (host) => expect(isPrivateHost(host)).toBe(false));
});

describe('the operator', () => {
  let house: TestPanel;
  let folder: string;
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const said: string[] = [];
  const run = (args: string[], environment = {}) =>
    prepareDatabaseCommand(args, house.panel.doors, (line) => said.push(line), environment);
  const url = () => {
    const { user, password, host, port } = administrator('mariadb');
    return `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}`;
  };

  beforeAll(async () => {
    house = await startPanel({ limitsScale: 1000 });
    folder = await mkdtemp(join(tmpdir(), 'gotgan-admin-'));
  });
  afterAll(async () => {
    if (!house) return;
    for (const user of [`${prefix}_panel`, `${prefix}_backup`])
      for (const host of ['localhost', '127.0.0.1'])
        await ask(administrator('mariadb'), 'mysql', `DROP USER IF EXISTS '${user}'@'${host}'`);
    await closeHosted(house);
    await rm(folder, { recursive: true, force: true });
  });

  test('never gives the administrator’s password on the command line', async () => {
    await expect(run(['this-machine', '--engine', 'mariadb', '--admin', url()])).rejects.toThrow('names a file');
    await expect(run(['this-machine', '--engine', 'mariadb'])).rejects.toThrow('never from the command line');
    await expect(run(['this-machine', '--engine', 'oracle'], { DATABASE_ADMIN_URL: url() })).rejects.toThrow('--engine');
    await expect(run(['this-machine', '--engine', 'postgresql'], { DATABASE_ADMIN_URL: url() })).rejects.toThrow('postgres://');
    const elsewhere = run(['nowhere', '--engine', 'mariadb'], { DATABASE_ADMIN_URL: url() });
    await expect(elsewhere).rejects.toThrow('there is no server nowhere');
  });

  test('cannot name a public server, neither for the panel nor for customers', async () => {
    const publicUrl = { DATABASE_ADMIN_URL: 'mysql://root:x@203.0.113.9' };
    await expect(run(['this-machine', '--engine', 'mariadb'], publicUrl)).rejects.toMatchObject({ status: 422 });
    const shown = ['this-machine', '--engine', 'mariadb', '--site-host', 'db.example.com'];
    await expect(run(shown, { DATABASE_ADMIN_URL: url() })).rejects.toMatchObject({ status: 422 });
  });

  test('prepares a server once, and customers’ databases are made and dumped by accounts with fewer rights', async () => {
    const file = join(folder, 'admin.url');
    await writeFile(file, `${url()}\n`);
    await chmod(file, 0o600);
    await run(['this-machine', '--engine', 'mariadb', '--admin', file, '--accounts', prefix]);
    expect(said.join('\n')).toContain('The panel can come in');
    const owner = new Visitor(house);
    const site = await owner.arrive('owner@example.com', { plan: 'tree' });
    const blog = await make(owner, site, { db_name: 'blog' });
    await sendDump(owner, house.origin, { site, id: blog.id, body: wordpressDump(20) });
    await house.work();
    const { databases, sites, connection } = house.panel.doors;
    const [mine] = await databases.dumping.of(await sites.byName(site));
    if (!mine) throw new Error('there is no database');
    const into = new PassThrough();
    const [text] = await Promise.all([buffer(into), databases.dumping.write(mine, into)]);
    expect(text.toString()).toContain('햇살 공방');
    // As the reader, nothing can be written.
    const row = await connection.db.selectFrom('database_servers').selectAll().executeTakeFirstOrThrow();
    expect([row.login, row.backup_login]).toEqual([`${prefix}_panel`, `${prefix}_backup`]);
    const { secrets } = house.panel.doors;
    const password = secrets.open(row.backup_password_sealed ?? '', {
      table: 'database_servers',
      column: 'backup_password_sealed',
      row: row.id,
    });
    const reader = { ...administrator('mariadb'), user: `${prefix}_backup`, password };
    expect(await ask(reader, blog.name, 'SELECT count(*) AS n FROM wp_posts')).toEqual([{ n: 20 }]);
    await expect(ask(reader, blog.name, 'DELETE FROM wp_posts')).rejects.toThrow();
    await expect(ask(reader, blog.name, 'CREATE TABLE x (id int)')).rejects.toThrow();
    const panel = secrets.open(row.password_sealed, { table: 'database_servers', column: 'password_sealed', row: row.id });
    const everything = await dumpOf(house.databaseUrl);
    for (const secret of [password, panel, blog.password]) expect(everything.includes(secret)).toBe(false);
    expect(everything.includes(`${prefix}_backup`)).toBe(true);
    await dropHosted(house);
  });
});

describe('a database server that dies', () => {
  let house: TestPanel;
  let road: Road;
  let owner: Visitor;
  let site: string;

  beforeAll(async () => {
    house = await startPanel({ limitsScale: 1000 });
    road = await openRoad();
    await hostDatabases(house, ['mariadb'], { host: '127.0.0.1', port: road.port });
    owner = new Visitor(house);
    site = await owner.arrive('owner@example.com', { plan: 'tree' });
  });
  afterAll(async () => {
    if (house) await closeHosted(house);
    await road?.close();
  });

  test('in the middle of an import leaves the old content as it was, says so, and nothing stays behind once it is back', async () => {
    const blog = await make(owner, site, { db_name: 'blog' });
    await sendDump(owner, house.origin, { site, id: blog.id, body: wordpressDump(12) });
    await house.work();
    const rows = async () => ask(administrator('mariadb'), blog.name, 'SELECT count(*) AS n FROM wp_posts');
    expect(await rows()).toEqual([{ n: 12 }]);
    const sent = await sendDump(owner, house.origin, {
      site,
      id: blog.id,
      body: wordpressDump(3000),
      fields: { mode: 'replace' },
    });
    road.dieAfter(200_000);
    await house.work();
    expect(await rows()).toEqual([{ n: 12 }]);
    const page = await owner.get(`/sites/${site}/databases`);
    expect([page.status, page.text.includes('지금은 연결할 수 없습니다'), page.text.includes(blog.name)]).toEqual([
      200,
      true,
      true,
    ]);
    expect((await owner.get(`/sites/${site}/databases/${blog.id}/download`)).status).toBe(503);
    expect((await owner.submit(`/sites/${site}/databases`, { db_name: 'second', charset: '', db_password: '' })).status).toBe(
      503,
    );
    for (let round = 0; round < 8; round += 1) {
      house.clock.advance(60 * minute);
      await house.work();
    }
    await owner.logIn('owner@example.com');
    const failed = (await owner.get(`${sent.headers.location}`)).text;
    expect(failed).toContain('가져오기 전 그대로입니다');
    expect(await rows()).toEqual([{ n: 12 }]);
    road.revive();
    house.clock.advance(60 * minute);
    await house.work();
    await house.panel.doors.databases.tidy();
    const left = await ask(
      administrator('mariadb'),
      'mysql',
      `SELECT schema_name AS n FROM information_schema.schemata WHERE schema_name LIKE '${site}\\_%'`,
    );
    expect(left).toEqual([{ n: blog.name }]);
    const { db } = house.panel.doors.connection;
    expect((await db.selectFrom('databases').select('name').execute()).map(({ name }) => name)).toEqual([blog.name]);
    expect(await rows()).toEqual([{ n: 12 }]);
  });

  test('in the middle of a deletion loses nothing: it is dumped whole and then dropped, or stays', async () => {
    await owner.logIn('owner@example.com');
    const shop = await make(owner, site, { db_name: 'shop' });
    await sendDump(owner, house.origin, { site, id: shop.id, body: wordpressDump(8) });
    await house.work();
    await owner.submit(`/sites/${site}/databases/${shop.id}/deletion`, { confirm: '1' });
    road.dieAfter(1);
    await house.work();
    expect(await ask(administrator('mariadb'), shop.name, 'SELECT count(*) AS n FROM wp_posts')).toEqual([{ n: 8 }]);
    road.revive();
    house.clock.advance(60 * minute);
    await house.work();
    await owner.logIn('owner@example.com');
    const trash = await owner.get(`/sites/${site}/databases/trash`);
    expect(trash.text).toContain(shop.name);
    const { archives, connection } = house.panel.doors;
    const row = await connection.db.selectFrom('database_trash').selectAll().executeTakeFirstOrThrow();
    const { stream } = await archives.open(row.archive);
    expect(gunzipSync(await buffer(stream)).toString()).toContain('햇살 공방');
    await expect(ask(administrator('mariadb'), shop.name, 'SELECT 1')).rejects.toThrow();
  });
});
