// Databases at unlucky moments: a site is suspended while one is made, a reader leaves, a process dies between storage and row.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { bytesOf, make, sendDump, usedAs } from './owners.ts';
import { openRoad, type Road } from './road.ts';
import { wordpressDump } from './wordpress-dump.ts';

let house: TestPanel;
let road: Road;
let owner: Visitor;
let site: string;
const address = 'owner@example.com';
const at = (rest = '') => `/sites/${site}/databases${rest}`;
const operator = { kind: 'operator' } as const;
const doors = () => house.panel.doors;
const table = () => doors().connection.db;
const theSite = () => doors().sites.byName(site);

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  road = await openRoad();
  await hostDatabases(house, ['mariadb'], { host: '127.0.0.1', port: road.port });
  owner = new Visitor(house);
  site = await owner.arrive(address, { plan: 'tree' });
});
afterAll(async () => {
  if (house) await closeHosted(house);
  await road?.close();
});

test('one that is made while its site is being suspended is shut, and open again with the others', async () => {
  const fields = { ...(await owner.hidden(at())), db_name: 'late', charset: '', db_password: 'quiet-Harbor-52-lantern' };
  road.holdAfter(0);
  const making = owner.send(at(), fields).then((answer) => answer);
  await expect.poll(() => road.isHeld()).toBe(true);
  await doors().sites.suspend(await theSite(), operator, 'unpaid');
  await house.work();
  road.goOn();
  expect((await making).status).toBe(303);
  const late = { id: '', name: `${site}_late`, password: 'quiet-Harbor-52-lantern' };
  await expect(usedAs('mariadb', late)).rejects.toThrow();
  const row = await table().selectFrom('databases').selectAll().where('name', '=', late.name).executeTakeFirstOrThrow();
  expect([row.made_at === null, row.locked_at === null]).toEqual([false, false]);
  await doors().sites.resume(await theSite(), operator);
  await house.work();
  await usedAs('mariadb', late);
});

test('of a restricted customer nobody comes in, also when the site was suspended meanwhile; lifted, all is as before', async () => {
  const blog = await make(owner, site, { db_name: 'blog' });
  const { restrictions } = doors().accounts;
  const { customerId } = await theSite();
  await restrictions.restrict(customerId, 'unpaid', operator);
  await house.work();
  await expect(usedAs('mariadb', blog)).rejects.toThrow();
  expect((await bytesOf(owner, at(`/${blog.id}/download`))).status).toBe(200);
  await doors().sites.suspend(await theSite(), operator, 'unpaid');
  await house.work();
  await doors().sites.resume(await theSite(), operator);
  await house.work();
  await expect(usedAs('mariadb', blog)).rejects.toThrow();
  await restrictions.lift(customerId, operator);
  await house.work();
  await usedAs('mariadb', blog);
  await doors().databases.remove(await theSite(), await doors().databases.find(await theSite(), blog.id), operator);
  await house.work();
});

test('a reader who leaves while the server has not begun to send ends the dump', async () => {
  const shop = await make(owner, site, { db_name: 'shop' });
  // Whether it is there, and its views, are asked first.
  road.holdAfter(2);
  const { hostname, port } = new URL(house.origin);
  const cookie = owner.agent.jar
    .getCookies({ domain: hostname, path: '/', secure: false, script: false } as never)
    .toValueString();
  const leaving = request({ hostname, port, path: at(`/${shop.id}/download`), headers: { cookie } });
  leaving.on('error', () => {});
  leaving.end();
  await expect.poll(() => road.isHeld(), { timeout: 60_000 }).toBe(true);
  leaving.destroy();
  await expect.poll(() => road.isHeld(), { timeout: 60_000 }).toBe(false);
  expect((await bytesOf(owner, at(`/${shop.id}/download`))).status).toBe(200);
});

test('a restoration that fails makes nothing, and one that is sent twice makes one database and one import', async () => {
  const shop = await table().selectFrom('databases').selectAll().where('name', '=', `${site}_shop`).executeTakeFirstOrThrow();
  await sendDump(owner, house.origin, { site, id: shop.id, body: wordpressDump(6) });
  await house.work();
  await owner.submit(at(`/${shop.id}/deletion`), { confirm: '1' });
  await house.work();
  const trash = (await owner.get(at('/trash'))).text;
  const { id } = await table()
    .selectFrom('database_trash')
    .select('id')
    .where('database_id', '=', shop.id)
    .executeTakeFirstOrThrow();
  expect(trash).toContain(id);
  const page = at(`/trash/${id}/restoration`);
  const fields = await owner.hidden(page);
  const run = (statement: RawBuilder<unknown>) => doors().connection.write((tx) => statement.execute(tx));
  const onServer = () =>
    ask(
      administrator('mariadb'),
      'mysql',
      `SELECT schema_name AS n FROM information_schema.schemata WHERE schema_name = '${shop.name}'`,
    );
  const rows = () =>
    table().selectFrom('databases').select('id').where('name', '=', shop.name).where('dropped_at', 'is', null).execute();

  await run(sql`create trigger no_imports before insert on database_imports begin select raise(abort, 'no'); end`);
  expect((await owner.send(page, fields)).status).toBe(500);
  await run(sql`drop trigger no_imports`);
  expect([await onServer(), await rows()]).toEqual([[], []]);

  const [first, second] = [await owner.send(page, fields), await owner.send(page, fields)];
  expect([first.status, second.status]).toEqual([303, 303]);
  expect(second.headers.location).toMatch(/\/imports\/[0-9a-f-]{36}$/);
  expect((await rows()).length).toBe(1);
  await house.work();
  expect(await ask(administrator('mariadb'), shop.name, 'SELECT count(*) AS n FROM wp_posts')).toEqual([{ n: 6 }]);
});

test('dumps that no row knows are swept from storage, and what is on its way or known stays', async () => {
  const { archives, databases } = doors();
  const now = house.clock.now();
  const put = async (name: string) => {
    const staged = await archives.stage(`${site}/${name}`);
    await writeFile(staged.path, randomBytes(16));
    await staged.commit();
    return `${site}/${name}`;
  };
  const before = (await archives.list(site)).map(({ key }) => key);
  expect(before.filter((key) => key.endsWith('.sql.gz')).length).toBeGreaterThan(0);
  const young = await put(`import-${newId(now)}`);
  await put(`import-${newId(now - 2 * hour)}`);
  await put(`${site}_blog-${newId(now - 40 * day)}-b.sql.gz`);
  const foreign = await put(`${site}-20261122-0300.zip`);
  await databases.sweepArchives();
  expect((await archives.list(site)).map(({ key }) => key).sort()).toEqual([...before, young, foreign].sort());
});

test('rows of imports that ended go after ninety days, of dropped databases after a year, those of what is there stay', async () => {
  const count = async () => ({
    databases: (await table().selectFrom('databases').select('id').execute()).length,
    imports: (await table().selectFrom('database_imports').select('id').execute()).length,
    trash: (await table().selectFrom('database_trash').select('id').execute()).length,
  });
  const { databases } = doors();
  const dropped = await table().selectFrom('databases').select('id').where('dropped_at', 'is not', null).execute();
  const all = await count();
  expect(dropped.length).toBeGreaterThan(0);
  house.clock.advance(31 * day);
  await databases.tidy();
  expect(await count()).toEqual({ ...all, trash: 0 });
  house.clock.advance(60 * day);
  await databases.tidy();
  expect(await count()).toEqual({ databases: all.databases, imports: 0, trash: 0 });
  house.clock.advance(275 * day);
  await databases.tidy();
  expect(await count()).toEqual({ databases: all.databases - dropped.length, imports: 0, trash: 0 });
});
