// `gotgan migrate --to`: a panel in use moves to PostgreSQL and back; nothing is lost, nothing half, nothing overwritten.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hour, systemClock } from '../../src/platform/clock.ts';
import { tablesOf } from '../../src/platform/database/copy.ts';
import { openDatabase } from '../../src/platform/database/database.ts';
import { commanded } from '../support/commands.ts';
import { engines, newTestDatabase, type TestDatabase } from '../support/databases.ts';
import { secret, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { gotgan, type Program } from '../support/program.ts';

let folder: string;
const databases: TestDatabase[] = [];
const missing = engines.find(({ name }) => name === 'postgresql')?.missing;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-move-'));
});
afterEach(async () => {
  for (const database of databases.splice(0)) await database.remove();
  await rm(folder, { recursive: true, force: true });
});

async function empty(engine: 'sqlite' | 'postgresql'): Promise<string> {
  const database = await newTestDatabase(engine);
  databases.push(database);
  return database.url;
}

const panelOn = (databaseUrl: string) => startPanel({ databaseUrl, dataFolder: folder });
const around = (from: string) => ({ folder, environment: { SECRET: secret, DATA_DIR: folder, DATABASE_URL: from } });
const move = (from: string, to: string): Program => gotgan(['migrate', '--to', to], around(from));
/** The same in this process; what can be killed or meets a panel that runs is one of its own. */
const moveHere = (from: string, to: string) => commanded(['migrate', '--to', to], around(from));

/** @returns every table with its rows, as text */
async function everything(url: string): Promise<Record<string, string[]>> {
  const connection = await openDatabase(url, systemClock);
  const all: Record<string, string[]> = {};
  for (const { name, columns } of await tablesOf(connection.owner)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(connection.owner);
    all[name] = rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort();
  }
  await connection.close();
  return all;
}

const rowsIn = (all: Record<string, string[]>) =>
  Object.entries(all)
    .filter(([name]) => !name.startsWith('kysely'))
    .reduce((sum, [, rows]) => sum + rows.length, 0);

/** Adds rows to a table in the middle, so that copying takes a while. */
async function grow(url: string, rows: number): Promise<void> {
  const connection = await openDatabase(url, systemClock);
  for (let at = 0; at < rows; at += 5000) {
    const batch = Array.from({ length: 5000 }, (_, i) => ({ key: `grown:${at + i}`, slice_at: 1, hits: 1, expires_at: 9e15 }));
    await connection.write((tx) => tx.insertInto('counters').values(batch).execute());
  }
  await connection.close();
}

async function used(panel: TestPanel, email: string): Promise<{ site: string; archive: string; download: string }> {
  const visitor = new Visitor(panel);
  const site = await visitor.arrive(email);
  await visitor.upload(site, [{ name: '소개.html', body: '<!doctype html><title>x</title>' }]);
  await visitor.submit(`/sites/${site}/backups`, {});
  await panel.work();
  const download = await newestArchive(visitor, site);
  return { site, download, archive: await digestOf(visitor, download) };
}

async function newestArchive(visitor: Visitor, site: string): Promise<string> {
  const { text } = await visitor.get(`/sites/${site}/backups`);
  return /href="(\/sites\/[^"]+\/download)"/.exec(text)?.[1] ?? '';
}

async function digestOf(visitor: Visitor, download: string): Promise<string> {
  const { body } = await visitor.get(download).responseType('blob').expect(200);
  return createHash('sha256')
    .update(body as Buffer)
    .digest('hex');
}

describe.skipIf(missing)(`between the engines${missing ? ` (skipped: ${missing})` : ''}`, { timeout: 120_000 }, () => {
  test('the same person signs in on PostgreSQL and downloads the same archive, waiting jobs go on, and so it is on the way back', async () => {
    const [here, there, back] = [await empty('sqlite'), await empty('postgresql'), await empty('sqlite')];
    const before = await panelOn(here);
    const known = await used(before, 'moves@example.com');
    await new Visitor(before).signUp('waits@example.com');
    const { queue, connection } = before.panel.doors;
    await connection.write((tx) =>
      queue.add(tx, 'sites.open', { siteId: 'x' }, { key: 'later', runAt: before.clock.now() + hour }),
    );
    const group = { lane: 'medium', group: 'of a customer' } as const;
    for (const key of ['first', 'second']) await connection.write((tx) => queue.add(tx, 'test.nobody', {}, { key, ...group }));
    await before.close();
    const source = await everything(here);

    const moved = await move(here, there).ended;
    expect([moved.code, moved.err]).toEqual([0, '']);
    expect(moved.out).toContain('Now set DATABASE_URL');
    expect(await everything(here)).toEqual(source);
    const { jobs: _jobs, ...target } = await everything(there);
    const { jobs, ...rest } = source;
    expect({ ...target, kysely_migration: [] }).toEqual({ ...rest, kysely_migration: [] });
    expect(jobs).toHaveLength(5);

    const after = await panelOn(there);
    expect(await after.panel.doors.queue.figures()).toMatchObject({ due: 4, later: 1, failed: 0, lanes: { medium: { due: 2 } } });
    const visitor = new Visitor(after);
    expect((await visitor.logIn('moves@example.com')).headers.location).toBe('/dashboard');
    expect(await digestOf(visitor, known.download)).toBe(known.archive);
    await after.work();
    const letters = await after.letters();
    expect(letters.some((letter) => letter.includes('waits@example.com'))).toBe(true);
    const guarded = after.panel.doors.connection.write((tx) => tx.deleteFrom('audit').execute());
    await expect(guarded).rejects.toThrow('rows are only added');
    await after.close();

    expect((await moveHere(there, back)).code).toBe(0);
    const again = await panelOn(back);
    const returned = new Visitor(again);
    expect((await returned.logIn('moves@example.com')).headers.location).toBe('/dashboard');
    expect(await digestOf(returned, known.download)).toBe(known.archive);
    expect(await again.panel.doors.queue.figures()).toMatchObject({ later: 1 });
    const grouped = again.panel.doors.connection.db.selectFrom('jobs').select(['key', 'lane', 'group_key', 'turn']);
    expect(await grouped.where('group_key', 'is not', null).orderBy('turn').execute()).toEqual([
      { key: 'first', lane: 'medium', group_key: 'of a customer', turn: 0 },
      { key: 'second', lane: 'medium', group_key: 'of a customer', turn: 1 },
    ]);
    await expect(again.panel.doors.connection.write((tx) => tx.deleteFrom('consents').execute())).rejects.toThrow('only added');
    await again.close();
  });

  test.each([
    ['sqlite', 'postgresql'],
    ['postgresql', 'sqlite'],
  ] as const)(
    'from %s to %s: killed in the middle, the new database is empty, the old one as it was, and a second try succeeds',
    async (from, to) => {
      const [here, there] = [await empty(from), await empty(to)];
      await (await panelOn(here)).close();
      await grow(here, 60_000);
      const source = await everything(here);
      const killed = move(here, there);
      await killed.said(/^consents_personal /m);
      killed.child.kill('SIGKILL');
      const { out } = await killed.ended;
      expect([killed.child.signalCode, out.includes('counters')]).toEqual(['SIGKILL', false]);
      await expect.poll(async () => rowsIn(await everything(there)), { timeout: 10_000 }).toBe(0);
      expect(await everything(here)).toEqual(source);
      expect((await moveHere(here, there)).code).toBe(0);
      expect((await everything(there)).counters).toEqual(source.counters);
    },
    120_000,
  );

  test.each(['sqlite', 'postgresql'] as const)('a panel that runs on %s is not moved', async (engine) => {
    const [here, there] = [await empty(engine), await empty(engine === 'sqlite' ? 'postgresql' : 'sqlite')];
    const panel = await panelOn(here);
    const refused = await move(here, there).ended;
    expect([refused.code, refused.err.trim()]).toEqual([
      1,
      'DATABASE_URL: somebody is connected to it; stop the panel and its workers first',
    ]);
    expect((await new Visitor(panel).get('/plans')).status).toBe(200);
    await panel.close();
    expect(rowsIn(await everything(there))).toBe(0);
  });

  test.each(['sqlite', 'postgresql'] as const)('a database on %s that holds something is left as it is', async (engine) => {
    const [here, there] = [await empty(engine === 'sqlite' ? 'postgresql' : 'sqlite'), await empty(engine)];
    for (const url of [here, there]) await (await panelOn(url)).close();
    const before = await everything(there);
    const refused = await moveHere(here, there);
    expect([refused.code, refused.err.trim()]).toEqual([1, '--to: that database is not empty; name another one']);
    expect(await everything(there)).toEqual(before);
  });
});

test('a database that cannot be is refused in words, without its password', async () => {
  const here = await empty('sqlite');
  const wrong = await moveHere(here, 'mysql://root:hunter2@127.0.0.1/panel');
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/^DATABASE_URL: "mysql:" is not known here/)]);
  const same = await moveHere(here, here);
  expect([same.code, same.err.trim()]).toEqual([1, '--to: this is the database in use; name an empty one']);
  const nowhere = await move('sqlite:/nowhere/panel.db', `sqlite:${join(folder, 'new.db')}`).ended;
  expect([nowhere.code, nowhere.err.split('\n')[0]]).toEqual([1, 'DATABASE_URL: there is no /nowhere/panel.db']);
  expect(`${wrong.err}${same.err}${nowhere.err}`).not.toContain('hunter2');
}, 120_000);
