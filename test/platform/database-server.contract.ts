// What every DatabaseServer promises (src/platform/database-server/port.ts), on real servers: users that can do nothing elsewhere, locks that hold, sizes.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import { ask, client, isPassword } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines } from '../support/database-servers.ts';

const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

describe.each(engines)('a database server: %s', (engine) => {
  let world: DatabaseWorld;

  beforeAll(async () => {
    world = await databaseWorld(engine);
  });
  afterEach(() => world.tidy());
  afterAll(() => world.close());

  test('answers when it does, and says that it does not within seconds', async () => {
    await world.server.check();
    await expect(databaseServer({ ...world.panel, port: 1 }).check()).rejects.toEqual(refused(503));
    await expect(databaseServer({ ...world.access, user: 'nobody_here', password: 'x' }).check()).rejects.toEqual(refused(503));
  });

  test('a database is made with a user who can work there, and making it again changes nothing but the password', async () => {
    const shop = await world.database();
    await ask(world.as(shop), shop.name, 'CREATE TABLE posts (id int PRIMARY KEY, title varchar(200))');
    await ask(world.as(shop), shop.name, "INSERT INTO posts VALUES (1, '곳간 🌾')");
    await world.server.create(shop, { password: 'Another-9' });
    expect(await isPassword(world.access, shop.name, shop.user, shop.password)).toBe(false);
    expect(await isPassword(world.access, shop.name, shop.user, 'Another-9')).toBe(true);
    expect(await ask(world.as({ ...shop, password: 'Another-9' }), shop.name, 'SELECT title FROM posts')).toEqual([
      { title: '곳간 🌾' },
    ]);
  });

  test('two databases cannot see each other', async () => {
    const [mine, other] = [await world.database(), await world.database()];
    await ask(world.as(other), other.name, 'CREATE TABLE secrets (id int)');
    await expect(client(world.as(mine), other.name)).rejects.toThrow();
    await expect(ask(world.as(mine), mine.name, `SELECT * FROM ${other.name}.secrets`)).rejects.toThrow();
    await expect(ask(world.as(mine), mine.name, `GRANT ALL ON SCHEMA ${mine.name} TO ${other.user}`)).rejects.toThrow();
  });

  test.each([
    ['makes no database', 'CREATE DATABASE taken_over', 'CREATE DATABASE taken_over'],
    ['makes no user', "CREATE USER intruder IDENTIFIED BY 'x'", "CREATE ROLE intruder LOGIN PASSWORD 'x'"],
    ['reads no file', "LOAD DATA INFILE '/etc/passwd' INTO TABLE t", "SELECT pg_read_file('/etc/passwd')"],
    ['writes no file', "SELECT 1 INTO OUTFILE '/tmp/gotgan-outfile'", "COPY t TO '/tmp/gotgan-outfile'"],
    ['runs no program', "INSTALL SONAME 'server_audit'", "COPY t FROM PROGRAM 'id'"],
    ['sees no password hashes', 'SELECT * FROM mysql.global_priv', 'SELECT * FROM pg_authid'],
    ['changes no global setting', 'SET GLOBAL max_connections = 1', 'ALTER SYSTEM SET max_connections = 1'],
    ['becomes nobody else', 'GRANT SUPER ON *.* TO CURRENT_USER', 'SET ROLE pg_read_all_data'],
  ])("a database's user %s", async (_what, mariadb, postgresql) => {
    const shop = await world.database();
    await ask(world.as(shop), shop.name, 'CREATE TABLE t (id int)');
    await expect(ask(world.as(shop), shop.name, engine === 'mariadb' ? mariadb : postgresql)).rejects.toThrow(
      /denied|permission|must be|superuser|privileg/i,
    );
  });

  test('a locked user cannot come in and is put out; unlocked it can, with the same password', async () => {
    const shop = await world.database();
    const inside = await client(world.as(shop), shop.name);
    await world.server.lock(shop);
    await world.server.lock(shop);
    await expect(inside.rows('SELECT 1')).rejects.toThrow();
    await inside.end().catch(() => {});
    await expect(client(world.as(shop), shop.name)).rejects.toThrow();
    await world.server.unlock(shop);
    expect(await ask(world.as(shop), shop.name, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a new password is the only one, and a locked user stays locked with it', async () => {
    const shop = await world.database();
    const next = { ...shop, password: `New-1 "quoted' 한글\\` };
    await world.server.setPassword(shop, next.password);
    expect(await isPassword(world.access, shop.name, shop.user, shop.password)).toBe(false);
    expect(await isPassword(world.access, shop.name, shop.user, next.password)).toBe(true);
    await world.server.lock(shop);
    await world.server.setPassword(shop, shop.password);
    await expect(client(world.as(shop), shop.name)).rejects.toThrow();
  });

  test('what stands for a password goes to another user with it, and is told of customers alone', async () => {
    const [shop, other] = [await world.database(), await world.database()];
    const secret = await world.server.secretOf(shop);
    await world.server.setSecret(other, secret);
    expect(await isPassword(world.access, other.name, other.user, shop.password)).toBe(true);
    expect(await isPassword(world.access, other.name, other.user, other.password)).toBe(false);
    await expect(world.server.setSecret(other, "x' OR 'x")).rejects.toEqual(refused(400));
    await expect(world.server.secretOf(world.unused())).rejects.toEqual(refused(404));
    await expect(world.server.secretOf({ ...shop, user: world.panel.user })).rejects.toEqual(refused(400));
    await world.server.lock(shop);
    expect(await world.server.secretOf(shop)).toBe(secret);
    expect((await world.server.version())[0]).toBeGreaterThan(9);
  });

  test('rows are counted, table by table', async () => {
    const shop = await world.database();
    await ask(world.as(shop), shop.name, 'CREATE TABLE empty (id int)');
    await ask(world.as(shop), shop.name, 'CREATE TABLE posts (id int)');
    await ask(world.as(shop), shop.name, 'INSERT INTO posts VALUES (1), (2), (3)');
    await ask(world.as(shop), shop.name, 'CREATE VIEW seen AS SELECT * FROM posts');
    expect(await world.server.counts(shop)).toEqual([
      { table: 'empty', rows: 0 },
      { table: 'posts', rows: 3 },
    ]);
    await expect(world.server.counts(world.unused())).rejects.toEqual(refused(404));
  });

  test('a dropped database is gone with its user, also while somebody is inside, and dropping again is no error', async () => {
    const shop = await world.database();
    const inside = await client(world.as(shop), shop.name);
    await world.server.drop(shop);
    await world.server.drop(shop);
    await inside.end().catch(() => {});
    await expect(client(world.as(shop), shop.name)).rejects.toThrow();
    await expect(world.server.tables(shop)).rejects.toEqual(refused(404));
    await expect(world.server.lock(shop)).rejects.toEqual(refused(404));
    await expect(world.server.setPassword(shop, 'x')).rejects.toEqual(refused(404));
  });

  test('tables are told with what they take on the disk, Korean names too', async () => {
    const shop = await world.database();
    const quote = engine === 'mariadb' ? '`' : '"';
    await ask(world.as(shop), shop.name, `CREATE TABLE ${quote}주문-목록${quote} (id int PRIMARY KEY, words text)`);
    await ask(world.as(shop), shop.name, 'CREATE TABLE empty (id int)');
    const many = Array.from({ length: 2000 }, (_, id) => `(${id}, '${String(id).repeat(300).slice(0, 1000)}')`);
    await ask(world.as(shop), shop.name, `INSERT INTO ${quote}주문-목록${quote} VALUES ${many.join(',')}`);
    const [empty, orders] = await world.server.tables(shop);
    expect([empty?.name, orders?.name]).toEqual(['empty', '주문-목록']);
    expect(empty?.bytes).toBeLessThan(200_000);
    if (engine === 'mariadb') expect(orders?.bytes).toBeGreaterThan(2_000_000);
    else expect(orders?.bytes).toBeGreaterThan(200_000);
  });

  test.each([
    '',
    'Shop',
    'a;b',
    "a'b",
    'a`b',
    'a"b',
    '-a',
    'a.b',
    'a b',
    '한글',
    'a\0b',
    'mysql',
    'postgres',
    'pg_x',
    'x'.repeat(64),
  ])('the name %j is refused before the server hears of it', async (name) => {
    const shop = world.unused();
    for (const database of [
      { ...shop, name },
      { ...shop, user: name },
    ]) {
      await expect(world.server.create(database, { password: 'x' })).rejects.toEqual(refused(400));
      await expect(world.server.drop(database)).rejects.toEqual(refused(400));
      await expect(world.server.tables(database)).rejects.toEqual(refused(400));
    }
  });

  test("the panel's own account is never a customer's", async () => {
    const shop = { ...world.unused(), user: world.panel.user };
    await expect(world.server.create(shop, { password: 'x' })).rejects.toEqual(refused(400));
    await expect(world.server.setPassword(shop, 'x')).rejects.toEqual(refused(400));
  });

  test('a character set of the engine can be chosen, and no other', async () => {
    const shop = await world.database(engine === 'mariadb' ? 'euckr' : 'EUC_KR');
    await ask(world.as(shop), shop.name, "SELECT '한글' AS words");
    await expect(world.server.create(world.unused(), { password: 'x', charset: 'utf8; DROP' })).rejects.toEqual(refused(400));
    await expect(world.server.create(world.unused(), { password: 'x', charset: 'klingon' })).rejects.toEqual(refused(400));
  });
});
