// Databases inside of backups, on real servers: whole and counted, left out in words when they cannot be read, put back by hand from the guide.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backupCommands } from '../../src/backup-commands.ts';
import { writeArchive } from '../../src/backups/archive.ts';
import type { Backup } from '../../src/backups/backups.ts';
import type { Manifest } from '../../src/backups/manifest.ts';
import { signedBy } from '../../src/backups/signature.ts';
import type { Worker } from '../../src/panel.ts';
import { minute } from '../../src/platform/clock.ts';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import type { Site } from '../../src/sites/sites.ts';
import { ask } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { secret, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { gotgan } from '../support/program.ts';
import { readManifest } from './manifests.ts';

const run = promisify(execFile);
const operator = { kind: 'operator' } as const;
const rowsOf = { mariadb: 5, postgresql: 3 };

let house: TestPanel;
let owner: Visitor;
let site: Site;
const names = { mariadb: '', postgresql: '' };
const path = process.env.PATH;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  await hostDatabases(house);
  owner = new Visitor(house);
  const name = await owner.arrive('owner@example.com', { plan: 'tree' });
  const { databases, sites } = house.panel.doors;
  site = await sites.byName(name);
  await writeFile(join(house.folder, 'sites', name, 'www', 'config.php'), '<?php $db = "blog";');
  for (const engine of engines) {
    const made = await databases.create(site, { name: 'blog', engine, charset: '', password: '' }, operator);
    names[engine] = made.name;
    await fill(engine, made.name, made.drawnPassword ?? '');
  }
});
afterAll(() => house && closeHosted(house));
afterEach(() => {
  process.env.PATH = path;
});

/** As the customer's own programs write it: text in Hangul, line feeds and brackets in rows, a view, a routine. */
async function fill(engine: DatabaseEngine, name: string, password: string): Promise<void> {
  const access = { ...administrator(engine), user: name, password };
  const quoted = `${"('한글 🌾\n(괄호)"}'), ('VALUES (1)'), ('\\\\.\nUNLOCK TABLES;')`;
  const statements = {
    mariadb: [
      'CREATE TABLE posts (id int AUTO_INCREMENT PRIMARY KEY, title text) ENGINE=InnoDB',
      `INSERT INTO posts (title) VALUES ${quoted}, ('마지막')`,
      'CREATE TABLE `weird ``name` (id int) ENGINE=MyISAM',
      'INSERT INTO `weird ``name` VALUES (1)',
      'CREATE TABLE empty (id int)',
      'CREATE VIEW seen AS SELECT title FROM posts',
      'CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2',
    ],
    postgresql: [
      'CREATE TABLE posts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text)',
      `INSERT INTO posts (title) VALUES ${quoted}`,
      'CREATE TABLE "Weird ""name" (id int)',
      'CREATE SCHEMA shop',
      'CREATE TABLE shop.orders (id int) PARTITION BY RANGE (id)',
      'CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM (0) TO (10)',
      'CREATE VIEW seen AS SELECT title FROM posts',
      'CREATE MATERIALIZED VIEW later AS SELECT title FROM posts WITH NO DATA',
    ],
  };
  for (const sql of statements[engine]) await ask(access, name, sql);
}

/** A backup of this very moment. */
async function backedUp(): Promise<{ backup: Backup; archive: string; manifest: Manifest }> {
  house.clock.advance(minute);
  const { backups } = house.panel.doors;
  const fileName = await backups.runNow(site);
  const { backups: all } = await backups.list(site, { page: 1 });
  const backup = all.find((one) => one.fileName === fileName);
  if (!backup) throw new Error('there is no backup');
  const archive = join(house.folder, 'archives', site.name, fileName);
  return { backup, archive, manifest: await readManifest(archive) };
}

async function memberText(archive: string, name: string): Promise<string> {
  const reader = await ZipReader.open(archive);
  try {
    const entry = [...reader.entries()].find((one) => one.name === name);
    return entry ? await text(await reader.open(entry)) : '';
  } finally {
    await reader.close();
  }
}

/** How the panel comes to a database server, for as long as `act` takes. */
async function reachedBy(engine: DatabaseEngine, values: { port?: number; login?: string }, act: () => Promise<void>) {
  const { connection } = house.panel.doors;
  const before = await connection.db
    .selectFrom('database_servers')
    .select(['port', 'login'])
    .where('engine', '=', engine)
    .executeTakeFirstOrThrow();
  const set = (row: object) =>
    connection.write((tx) => tx.updateTable('database_servers').set(row).where('engine', '=', engine).execute());
  await set(values);
  try {
    await act();
  } finally {
    await set(before);
  }
}

const closedPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Puts a program of this name before the engine's own. */
async function instead(program: string, script: string): Promise<void> {
  const folder = await mkdtemp(join(house.folder, 'bin-'));
  await writeFile(join(folder, program), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, program), 0o755);
  process.env.PATH = `${folder}:${path}`;
}

describe('a backup of a site with databases', () => {
  test('holds each of them whole, with its tables and rows as its server counts them', async () => {
    const { backup, archive, manifest } = await backedUp();
    expect(backup).toMatchObject({ state: 'verified', databases: 2, leftOut: [], files: 1 });
    const paths = manifest.databases.map((one) => one.path);
    expect(paths).toEqual([`databases/${names.mariadb}.sql`, `databases/${names.postgresql}.postgresql.sql`]);
    const told = manifest.databases.map(({ name, engine, tables, rows }) => ({ name, engine, tables, rows }));
    expect(told).toHaveLength(2);
    for (const engine of engines) expect(told).toContainEqual({ name: names[engine], engine, tables: 3, rows: rowsOf[engine] });
    expect(manifest.counts).toMatchObject({ databases: 2 });
    expect(backup.databaseList?.map(({ rows }) => rows).toSorted()).toEqual([3, 5]);
    for (const { path: dump } of manifest.databases) expect(await memberText(archive, dump)).toContain('한글 🌾');
    for (const engine of engines) {
      const counts = await databaseServer(administrator(engine)).counts({ name: names[engine], user: names[engine] });
      const listed = manifest.databases.find((one) => one.engine === engine);
      expect([counts.length, counts.reduce((sum, { rows }) => sum + rows, 0)]).toEqual([listed?.tables, listed?.rows]);
    }
  });

  test('shows them on its page, in both languages', async () => {
    const { backup } = await backedUp();
    const page = await owner.get(`/sites/${site.name}/backups/${backup.id}`);
    for (const words of [names.mariadb, 'MariaDB, 표 3개, 행 5개', 'PostgreSQL, 표 3개, 행 3개'])
      expect(page.text).toContain(words);
    const english = new Visitor(house, 'en');
    await english.logIn('owner@example.com');
    expect((await english.get(`/sites/${site.name}/backups/${backup.id}`)).text).toContain('MariaDB, tables: 3, rows: 5');
  });

  test('is put back by hand, word for word by the guide inside of it', async () => {
    const { archive } = await backedUp();
    const place = join(house.folder, 'by-hand');
    await mkdir(place);
    await run('unzip', ['-q', archive], { cwd: place });
    expect(await readFile(join(place, 'www/config.php'), 'utf8')).toContain('"blog"');
    const guide = await readFile(join(place, 'README.txt'), 'utf8');
    for (const engine of engines) {
      const server = databaseServer(administrator(engine));
      const copy = { name: `${site.name}_copy`, user: `${site.name}_copy` };
      const password = 'Kept-by-hand-77';
      try {
        await server.create(copy, { password });
        const line = guide.split('\n').find((one) => one.trim().startsWith(engine === 'mariadb' ? 'mariadb ' : 'psql ')) ?? '';
        const command = line
          .trim()
          .replace('<서버>', '127.0.0.1')
          .replace('<사용자>', copy.user)
          .replace(`-d ${names[engine]} `, `-d ${copy.name} `)
          .replace(`-p ${names[engine]} `, `-p ${copy.name} `);
        expect(command).toContain(copy.name);
        await typed(command, place, `${password}\n`);
        expect(await server.counts(copy)).toEqual(await server.counts({ name: names[engine], user: names[engine] }));
        const question = 'SELECT title FROM seen ORDER BY title';
        expect(await ask(administrator(engine), copy.name, question)).toEqual(
          await ask(administrator(engine), names[engine], question),
        );
      } finally {
        await server.drop(copy);
      }
    }
  });

  test('is signed by this panel, and by nobody else once a byte of the manifest is another', async () => {
    const { archive } = await backedUp();
    const { signing } = house.panel.doors;
    const reader = await ZipReader.open(archive);
    expect(await signedBy(reader, signing)).toBe('us');
    await reader.close();
    expect(await memberText(archive, 'manifest.json.sig')).toContain(
      `Manifest-SHA256: ${createHash('sha256')
        .update(await memberText(archive, 'manifest.json'))
        .digest('hex')}`,
    );
  });
});

/** A person at a terminal, who is asked for a password there. */
async function typed(command: string, cwd: string, answer: string): Promise<void> {
  // Servers of tests may listen at another port than a company's.
  const ports = { PGPORT: String(administrator('postgresql').port), MYSQL_TCP_PORT: String(administrator('mariadb').port) };
  const env = { ...process.env, ...ports };
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
    if (/password/i.test(String(chunk))) child.stdin.write(answer);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, code === 0 ? '' : said]).toEqual([0, '']);
}

describe('a database that cannot be read', () => {
  test.each([
    ['ends without its end', 'exec head -c 600 /dev/null'],
    ['dies in the middle', 'echo "-- MariaDB dump"; echo "CREATE TABLE"; exit 3'],
    ['complains and goes on', 'echo "-- Dump completed"; echo "Error: 1412" >&2'],
  ])('because its dump %s is left out and said, the rest is there, and it never counts as verified', async (_, script) => {
    await instead('mariadb-dump', script);
    const { backup, manifest } = await backedUp();
    expect(backup.state).toBe('warned');
    expect(manifest.leftOut).toEqual([{ path: `databases/${names.mariadb}.sql`, reason: 'incomplete' }]);
    expect(manifest.databases.map(({ engine }) => engine)).toEqual(['postgresql']);
    expect(manifest.members.map((member) => member.path)).toContain('www/config.php');
    expect(manifest.members.filter((member) => member.path.startsWith('databases/'))).toHaveLength(1);
    const page = await owner.get(`/sites/${site.name}/backups/${backup.id}`);
    expect(page.text).toContain('데이터베이스 1개는 담지 못했으니');
    expect(page.text).toContain('데이터베이스를 옮겨 적는 일이 도중에 끊겨');
    expect((await owner.get(`/sites/${site.name}/backups`)).text).toContain('데이터베이스 1개를 담지 못했습니다.');
  });

  test('because its rows are fewer than the server counts, is kept and said', async () => {
    await instead('pg_dump', `PATH='${path}' pg_dump "$@" | sed '/^[0-9]*\\tVALUES (1)$/d'`);
    const { backup } = await backedUp();
    expect(backup).toMatchObject({ state: 'warned', databases: 2 });
    expect(backup.leftOut).toEqual([{ path: expect.stringContaining(names.postgresql), reason: 'changed' }]);
    const page = await owner.get(`/sites/${site.name}/backups/${backup.id}`);
    expect(page.text).toContain('담긴 행 수가 서버에서 센 수와 다릅니다');
  });

  test('because its server is down, or lets the panel in no more, leaves a backup of the files with a warning', async () => {
    const port = await closedPort();
    await reachedBy('postgresql', { login: 'nobody_there' }, () =>
      reachedBy('mariadb', { port }, async () => {
        const { backup, manifest } = await backedUp();
        expect(backup).toMatchObject({ state: 'warned', files: 1, databases: 0 });
        expect(manifest.leftOut.map(({ reason }) => reason)).toEqual(['unavailable', 'unavailable']);
        const english = new Visitor(house, 'en');
        await english.logIn('owner@example.com');
        const page = await english.get(`/sites/${site.name}/backups/${backup.id}`);
        expect(page.text).toContain('Databases that could not be included: 2.');
        expect(page.text).toContain('It could not be read from the database server.');
      }),
    );
    expect((await backedUp()).backup.state).toBe('verified');
  });
});

describe('a drill', () => {
  const prove = () => house.panel.doors.backups.drills.now(site);
  const state = async (id: string) => (await house.panel.doors.backups.byId(site, id)).state;

  /** Nothing of a drill may be left: no folder, and no database of a name that only the panel gives. */
  async function expectNothingLeft(): Promise<void> {
    expect(await readdir(join(house.folder, 'drills')).catch(() => [])).toEqual([]);
    const like = `'${site.name}\\_\\_%'`;
    expect(await ask(administrator('mariadb'), 'mysql', `SHOW DATABASES LIKE ${like}`)).toEqual([]);
    expect(await ask(administrator('mariadb'), 'mysql', `SELECT User FROM global_priv WHERE User LIKE ${like}`)).toEqual([]);
    const rows = await ask(administrator('postgresql'), 'postgres', `SELECT datname FROM pg_database WHERE datname LIKE ${like}`);
    expect(rows).toEqual([]);
  }

  test('unpacks everything, loads every dump, and says when', async () => {
    const { backup } = await backedUp();
    expect(await prove()).toMatchObject({ outcome: 'proven', backupId: backup.id });
    expect(await house.panel.doors.backups.byId(site, backup.id)).toMatchObject({ state: 'proven', provenAt: house.clock.now() });
    await expectNothingLeft();
    const page = await owner.get(`/sites/${site.name}/backups/${backup.id}`);
    expect(page.text).toContain('데이터베이스 2개를 임시 데이터베이스에 불러와');
    const { proven, open } = await house.panel.doors.backups.drills.coverage(10);
    expect([proven, open]).toEqual([1, 1]);
    const audited = await house.panel.doors.connection.db
      .selectFrom('audit')
      .select('details')
      .where('action', '=', 'backups.proven')
      .where('subject_id', '=', backup.id)
      .executeTakeFirstOrThrow();
    expect(JSON.parse(audited.details)).toMatchObject({ files: 4, databases: 2, tables: 6, rows: 8 });
  });

  test('of a backup with one flipped byte finds it, tells the owner and leaves nothing', async () => {
    const { backup, archive } = await backedUp();
    const bytes = await readFile(archive);
    const reader = await ZipReader.open(archive);
    const entry = [...reader.entries()].find((one) => one.name === 'www/config.php');
    await reader.close();
    const at = (entry?.offset ?? 0) + 30 + 'www/config.php'.length + 10;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(archive, bytes);
    expect(await prove()).toMatchObject({ outcome: 'failed', reason: 'backups.reason.drillFiles' });
    expect(await state(backup.id)).toBe('damaged');
    await expectNothingLeft();
    expect((await house.letters()).some((letter) => letter.includes('SHA-256'))).toBe(true);
    expect((await owner.get(`/sites/${site.name}/backups/${backup.id}`)).text).toContain(
      '빈 자리에 되살려 보니 기록과 달랐습니다',
    );
  });

  test('of a dump in which rows are missing finds them, although every byte is as it was written', async () => {
    const { backup, archive, manifest } = await backedUp();
    const { sites, signing, connection } = house.panel.doors;
    const all = manifest.databases.filter(({ engine }) => engine === 'postgresql');
    const dump = await memberText(archive, all[0]?.path ?? '');
    const lacking = dump.replace(/^\d+\tVALUES \(1\)\n/m, '');
    expect(lacking.length).toBeLessThan(dump.length);
    const write = async (into: NodeJS.WritableStream) => {
      await pipeline(Readable.from([Buffer.from(lacking)]), into);
      return { tables: 3, rows: 3, strays: [] };
    };
    const databases = async () => [{ name: names.postgresql, engine: 'postgresql' as const, write }];
    const signal = new AbortController().signal;
    const order = { storage: sites.storageFor(site), siteName: site.name, target: archive, zone: 'Asia/Seoul' };
    const written = await writeArchive({ ...order, databases, signing, at: house.clock.now(), signal });
    const { bytes, sha256 } = written;
    await connection.write((tx) => tx.updateTable('backups').set({ bytes, sha256 }).where('id', '=', backup.id).execute());
    expect(await prove()).toMatchObject({ outcome: 'failed', reason: 'backups.reason.drillRows' });
    expect(await state(backup.id)).toBe('damaged');
    await expectNothingLeft();
  });

  test('whose server is away proves nothing and refutes nothing', async () => {
    const { backup } = await backedUp();
    const port = await closedPort();
    await reachedBy('mariadb', { port }, async () => {
      await expect(prove()).rejects.toMatchObject({ status: 503 });
    });
    expect(await state(backup.id)).toBe('verified');
    await expectNothingLeft();
    house.clock.advance(minute);
    expect(await prove()).toMatchObject({ outcome: 'proven' });
  });

  test('is due again as soon as the engine or its dump program has another version', async () => {
    await backedUp();
    expect(await prove()).toMatchObject({ outcome: 'proven' });
    const { connection, backups } = house.panel.doors;
    const drill = () => connection.db.selectFrom('backup_drills').selectAll().executeTakeFirstOrThrow();
    const change = (values: object) => connection.write((tx) => tx.updateTable('backup_drills').set(values).execute());
    await connection.write((tx) => tx.updateTable('sites').set({ opened_at: 1 }).execute());
    await backups.drills.plan();
    expect((await drill()).ended_at).not.toBeNull();
    const { tools } = await drill();
    for (const made of [/MariaDB \d+[^"]*mariadb-dump/, /PostgreSQL \d+[^"]*pg_dump/]) expect(tools).toMatch(made);
    await change({ tools: tools.replace(/MariaDB \d+/, 'MariaDB 9') });
    await backups.drills.plan();
    expect((await drill()).ended_at).toBeNull();
    await house.work();
    expect(await drill()).toMatchObject({ outcome: 'proven', tools });
  });

  test('is begun and told of by an operator at a terminal', async () => {
    await backedUp();
    const said: string[] = [];
    const command = (act: string, ...args: string[]) =>
      backupCommands[act]?.(
        args,
        (body) => body(house.panel as unknown as Worker),
        (line) => said.push(line),
      );
    await command('prove', '--site', site.name);
    await command('coverage');
    expect(said).toEqual([
      `${site.name}: its newest good backup was restored into an empty place; everything is as recorded.`,
      'Restored in a drill within 35 days: 1 of 1 sites.',
    ]);
    await expect(command('prove')).rejects.toThrow('a site is needed');
  });

  test('that is killed in the middle leaves nothing once the next one has proven the backup', async () => {
    const { backup } = await backedUp();
    const { connection, queue } = house.panel.doors;
    const row = () =>
      connection.db.selectFrom('backup_drills').selectAll().where('site_id', '=', site.id).executeTakeFirstOrThrow();
    const environment = {
      ...{ DATA_DIR: house.folder, DATABASE_URL: house.databaseUrl, SECRET: secret, PUBLIC_URL: house.origin },
      PATH: path ?? '',
    };
    const program = gotgan(['backup', 'prove', '--site', site.name], { folder: house.folder, environment });
    for (;;) {
      const { throw_aways, ended_at } = await row();
      if (ended_at === null && throw_aways !== '[]') break;
      if (program.child.exitCode !== null) throw new Error(`it ended before: ${program.out()}${program.err()}`);
      await sleep(5);
    }
    program.child.kill('SIGKILL');
    await program.ended;
    expect(await row()).toMatchObject({ ended_at: null });
    expect(await readdir(join(house.folder, 'drills'))).toHaveLength(1);
    // Once its lease has run out a queue gives a job of a dead worker to another one.
    await connection.write((tx) =>
      queue.add(tx, 'backups.prove', { siteId: site.id, customerId: site.customerId }, { lane: 'long' }),
    );
    await house.work();
    expect(await row()).toMatchObject({ outcome: 'proven', throw_aways: '[]' });
    expect(await state(backup.id)).toBe('proven');
    await expectNothingLeft();
  });
});
