// Databases that come back on real servers: over what is there in one act with the files, beside it, and taken back when anything fails.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { hour } from '../../src/platform/clock.ts';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import type { RestoreOrder, Restores } from '../../src/restores/restores.ts';
import { ask } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import { dropHosted, hostDatabases } from '../support/hosted-databases.ts';
import { furnish, openWorld, type World, withDatabases } from './world.ts';

const everything: RestoreOrder = { scope: 'all', paths: [], databases: [], dest: 'in_place', mode: 'exact' };

let world: World;

beforeAll(async () => {
  world = await openWorld((house) => hostDatabases(house), 'forest');
});
afterAll(async () => {
  if (!world) return;
  try {
    await dropHosted(world.house);
  } finally {
    await world.house.close();
  }
});

describe.each(engines)('on %s', (engine: DatabaseEngine) => {
  let backup: Backup;
  let name: string;
  let id: string;
  const sql = (text: string, database = name) => ask(administrator(engine), database, text);
  const posts = async (database = name) =>
    (await sql('SELECT title FROM posts ORDER BY title', database)).map(({ title }) => title);
  const start = async (order: RestoreOrder, restores: Restores = world.doors.restores) => {
    const site = await world.site();
    const { hash } = await restores.plan(site, backup, order);
    return (await restores.begin(site, world.actor, { backup, order, seen: hash })) ?? 'changed';
  };
  const standIns = async () => {
    const like = `${world.name}@_@_%`;
    const from =
      engine === 'mariadb'
        ? 'SELECT schema_name AS name FROM information_schema.schemata'
        : 'SELECT datname AS name FROM pg_database';
    const column = engine === 'mariadb' ? 'schema_name' : 'datname';
    const home = engine === 'mariadb' ? 'information_schema' : 'postgres';
    return ask(administrator(engine), home, `${from} WHERE ${column} LIKE '${like}' ESCAPE '@'`);
  };

  beforeAll(async () => {
    const site = await world.site();
    const wish = { name: engine.slice(0, 5), engine, charset: '', password: '' };
    ({ name, id } = await world.doors.databases.create(site, wish, world.actor));
    await sql('CREATE TABLE posts (title varchar(50) PRIMARY KEY)');
    await sql("INSERT INTO posts VALUES ('첫 글'), ('둘째 글')");
    await furnish(world.place);
    backup = await world.backup();
    await withDatabases(world, backup.id);
    backup = await world.doors.backups.byId(site, backup.id);
  });
  beforeEach(async () => {
    world.house.clock.advance(hour);
    await sql('DROP TABLE IF EXISTS posts');
    await sql('CREATE TABLE posts (title varchar(50) PRIMARY KEY)');
    await sql("INSERT INTO posts VALUES ('나중 글')");
    await writeFile(world.place('www/index.html'), 'after');
  });

  test('a database comes back with the files in one act, and what it held goes back by undoing', async () => {
    const now = await world.tree();
    const restore = await start(everything);
    await world.house.work();
    expect(await world.row(restore)).toMatchObject({ step: 'done', fault: null });
    expect(await posts()).toEqual(['둘째 글', '첫 글']);
    expect((await world.tree()).join()).not.toBe(now.join());
    const site = await world.site();
    const { restores } = world.doors;
    await restores.undo(site, await restores.find(site, restore), world.actor);
    await world.house.work();
    expect(await posts()).toEqual(['나중 글']);
    expect(await world.tree()).toEqual(now);
    expect(await standIns()).toEqual([]);
  });

  test('by default it goes into a new database of its own, and nothing that is there changes', async () => {
    const order: RestoreOrder = { ...everything, scope: 'db', databases: [name], dest: 'new_folder', mode: 'keep_new' };
    const site = await world.site();
    const plan = await world.doors.restores.plan(site, backup, order);
    expect(plan.databases).toMatchObject([{ name, databaseId: null, tables: 1, rows: 2 }]);
    const restore = await start(order);
    await world.house.work();
    const [made] = await world.doors.restores.databasesOf(await world.doors.restores.find(site, restore));
    expect(made).toMatchObject({ name, isNew: true });
    expect(made?.into).toBe(plan.databases[0]?.into);
    expect(await posts(made?.into)).toEqual(['둘째 글', '첫 글']);
    expect(await posts()).toEqual(['나중 글']);
    expect((await world.doors.databases.list(site)).map((one) => one.name)).toContain(made?.into);
  });

  test('a dump that holds other rows than the backup says changes neither files nor databases', async () => {
    const other = await world.backup();
    await withDatabases(world, other.id, { rows: 1 });
    const site = await world.site();
    const wrong = await world.doors.backups.byId(site, other.id);
    await writeFile(world.place('www/index.html'), 'later');
    const now = await world.tree();
    const { hash } = await world.doors.restores.plan(site, wrong, everything);
    const restore = await world.doors.restores.begin(site, world.actor, { backup: wrong, order: everything, seen: hash });
    await world.house.work();
    expect(await world.row(restore ?? '')).toMatchObject({ step: 'returned', fault: 'counts', switched_at: null });
    expect(await posts()).toEqual(['나중 글']);
    expect(await world.tree()).toEqual(now);
    expect(await standIns()).toEqual([]);
  });

  test('when the files cannot be exchanged, the database goes back too, also when a worker dies over it', async () => {
    const now = await world.tree();
    const killed = new AbortController();
    const restores = world.restoresWith(async (moment) => {
      if (moment === 'aside www') throw new Error('the disk says no');
      if (moment === 'tidying') {
        killed.abort(new Error('killed'));
        throw new Error('killed');
      }
    });
    const restore = await start(everything, restores);
    await world.attempt(restores, restore, killed.signal).catch(() => {});
    expect(await posts()).toEqual(['나중 글']);
    await world.attempt(world.doors.restores, restore);
    expect(await world.row(restore)).toMatchObject({ step: 'returned', fault: 'unavailable' });
    expect(await posts()).toEqual(['나중 글']);
    expect(await world.tree()).toEqual(now);
    expect(await standIns()).toEqual([]);
    expect((await world.site()).frozenAt).toBeNull();
  });

  test('a worker that dies right after a database was switched leaves the rest to the next one', async () => {
    const killed = new AbortController();
    const restores = world.restoresWith(async (moment) => {
      if (!moment.startsWith('database ')) return;
      killed.abort(new Error('killed'));
      throw new Error('killed');
    });
    const restore = await start(everything, restores);
    await world.attempt(restores, restore, killed.signal).catch(() => {});
    expect(await world.row(restore)).toMatchObject({ step: 'switching' });
    await world.attempt(world.doors.restores, restore);
    expect(await world.row(restore)).toMatchObject({ step: 'done' });
    expect(await posts()).toEqual(['둘째 글', '첫 글']);
    expect(await standIns()).toEqual([]);
  });

  test('while a database is loaded nothing is restored over it', async () => {
    const { databases, connection } = world.doors;
    const site = await world.site();
    const now = world.house.clock.now();
    const database = await databases.named(site, id);
    await connection.write((tx) =>
      tx.updateTable('databases').set({ removal_asked_at: now }).where('id', '=', database.id).execute(),
    );
    await expect(start(everything)).rejects.toMatchObject({ status: 409, key: 'restores.refused.databases' });
    await connection.write((tx) =>
      tx.updateTable('databases').set({ removal_asked_at: null }).where('id', '=', database.id).execute(),
    );
  });
});
