// A site goes to another server and nothing is lost: files to the last byte of a name, databases with their passwords, FTP, backup, history.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { ask, isPassword } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import type { Visitor } from '../support/panel.ts';
import type { SecondEngine } from '../support/second-engines.ts';
import { type UnixSites, unixSites } from '../support/unix-sites.ts';
import { arrive, fill, listed, type MoveHouse, operator, secondEngine, startMoveHouse } from './house.ts';

let house: MoveHouse;
let unix: UnixSites;
let seconds: Record<DatabaseEngine, SecondEngine>;
let visitor: Visitor;
let name: string;
const passwords: Record<string, string> = {};

beforeAll(async () => {
  const [mariadb, postgresql] = await Promise.all(engines.map(secondEngine));
  if (!mariadb || !postgresql) throw new Error('there are two engines');
  seconds = { mariadb, postgresql };
  [house, unix] = [await startMoveHouse(), await unixSites({ panelUser: null })];
  ({ visitor, name } = await arrive(house, 'owner@example.com'));
  const { sites, databases } = house.panel.doors;
  const here = await sites.servers.byName('this-machine');
  const command = { name: 'unix-1', group: 'web', hostKind: 'unix', hostCommand: unix.command, storage: '' } as const;
  const there = await sites.servers.add({ ...command, ftpHost: 'ftp2.example.com', ftpPort: 21 }, operator);
  for (const engine of engines) {
    await house.giveEngine(here, engine);
    await house.giveEngine(there, engine, seconds[engine]);
    for (const own of engine === 'mariadb' ? [engine, 'old'] : [engine]) {
      const made = await databases.create(await house.site(name), { name: own, engine, charset: '', password: '' }, operator);
      passwords[made.name] = made.drawnPassword ?? '';
      const as = { ...administrator(engine), user: made.name, password: made.drawnPassword ?? '' };
      await ask(as, made.name, 'CREATE TABLE posts (id int PRIMARY KEY, title varchar(200))');
      await ask(as, made.name, "INSERT INTO posts VALUES (1, '곳간 🌾'), (2, 'two')");
    }
  }
});
afterAll(async () => {
  await house?.close();
  await unix?.close();
  for (const engine of engines) await seconds?.[engine].close();
});

const old = () => join(house.folder, 'sites', name, 'www');
const fresh = () => join(unix.root, name, 'www');
async function isLocked(engine: DatabaseEngine, login: string): Promise<boolean> {
  const [row] =
    engine === 'mariadb'
      ? await ask(
          administrator(engine),
          'mysql',
          `SELECT JSON_VALUE(Priv, '$.account_locked') AS locked FROM global_priv WHERE User = '${login}'`,
        )
      : await ask(administrator(engine), 'postgres', `SELECT NOT rolcanlogin AS locked FROM pg_roles WHERE rolname = '${login}'`);
  return [true, 'true', 1, '1'].includes(row?.locked as never);
}
const wish = { to: 'unix-1', keepDays: 7, evenDrained: false } as const;

test('a site moves with every file, mode, time, link and name, with databases and their passwords, and is told of', async () => {
  await fill(old());
  const before = listed(old(), false);
  const { moves, sites, databases } = house.panel.doors;
  const id = await moves.begin(await house.site(name), wish, operator);
  expect((await visitor.get('/dashboard')).text).toContain('다른 서버로 옮기고 있습니다');
  expect(await house.untilEnded(id)).toBe('done');

  expect(listed(fresh(), false)).toBe(before);
  const modes = listed(fresh());
  expect(modes).toContain('shop/run.sh\0f\x001557126489\0\x00770');
  expect(modes).toContain('\x00440');
  const site = await house.site(name);
  expect(site).toMatchObject({
    frozenAt: null,
    suspendedAt: null,
    home: { folder: join(unix.root, name), user: unix.user(name) },
  });
  const shown = await readdir(join(unix.root, name, 'backup'));
  expect(shown.some((one) => one.endsWith('.zip'))).toBe(true);

  for (const one of await databases.list(site)) {
    const { access } = seconds[one.engine];
    expect(await isPassword(access, one.name, one.login, passwords[one.name] ?? '')).toBe(true);
    const as = { ...access, user: one.login, password: passwords[one.name] ?? '' };
    expect(await ask(as, one.name, 'SELECT title FROM posts ORDER BY id')).toEqual([{ title: '곳간 🌾' }, { title: 'two' }]);
    expect((await databases.serverOf(one)).shownPort).toBe(access.port);
    // Where it was, nobody comes in any more.
    expect(await isLocked(one.engine, one.login)).toBe(true);
  }
  expect(await sites.ftpServer(site)).toMatchObject({ host: 'ftp2.example.com' });
  expect(existsSync(old())).toBe(false);
  expect(existsSync(join(house.folder, 'closed', name, 'www/index.php'))).toBe(true);

  const text = (await house.letters()).join('\n');
  for (const words of [
    '사이트를 다른 서버로 옮깁니다',
    '사이트를 다른 서버로 옮겼고',
    'FTP\n이전: 없음\n지금: ftp2.example.com:21',
  ])
    expect(text).toContain(words);
  for (const { name: database, engine } of await databases.list(site))
    expect(text).toContain(
      `데이터베이스 ${database}\n이전: 127.0.0.1:${administrator(engine).port}\n지금: 127.0.0.1:${seconds[engine].access.port}`,
    );
  expect((await visitor.get('/account/history')).text).toContain('다른 서버로 옮김');
  expect((await visitor.get('/dashboard')).text).toContain('ftp2.example.com:21');
  expect((await visitor.get(`/sites/${name}/ftp`)).text).toContain('ftp2.example.com');
});

test('a way back that fails closes the old place again: what it held is locked, what is new there goes', async () => {
  const { moves, databases } = house.panel.doors;
  for (const one of await databases.list(await house.site(name)))
    if (one.name === `${name}_old`) await databases.remove(await house.site(name), one, operator);
  await house.work();
  const wanted = { name: 'fresh', engine: 'postgresql', charset: '', password: '' } as const;
  const { name: fresh } = await databases.create(await house.site(name), wanted, operator);
  const id = await moves.begin(await house.site(name), { ...wish, to: undefined }, operator);
  const { moving } = databases;
  const switchTo = moving.switchTo.bind(moving);
  const seen: boolean[] = [];
  moving.switchTo = async () => {
    // Everything lies there by now, and is open.
    seen.push(await isLocked('mariadb', `${name}_mariadb`));
    return false;
  };
  expect(await house.untilEnded(id)).toBe('failed');
  moving.switchTo = switchTo;
  expect(seen[0]).toBe(false);
  await house.work();
  expect([existsSync(old()), existsSync(join(house.folder, 'closed', name, 'www'))]).toEqual([false, true]);
  for (const engine of engines) expect(await isLocked(engine, `${name}_${engine}`)).toBe(true);
  await expect(databaseServer(administrator('postgresql')).tables({ name: fresh, user: fresh })).rejects.toMatchObject({
    status: 404,
  });
  expect(await databaseServer(seconds.postgresql.access).tables({ name: fresh, user: fresh })).toEqual([]);
  const made = (await databases.list(await house.site(name))).find((one) => one.name === fresh);
  if (made) await databases.remove(await house.site(name), made, operator);
  await house.work();
});

test('the site goes on in its new place, and back with what has changed since, as long as the old place is kept', async () => {
  expect((await visitor.upload(name, [{ name: 'new.txt', body: 'made there' }])).status).toBe(303);
  for (const engine of engines) {
    const as = { ...seconds[engine].access, user: `${name}_${engine}`, password: passwords[`${name}_${engine}`] ?? '' };
    await ask(as, `${name}_${engine}`, "INSERT INTO posts VALUES (3, 'made there')");
  }
  const { moves } = house.panel.doors;
  const before = listed(fresh(), false);
  const id = await moves.begin(await house.site(name), { ...wish, to: undefined }, operator);
  expect(await house.untilEnded(id)).toBe('done');
  expect(listed(old(), false)).toBe(before);
  expect(await readFile(join(old(), 'new.txt'), 'utf8')).toBe('made there');
  for (const engine of engines) {
    const as = { ...administrator(engine), user: `${name}_${engine}`, password: passwords[`${name}_${engine}`] ?? '' };
    expect(await ask(as, `${name}_${engine}`, 'SELECT title FROM posts WHERE id = 3')).toEqual([{ title: 'made there' }]);
  }
  // What was deleted there does not stay here for ever.
  const deleted = { name: `${name}_old`, user: `${name}_old` };
  await expect(databaseServer(administrator('mariadb')).tables(deleted)).rejects.toMatchObject({ status: 404 });
});

test('the place that was left goes after its days, and the site is not touched by it', async () => {
  const { moves, databases } = house.panel.doors;
  expect((await moves.list()).map(({ from, to, step }) => [from, to, step])).toEqual([['unix-1', 'this-machine', 'done']]);
  house.clock.advance(6 * 24 * 3_600_000);
  await house.work();
  expect(existsSync(fresh())).toBe(true);
  house.clock.advance(2 * 24 * 3_600_000);
  await house.work();
  expect(existsSync(join(unix.root, name))).toBe(false);
  expect(await moves.list()).toEqual([]);
  await expect(moves.begin(await house.site(name), { ...wish, to: undefined }, operator)).rejects.toThrow(/no old place/);
  for (const engine of engines) {
    const gone = { name: `${name}_${engine}`, user: `${name}_${engine}` };
    await expect(databaseServer(seconds[engine].access).tables(gone)).rejects.toMatchObject({ status: 404 });
  }
  expect(await readFile(join(old(), 'new.txt'), 'utf8')).toBe('made there');
  expect((await databases.list(await house.site(name))).map(({ tableCount }) => tableCount)).toEqual([1, 1]);
});

test('what cannot be begun is said: the same server, one that is not there, a drained one, a second move at once', async () => {
  const { moves, sites } = house.panel.doors;
  const site = await house.site(name);
  const begin = (more: object) => moves.begin(site, { ...wish, ...more }, operator);
  await expect(begin({ to: 'this-machine' })).rejects.toThrow(/the site is on this-machine/);
  await expect(begin({ to: 'nowhere' })).rejects.toThrow(/there is no server nowhere/);
  await sites.servers.drain('unix-1', operator);
  await expect(begin({})).rejects.toThrow(/drained/);
  const both = await Promise.allSettled([begin({ evenDrained: true }), begin({ evenDrained: true })]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(String(both.find((one) => one.status === 'rejected')?.reason)).toContain('being moved already');
  await writeFile(join(old(), 'while.txt'), 'it waits');
});
