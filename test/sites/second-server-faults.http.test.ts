// A second server, reached over SSH: PostgreSQL there, trash, moves there and back, and lines that are cut in the middle of all that.
import { appendFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf, type Made, make, sendDump } from '../databases/owners.ts';
import { fill, listed } from '../moves/house.ts';
import { administrator } from '../support/database-servers.ts';
import { dropHosted } from '../support/hosted-databases.ts';
import type { TestPanel, Visitor } from '../support/panel.ts';
import type { SecondServer } from '../support/second-server.ts';
import { run } from '../support/unix-sites.ts';
import { type SecondHouse, startSecondHouse } from './second-house.ts';

let world: SecondHouse;
let house: TestPanel;
let second: SecondServer;
let owner: Visitor;
let site: string;
let blog: Made;

beforeAll(async () => {
  let postgresql: Promise<string> | undefined;
  world = await startSecondHouse((server) => {
    postgresql = server.startPostgreSql();
    postgresql.catch(() => {});
  });
  ({ house, second, owner } = world);
  await world.gotgan('server', 'add', 'second', '--group', 'web', '--host', 'unix', ...(await world.reached()));
  await world.gotgan('server', 'drain', 'this-machine');
  const admin = join(second.folder, 'admin.url');
  await writeFile(admin, (await postgresql) ?? '', { mode: 0o600 });
  await world.gotgan('server', 'prepare-database', 'second', '--engine', 'postgresql', '--admin', admin);
  site = await owner.arrive('far@example.com', { plan: 'tree' });
});
afterAll(async () => {
  // What it made on its own server goes with that one; what came to this machine by a move does not.
  if (house) await dropHosted(house).catch(() => {});
  await world?.close();
});

const there = (...path: string[]) => join(second.unix.root, site, 'www', ...path);
const page = () => `/sites/${site}/databases/${blog.id}`;
const sql = async (text: string) => (await second.psql(text, blog.name)).trim();
/** Cuts the line as soon as something is under way. @returns what was ended */
async function cutOnce(isUnderWay: () => Promise<boolean>, andAll = false): Promise<number> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(5))
    if (await isUnderWay().catch(() => false)) return second.cut(andAll);
  throw new Error('it was never under way');
}
/** @returns whether a connection to PostgreSQL there does something like this */
const does = (words: string) => async () =>
  (
    await second.psql(
      `SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query ILIKE '%${words}%' AND state = 'active'`,
    )
  ).trim() !== '0';

test('a PostgreSQL database there is made, loaded, downloaded, deleted, and comes back from the trash', async () => {
  blog = await make(owner, site, { db_name: 'blog', engine: 'postgresql' });
  const body = "CREATE TABLE guests (id int PRIMARY KEY, name text);\nINSERT INTO guests VALUES (1, '홍길동'), (2, '🌾');\n";
  await sendDump(owner, house.origin, { site, id: blog.id, body });
  await house.work();
  expect(await sql('SELECT name FROM guests ORDER BY id')).toBe('홍길동\n🌾');
  const { status, body: dump } = await bytesOf(owner, `${page()}/download`);
  expect([status, gunzipSync(dump).toString().includes('홍길동')]).toEqual([200, true]);

  await owner.submit(`${page()}/deletion`, { confirm: '1' });
  await house.work();
  await expect(sql('SELECT 1')).rejects.toThrow(/does not exist/);
  const trash = await owner.get(`/sites/${site}/databases/trash`);
  const id = /databases\/trash\/([0-9a-f-]{36})\/restoration/.exec(trash.text)?.[1] ?? '';
  const restored = await owner.submit(`/sites/${site}/databases/trash/${id}/restoration`, {});
  expect(restored.status).toBe(303);
  blog = { ...blog, id: /databases\/([0-9a-f-]{36})\//.exec(restored.headers.location ?? '')?.[1] ?? '' };
  await house.work();
  expect(await sql('SELECT name FROM guests ORDER BY id')).toBe('홍길동\n🌾');
});

test('what was deleted there comes back from the trash as it was, and belongs to the site’s own user', async () => {
  expect((await owner.upload(site, [{ name: 'shop/menu.txt', body: 'soup' }])).status).toBe(303);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec((await owner.get(`/sites/${site}/files/www`)).text)?.[1] ?? '';
  const thrown = await owner.send(`/sites/${site}/files/trash`, { _csrf, path: 'www/shop' });
  expect([thrown.status, await readdir(there())]).toEqual([303, []]);
  await owner.submit(thrown.headers.location ?? '', {}, `/sites/${site}/files/trash/restoration`);
  expect((await run('cat', [there('shop/menu.txt')])).stdout).toBe('soup');
  expect((await run('stat', ['-c', '%U', there('shop/menu.txt')])).stdout.trim()).toBe(second.unix.user(site));
});

test.each([
  ['the line', false],
  ['sshd', true],
])('an upload in whose middle %s dies leaves nothing half, says so, and goes when it is sent again', async (_, andAll) => {
  const body = Buffer.alloc(48_000_000, 'a line of a big file\n');
  const before = await readdir(there());
  const sending = owner.upload(site, [{ name: 'big.txt', body }]).then((answer) => answer);
  const isComing = async () => {
    for (const name of await readdir(there()))
      if (name.startsWith('.gotgan-') && (await stat(there(name))).size > 1_000_000) return true;
    return false;
  };
  const cut = await cutOnce(isComing, andAll);
  const sent = await sending;
  const told = (await owner.get(sent.headers.location ?? '')).text;
  expect([sent.status, told.includes('big.txt'), told.includes('저장하지 못했습니다')]).toEqual([303, true, true]);
  expect(cut).toBeGreaterThan(0);
  if (andAll) await second.serve();
  expect((await owner.get(`/sites/${site}/files/www`)).text).not.toContain('big.txt');
  await expect.poll(() => readdir(there()), { timeout: 20_000 }).toEqual(before);
  expect((await owner.upload(site, [{ name: 'big.txt', body }])).status).toBe(303);
  expect((await stat(there('big.txt'))).size).toBe(body.length);
  await rm(there('big.txt'));
});

test('a download of a database in whose middle the line dies is not taken for whole, and is whole when it is asked for again', async () => {
  await second.psql('CREATE TABLE long AS SELECT n AS id, md5(n::text) AS text FROM generate_series(1, 400000) AS n', blog.name);
  await second.psql(`ALTER TABLE long OWNER TO "${blog.name}"`, blog.name);
  let cuts: Promise<number> | undefined;
  const first = await new Promise((resolve) => {
    owner
      .get(`${page()}/download`)
      .buffer(true)
      .parse((res, done) => {
        res.on('data', () => {
          cuts ??= second.cut();
        });
        res.once('end', () => done(null, 'whole'));
        res.on('error', (error: Error) => done(error, null));
      })
      .then(
        ({ body }) => resolve(body),
        () => resolve('broken off'),
      );
  });
  expect([first, (await cuts) ?? 0]).toEqual(['broken off', expect.any(Number)]);
  expect(await cuts).toBeGreaterThan(0);
  const { status, body } = await bytesOf(owner, `${page()}/download`);
  expect([
    status,
    gunzipSync(body)
      .toString()
      .match(/^\d+\t[0-9a-f]{32}$/gm)?.length,
  ]).toEqual([200, 400_000]);
  await second.psql('DROP TABLE long', blog.name);
});

test.each([
  ['the line', false],
  ['sshd', true],
])('an import in whose middle %s dies leaves the old content, and is done by itself later', async (_, andAll) => {
  const before = await sql('SELECT count(*) FROM guests');
  const rows = Array.from({ length: 300_000 }, (_row, index) => `${index}\tname ${index}`);
  const dump = ['CREATE TABLE guests (id int PRIMARY KEY, name text);', 'COPY guests FROM stdin;', ...rows, '\\.', ''].join('\n');
  const sent = await sendDump(owner, house.origin, { site, id: blog.id, body: dump, fields: { mode: 'replace' } });
  expect(sent.status).toBe(303);
  const working = house.work();
  const cut = await cutOnce(does('copy guests'), andAll);
  await working;
  expect(cut).toBeGreaterThan(0);
  expect(await sql('SELECT count(*) FROM guests')).toBe(before);
  expect((await owner.get(`${owner.path(sent.headers.location ?? '')}/state`)).body).toMatchObject({ finished: false });
  if (andAll) await second.serve();
  await world.later();
  expect((await owner.get(`${owner.path(sent.headers.location ?? '')}/state`)).body).toMatchObject({
    finished: true,
    failed: false,
  });
  expect(await sql('SELECT count(*) FROM guests')).toBe('300000');
  const left = await second.psql(`SELECT datname FROM pg_database WHERE datname LIKE '${site}\\_%'`);
  expect(left.trim()).toBe(blog.name);
  await second.psql('DELETE FROM guests WHERE id > 1000', blog.name);
});

/** Lets time pass until the move has ended; `meanwhile` runs beside it. @returns its last step, or why it failed */
async function untilMoved(meanwhile: () => Promise<unknown>): Promise<string | undefined> {
  const beside = meanwhile();
  beside.catch(() => {});
  for (let rounds = 0; rounds < 200; rounds += 1) {
    await house.work();
    const [move] = await house.panel.doors.moves.list(true);
    if (move?.fault != null) return move.fault;
    if (move?.endedAt != null) {
      await beside;
      return move.step;
    }
    house.clock.advance(10_000);
  }
  throw new Error('the move has not ended');
}

test('a move from there and back there goes on where the line was cut: files, database and password are the same', async () => {
  const { sites, databases } = house.panel.doors;
  const serverId = (await sites.servers.byName('this-machine')).id;
  await databases.registerServer({ serverId, access: administrator('postgresql') }, { kind: 'operator' });
  await fill(there());
  await writeFile(there('big.bin'), Buffer.alloc(40_000_000, 'Gotgan '));
  await run('chown', ['-R', `${second.unix.user(site)}:${second.unix.user(site)}`, there()]);
  const here = join(house.folder, 'sites', site, 'www');
  const before = listed(there(), false);
  const secret = `SELECT rolpassword FROM pg_authid WHERE rolname = '${blog.name}'`;
  const [rows, verifier] = [await sql('SELECT count(*) FROM guests'), await sql(secret)];
  await world.gotgan('site', 'move', site, '--to', 'this-machine', '--even-drained', '--no-wait');
  const now = async () => (await house.panel.doors.moves.list(true))[0];
  const copying = async () => (await now())?.step === 'copying' && ((await now())?.pass ?? 0) > 0;
  const closed = async () => (await now())?.step === 'closed';
  let cuts = 0;
  const end = await untilMoved(async () => {
    cuts += await cutOnce(copying);
    cuts += await cutOnce(closed, true);
    await second.serve();
  });
  expect(end).toBe('done');
  expect(cuts).toBeGreaterThan(1);
  expect(listed(here, false)).toBe(before);

  await appendFile(join(here, 'index.php'), ' // changed here');
  const changed = listed(here, false);
  await world.gotgan('site', 'move', site, '--back', '--no-wait');
  expect(await untilMoved(() => cutOnce(closed))).toBe('done');
  expect(listed(there(), false)).toBe(changed);
  expect([await sql('SELECT count(*) FROM guests'), await sql(secret)]).toEqual([rows, verifier]);
  expect((await owner.get(`/sites/${site}/files/www`)).text).toContain('index.php');
});
