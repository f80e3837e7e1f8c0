// A loaded database put in the place of another on real servers, also when it was broken off in the middle; and what preparing a server allows.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { asideOf } from '../../src/platform/database-server/names.ts';
import { prepareDatabaseServer } from '../../src/platform/database-server/prepare.ts';
import { blog } from '../support/database-blog.ts';
import { ask, client, isPassword } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines, type Hosted } from '../support/database-servers.ts';

const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

describe.each(engines)('a database replaced by a loaded one: %s', (engine) => {
  /** What the other engine does not have is no test of it. */
  const only = (wanted: typeof engine): typeof test | (() => void) => (engine === wanted ? test : () => {});
  let world: DatabaseWorld;

  beforeAll(async () => {
    world = await databaseWorld(engine);
  });
  afterEach(() => world.tidy());
  afterAll(() => world.close());

  const on = (database: Hosted, sql: string) => ask(world.as(database), database.name, sql);
  const gone = (database: Hosted) => expect(world.server.tables(database)).rejects.toEqual(refused(404));

  async function two(): Promise<{ shop: Hosted; staged: Hosted }> {
    const [shop, staged] = [await world.database(), await world.database()];
    for (const sql of blog[engine].make) {
      await on(staged, sql);
      // The old one is like it, so that every name is taken.
      await on(shop, sql);
    }
    await on(shop, 'CREATE TABLE only_old (id int)');
    await on(shop, 'CREATE VIEW old_view AS SELECT 1 AS one');
    await on(staged, 'CREATE TABLE only_new (id int)');
    await on(staged, 'INSERT INTO only_new VALUES (42)');
    return { shop, staged };
  }

  async function answers(database: Hosted): Promise<unknown[]> {
    const given: unknown[] = [];
    for (const question of blog[engine].questions) given.push(await on(database, question));
    return given;
  }

  test('everything of the new is there, nothing of the old, and the user with its password is who it was', async () => {
    const { shop, staged } = await two();
    const before = await answers(staged);
    const inside = await client(world.as(shop), shop.name);
    await world.server.replaceWith(shop, staged);
    await inside.end().catch(() => {});
    expect(await answers(shop)).toEqual(before);
    expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
    for (const old of ['only_old', 'old_view']) await expect(on(shop, `SELECT * FROM ${old}`)).rejects.toThrow();
    expect(await isPassword(world.access, shop.name, shop.user, shop.password)).toBe(true);
    expect((await world.server.tables(shop)).map(({ name }) => name)).toEqual(['only_new', 'wp_postmeta', 'wp_posts']);
    await gone(staged);
    await expect(client(world.as(staged), shop.name)).rejects.toThrow();
    await on(shop, 'DROP VIEW a_recent_few');
    await on(shop, 'ALTER TABLE wp_posts ADD COLUMN extra int');
    await on(shop, "INSERT INTO wp_posts (title) VALUES ('after')");
    await expect(client(world.as(await world.database()), shop.name)).rejects.toThrow();
  });

  test('done twice is done once', async () => {
    const { shop, staged } = await two();
    await world.server.replaceWith(shop, staged);
    const once = await answers(shop);
    await world.server.replaceWith(shop, staged);
    expect(await answers(shop)).toEqual(once);
    expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
    expect(await leftAside(shop, staged)).toEqual([]);
  });

  test('what neither is there nor was is not found', async () => {
    await expect(world.server.replaceWith(world.unused(), world.unused())).rejects.toEqual(refused(404));
  });

  test('one that was broken off at any moment is finished by running it again', async () => {
    for (const after of [5, 20, 40, 80, 160, 320]) {
      const { shop, staged } = await two();
      const before = await answers(staged);
      const broken = world.server.replaceWith(shop, staged).catch(() => 'broken off');
      await new Promise((resolve) => setTimeout(resolve, after));
      await putOutPanel();
      await broken;
      // The engine ends a session that was put out when it comes to it; until then its locks refuse, and the job asks again.
      await vi.waitFor(() => world.server.replaceWith(shop, staged), { timeout: 60_000, interval: 200 });
      expect(await answers(shop)).toEqual(before);
      expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
      await expect(on(shop, 'SELECT * FROM only_old')).rejects.toThrow();
      await gone(staged);
      expect(await leftAside(shop, staged)).toEqual([]);
      await world.tidy();
    }
  });

  only('mariadb')('a view that its user may not make is told, and everything else is in place', async () => {
    const { shop, staged } = await two();
    const far = await world.database();
    await on(far, 'CREATE TABLE of_others (id int)');
    // Only an administrator can make one that works here and for its user does not.
    await ask(world.access, staged.name, `CREATE VIEW stolen AS SELECT id FROM ${far.name}.of_others`);
    await on(staged, 'CREATE VIEW z_last AS SELECT id FROM only_new');
    await expect(world.server.replaceWith(shop, staged)).rejects.toMatchObject({
      name: 'LoadFault',
      reason: 'programs',
      about: expect.stringMatching(/^VIEW stolen: ER_/),
    });
    expect(await on(shop, 'SELECT id FROM z_last')).toEqual([{ id: 42 }]);
    expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
    await expect(on(shop, 'SELECT * FROM only_old')).rejects.toThrow();
    await gone(staged);
    expect(await leftAside(shop, staged)).toEqual([]);
  });

  only('postgresql')('the new one is open before the old is dropped', async () => {
    const { shop, staged } = await two();
    // What is a template cannot be dropped: the switch stops there.
    await ask(world.access, 'postgres', `ALTER DATABASE ${shop.name} IS_TEMPLATE true`);
    await expect(world.server.replaceWith(shop, staged)).rejects.toEqual(refused(503));
    expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
    const aside = asideOf(shop, staged);
    await ask(world.access, 'postgres', `ALTER DATABASE ${aside} IS_TEMPLATE false`);
    await world.server.replaceWith(shop, staged);
    expect(await leftAside(shop, staged)).toEqual([]);
  });

  only('postgresql')('what stands in a schema changes hands whichever came first in the books of the server', async () => {
    const { shop, staged } = await two();
    await on(staged, 'CREATE SCHEMA late CREATE TABLE of_late (id int)');
    // Given away and back, the database and the schema are noted behind the tables that stand in them.
    for (const owner of ['CURRENT_USER', staged.user]) {
      await ask(world.access, staged.name, `ALTER SCHEMA late OWNER TO ${owner}`);
      await ask(world.access, staged.name, `ALTER DATABASE ${staged.name} OWNER TO ${owner}`);
    }
    await world.server.replaceWith(shop, staged);
    await on(shop, 'INSERT INTO late.of_late SELECT id FROM only_new');
    expect(await on(shop, 'SELECT id FROM late.of_late')).toEqual([{ id: 42 }]);
  });

  only('postgresql')('a switch that cannot be leaves the old one open', async () => {
    const { shop, staged } = await two();
    // Nobody but an administrator puts an administrator out.
    const inside = await client(world.access, shop.name);
    await expect(world.server.replaceWith(shop, staged)).rejects.toEqual(refused(503));
    await on(shop, 'SELECT * FROM only_old');
    await inside.end();
    await world.server.replaceWith(shop, staged);
    expect(await on(shop, 'SELECT id FROM only_new')).toEqual([{ id: 42 }]);
  });

  /** The panel's own sessions end, as when its process dies. */
  async function putOutPanel(): Promise<void> {
    if (engine === 'mariadb')
      await ask(world.access, 'mysql', `KILL CONNECTION USER '${world.panel.user}'@'127.0.0.1'`).catch(() => {});
    else
      await ask(
        world.access,
        'postgres',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${world.panel.user}'`,
      );
  }

  /** What a switch of these two has left; other tests have their own. */
  async function leftAside(shop: Hosted, staged: Hosted): Promise<unknown[]> {
    const aside = asideOf(shop, staged);
    const sql =
      engine === 'mariadb'
        ? `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${aside}'`
        : `SELECT datname AS name FROM pg_database WHERE datname = '${aside}'`;
    return ask(world.access, engine === 'mariadb' ? 'mysql' : 'postgres', sql);
  }
});

describe.each(engines)('a prepared server: %s', (engine) => {
  let world: DatabaseWorld;

  beforeAll(async () => {
    world = await databaseWorld(engine);
  });
  afterEach(() => world.tidy());
  afterAll(() => world.close());

  test('the backup user reads every database of a site and writes none', async () => {
    const shop = await world.database();
    await ask(world.as(shop), shop.name, 'CREATE TABLE t (id int)');
    await ask(world.as(shop), shop.name, 'INSERT INTO t VALUES (7)');
    expect(await ask(world.backup, shop.name, 'SELECT id FROM t')).toEqual([{ id: 7 }]);
    for (const sql of [
      'INSERT INTO t VALUES (8)',
      'DELETE FROM t',
      'DROP TABLE t',
      'CREATE TABLE u (id int)',
      'ALTER TABLE t ADD x int',
    ])
      await expect(ask(world.backup, shop.name, sql)).rejects.toThrow(/denied|permission|read-only|must be owner/i);
  });

  test.each(['panel', 'backup'] as const)(
    'the account %s reaches neither files nor the hashes nor settings of the server',
    async (which) => {
      const home = engine === 'mariadb' ? 'information_schema' : world.home;
      const account = world[which];
      const tries =
        engine === 'mariadb'
          ? [
              "SELECT 1 INTO OUTFILE '/tmp/gotgan-prepared'",
              'SET GLOBAL general_log = @@GLOBAL.general_log',
              'SELECT * FROM mysql.db',
              'CREATE TABLE mysql.gotgan_test (id int)',
            ]
          : [
              "SELECT pg_read_file('/etc/passwd')",
              "COPY (SELECT 1) TO PROGRAM 'id'",
              ...(which === 'panel' ? ['SELECT * FROM pg_authid'] : []),
              'ALTER SYSTEM SET port = 1',
              'CREATE ROLE x SUPERUSER',
            ];
      for (const sql of tries)
        await expect(
          engine === 'postgresql' && which === 'backup' ? ask(account, 'postgres', sql) : ask(account, home, sql),
        ).rejects.toThrow(/denied|permission|must be|superuser|privileg|read-only/i);
    },
  );

  test('preparing again gives new passwords, and the old are none', async () => {
    const names = { panel: world.panel.user, backup: world.backup.user };
    const again = await prepareDatabaseServer(world.access, { ...names, common: [world.home] });
    for (const [account, now] of [
      [world.panel, again.panel],
      [world.backup, again.backup],
    ] as const) {
      expect(now.password).toHaveLength(43);
      expect(now.password).not.toBe(account.password);
      const home = engine === 'mariadb' ? 'information_schema' : world.home;
      expect(await isPassword(world.access, home, account.user, account.password)).toBe(false);
      expect(await isPassword(world.access, home, account.user, now.password)).toBe(true);
    }
    await world.close();
    world = await databaseWorld(engine);
  });

  test('who is no administrator prepares nothing', async () => {
    const shop = await world.database();
    await expect(
      prepareDatabaseServer(world.as(shop), { panel: 'gt_none', backup: 'gt_none_b', common: [shop.name] }),
    ).rejects.toEqual(refused(503));
    await expect(prepareDatabaseServer(world.access, { panel: "x'; DROP" })).rejects.toEqual(refused(400));
  });
});
