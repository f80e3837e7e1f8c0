// Databases written out by the engines' own programs: whole or not at all, readable by the engine's own client, without owners.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import { blog } from '../support/database-blog.ts';
import { ask, client } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines } from '../support/database-servers.ts';

const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });
const run = promisify(execFile);

describe.each(engines)('a dump of a database: %s', (engine) => {
  /** What the other engine does not have is no test of it. */
  const only = (wanted: typeof engine): typeof test | (() => void) => (engine === wanted ? test : () => {});
  let world: DatabaseWorld;

  beforeAll(async () => {
    world = await databaseWorld(engine);
  });
  afterEach(() => world.tidy());
  afterAll(() => world.close());

  async function dumped(
    database: { name: string; user: string },
    server = world.server,
  ): Promise<{ sql: string; tables: number }> {
    const into = new PassThrough();
    const [sql, { tables }] = await Promise.all([text(into), server.dump(database, into)]);
    return { sql, tables };
  }

  test('has tables, views, routines, triggers and data, names no owner, and says how many tables', async () => {
    const shop = await world.database();
    for (const sql of blog[engine].make) await ask(world.as(shop), shop.name, sql);
    const { sql, tables } = await dumped(shop);
    expect(tables).toBe(blog.tables);
    for (const part of ['곳간 🌾', 'wp_posts', 'recent', 'counted', 'titled']) expect(sql).toContain(part);
    expect(sql).not.toContain(shop.user);
    expect(sql).not.toMatch(/DEFINER\s*=|OWNER TO|GRANT /);
    expect(sql.trimEnd()).toMatch(engine === 'mariadb' ? /-- Dump completed$/ : /-- PostgreSQL database dump complete[\s\S]*$/);
  });

  test('says how many rows are in its text, and whether the server has as many', async () => {
    const shop = await world.database();
    for (const sql of blog[engine].make) await ask(world.as(shop), shop.name, sql);
    const counts = await world.server.counts(shop);
    const dumping = async (compare: boolean) => {
      const into = new PassThrough();
      into.resume();
      return world.server.dump(shop, into, { compare });
    };
    const rows = counts.reduce((sum, one) => sum + one.rows, 0);
    expect(rows).toBeGreaterThan(0);
    for (const compare of [false, true]) expect(await dumping(compare)).toEqual({ tables: counts.length, rows, strays: [] });
  });

  test('tells which versions of engine and program write it', async () => {
    expect(await world.server.madeWith()).toMatch(
      engine === 'mariadb' ? /^MariaDB \d+.*mariadb-dump/ : /^PostgreSQL \d+.*pg_dump/,
    );
  });

  test("the engine's own client reads it", async () => {
    const [shop, copy] = [await world.database(), await world.database()];
    for (const sql of blog[engine].make) await ask(world.as(shop), shop.name, sql);
    const { sql } = await dumped(shop);
    const { host, port, user, password } = world.as(copy);
    const child =
      engine === 'mariadb'
        ? run('mariadb', [`-h${host}`, `-P${port}`, `-u${user}`, copy.name], { env: { ...process.env, MYSQL_PWD: password } })
        : run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', user, copy.name], {
            env: { ...process.env, PGPASSWORD: password },
          });
    child.child.stdin?.end(sql);
    await child;
    for (const question of blog[engine].questions)
      expect(await ask(world.as(copy), copy.name, question)).toEqual(await ask(world.as(shop), shop.name, question));
  });

  test('a dump that is stopped, or that nobody can write down, leaves no whole text', async () => {
    const shop = await world.database();
    await fill(shop);
    const stop = new AbortController();
    const into = new PassThrough();
    into.once('data', () => stop.abort(new Error('enough')));
    await expect(world.server.dump(shop, into, { signal: stop.signal })).rejects.toThrow('enough');
    expect(into.destroyed).toBe(true);
    const full = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('disk full'), { code: 'ENOSPC' })),
    });
    await expect(world.server.dump(shop, full)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(full.destroyed).toBe(true);
  });

  only('mariadb')('a view whose table is gone does not stop a dump: it is a comment in it', async () => {
    const [shop, copy] = [await world.database(), await world.database()];
    for (const sql of [
      'CREATE TABLE kept (id int)',
      'CREATE TABLE gone (id int)',
      'CREATE VIEW `이전 목록` AS SELECT id FROM gone',
      'CREATE VIEW of_view AS SELECT id FROM `이전 목록`',
      'CREATE VIEW fine AS SELECT id FROM kept',
      'DROP TABLE gone',
    ])
      await ask(world.as(shop), shop.name, sql);
    const { sql, tables } = await dumped(shop);
    expect(tables).toBe(1);
    for (const name of ['이전 목록', 'of_view'])
      expect(sql).toContain(`-- View \`${name}\` refers to what is not there any more`);
    expect(sql).toMatch(/^-- CREATE .*VIEW `of_view` AS/m);
    await world.server.load(copy, Readable.from([Buffer.from(sql)]));
    expect(await ask(world.as(copy), copy.name, 'SELECT * FROM fine')).toEqual([]);
  });

  test('the password of a dump stands in no file and on no command line, at no moment at which it may be killed', async () => {
    const shop = await world.database();
    await fill(shop);
    const [usual, folder] = [process.env.TMPDIR, await mkdtemp(join(tmpdir(), 'gotgan-test-'))];
    process.env.TMPDIR = folder;
    const stop = new AbortController();
    const stuck = new Writable({ highWaterMark: 1, write: () => {} });
    try {
      const dumping = world.server.dump(shop, stuck, { signal: stop.signal });
      const lines = async () => (await run('ps', ['-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(shop.name));
      await expect.poll(lines, { timeout: 60_000 }).toContainEqual(expect.stringMatching(/mariadb-dump|pg_dump/));
      expect((await lines()).filter((line) => line.includes(world.backup.password))).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
      stop.abort(new Error('enough'));
      await expect(dumping).rejects.toThrow('enough');
    } finally {
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
      await rm(folder, { recursive: true });
    }
  });

  test('a database that hangs is given up in its time, in words, with no whole text and nobody left waiting', async () => {
    const shop = await world.database();
    await fill(shop);
    const lock = {
      mariadb: ['LOCK TABLES filler WRITE'],
      postgresql: ['BEGIN', 'LOCK TABLE filler IN ACCESS EXCLUSIVE MODE'],
    };
    const holder = await client(world.as(shop), shop.name);
    for (const sql of lock[engine]) await holder.rows(sql);
    const short = { statement: 1500, work: 1500 };
    const server = databaseServer(world.panel, { backup: { ...world.backup }, home: world.home, limits: short });
    const into = new PassThrough().resume();
    const begun = performance.now();
    try {
      await expect(server.dump(shop, into)).rejects.toMatchObject({ name: 'PanelError', status: 503 });
      expect(performance.now() - begun).toBeLessThan(20_000);
      expect(into.destroyed).toBe(true);
      const programs = async () =>
        (await run('ps', ['-eo', 'args'])).stdout
          .split('\n')
          .filter((line) => /mariadb-dump|pg_dump/.test(line) && line.includes(shop.name));
      await expect.poll(programs, { timeout: 10_000 }).toEqual([]);
    } finally {
      await holder.end();
    }
    await expect(server.dump(shop, new PassThrough().resume())).resolves.toBeDefined();
  });

  test('a slow reader is waited for: the text never piles up', async () => {
    const shop = await world.database();
    await fill(shop);
    let [most, seen] = [0, 0];
    const slow = new Writable({
      highWaterMark: 64 * 1024,
      write(chunk: Buffer, _encoding, done) {
        most = Math.max(most, slow.writableLength);
        seen += chunk.length;
        setTimeout(done, 1);
      },
    });
    await world.server.dump(shop, slow);
    expect(seen).toBeGreaterThan(6_000_000);
    expect(most).toBeLessThan(1_000_000);
  });

  test('a database that is not there, and a server that is not, are said so and no text is whole', async () => {
    for (const [server, status] of [
      [world.server, 404],
      [databaseServer({ ...world.panel, port: 1 }), 503],
    ] as const) {
      const into = new PassThrough();
      await expect(server.dump(world.unused(), into)).rejects.toEqual(refused(status));
      expect(into.destroyed).toBe(true);
    }
  });

  async function fill(shop: { name: string; user: string; password: string }): Promise<void> {
    await ask(world.as(shop), shop.name, 'CREATE TABLE filler (id int PRIMARY KEY, words text)');
    for (let part = 0; part < 8; part += 1) {
      const rows = Array.from({ length: 1000 }, (_, id) => `(${part * 1000 + id}, '${'곳'.repeat(330)}')`);
      await ask(world.as(shop), shop.name, `INSERT INTO filler VALUES ${rows.join(',')}`);
    }
  }
});
