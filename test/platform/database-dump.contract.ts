// Databases written out by the engines' own programs: whole or not at all, readable by the engine's own client, without owners.
import { execFile } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import { blog } from '../support/database-blog.ts';
import { ask } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines } from '../support/database-servers.ts';

const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });
const run = promisify(execFile);

describe.each(engines)('a dump of a database: %s', (engine) => {
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
