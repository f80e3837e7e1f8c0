// Restores on real disks: what comes back is what was saved, what was there is never lost, and a restore that is cut off anywhere ends well.
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { day, hour } from '../../src/platform/clock.ts';
import type { RestoreOrder, Restores } from '../../src/restores/restores.ts';
import { furnish, openWorld, treeOf, type World } from './world.ts';

const everything: RestoreOrder = { scope: 'all', paths: [], databases: [], dest: 'in_place', mode: 'exact' };
const paths = (...all: string[]): RestoreOrder => ({
  ...everything,
  scope: 'paths',
  mode: 'keep_new',
  paths: all.map((path) => path.split('/')),
});

let world: World;
let backup: Backup;
let before: string[];

beforeAll(async () => {
  world = await openWorld();
  await furnish(world.place);
  backup = await world.backup();
  before = await world.tree();
});
afterAll(() => world?.house.close());
beforeEach(async () => {
  world.house.clock.advance(hour);
  await rm(world.place('www'), { recursive: true });
  await mkdir(world.place('www'), { mode: 0o750 });
  await furnish(world.place);
});

/** Files change, go and come; another file has the same length and time as before. */
async function damage(): Promise<void> {
  await writeFile(world.place('www/index.html'), '<h1>방문자에게 보이는 다른 글</h1>\n');
  await writeFile(world.place('www/config.php'), "<?php $password = 'stolen';\n");
  await utimes(world.place('www/config.php'), 1_700_000_000, 1_700_000_000);
  await rm(world.place('www/board'), { recursive: true });
  await rm(world.place('www/start.php'));
  await world.put({ 'data/shell.php': '<?php system($_GET[0]);\n', 'new/글.txt': '백업 뒤의 글\n' });
  for (const path of ['www/index.html', 'www/data/shell.php', 'www/new/글.txt'])
    await utimes(world.place(path), 1_750_000_000, 1_750_000_000);
  await chmod(world.place('www/data'), 0o700);
}

async function begin(order: RestoreOrder = everything, restores: Restores = world.doors.restores): Promise<string> {
  const site = await world.site();
  const { hash } = await restores.plan(site, backup, order);
  const id = await restores.begin(site, world.actor, { backup, order, seen: hash });
  if (id === undefined) throw new Error('the plan was another one');
  return id;
}

async function restored(order: RestoreOrder = everything): Promise<string> {
  const id = await begin(order);
  await world.house.work();
  return id;
}

test('everything comes back byte for byte: scripts, rights, times, links, empty folders, and nothing that was put there since', async () => {
  await damage();
  const id = await restored();
  expect(await world.row(id)).toMatchObject({ step: 'done', fault: null });
  expect(await world.tree()).toEqual(before);
  expect(await world.beside()).toEqual([]);
  expect((await stat(world.place('www/empty/inside'))).mtimeMs).toBe(1_600_000_000_000);
});

test('what is newer than the backup stays where that is wished, and only what differs is written', async () => {
  await damage();
  const unchanged = await stat(world.place('www/data/사진.jpg'));
  await restored({ ...everything, mode: 'keep_new' });
  const after = await world.tree();
  expect(
    after.filter((line) => !line.startsWith('new') && !line.startsWith('data/shell.php') && !line.startsWith('data/ ')),
  ).toEqual(before.filter((line) => !line.startsWith('data/ ')));
  expect(await readFile(world.place('www/new/글.txt'), 'utf8')).toBe('백업 뒤의 글\n');
  expect((await stat(world.place('www/data/사진.jpg'))).ino).toBe(unchanged.ino);
});

test('one file and one folder come back, and nothing else changes', async () => {
  await damage();
  const others = (await world.tree()).filter((line) => !line.startsWith('index.html'));
  await restored(paths('www/board', 'www/index.html'));
  expect(await readFile(world.place('www/index.html'), 'utf8')).toBe('<h1>처음</h1>\n');
  expect((await treeOf(world.place('www/board'))).length).toBe(3);
  expect((await world.tree()).filter((line) => !line.startsWith('index.html') && !line.startsWith('board'))).toEqual(others);
});

test('a SQLite database that comes back alone, or among what stays, takes out the log of the one that was there', async () => {
  const inSite = (name: string) => world.place('www/data', name);
  const sums = (name: string) => {
    const database = new DatabaseSync(inSite(name));
    try {
      return database.prepare('select count(*) as rows, (select quick_check from pragma_quick_check) as whole from t').get();
    } finally {
      database.close();
    }
  };
  const old = new DatabaseSync(inSite('shop.db'));
  old.exec("pragma journal_mode=wal; create table t(x); insert into t values ('one'), ('two')");
  old.close();
  const saved = backup;
  backup = await world.backup();
  try {
    for (const [round, order] of [paths('www/data/shop.db'), { ...everything, mode: 'keep_new' as const }].entries()) {
      const live = new DatabaseSync(inSite('shop.db'));
      live.exec("pragma wal_autocheckpoint=0; create table if not exists other(y); insert into t values ('since')");
      // As a program leaves it that was killed: the log holds what the file does not.
      for (const end of ['', '-wal']) await copyFile(inSite(`shop.db${end}`), inSite(`cut.db${end}`));
      live.close();
      for (const end of ['', '-wal']) await rename(inSite(`cut.db${end}`), inSite(`shop.db${end}`));
      const plan = await world.doors.restores.plan(await world.site(), backup, order);
      // Also the first time, where all that came since is in the log and the file is as in the backup.
      expect([plan.counts.overwritten.files, plan.counts.deleted.files]).toEqual([1, 1]);
      const id = await restored(order);
      expect(sums('shop.db')).toEqual({ rows: 2, whole: 'ok' });
      await world.doors.restores.undo(await world.site(), await world.doors.restores.find(await world.site(), id), world.actor);
      await world.house.work();
      expect(sums('shop.db')).toEqual({ rows: 3 + round, whole: 'ok' });
    }
  } finally {
    backup = saved;
  }
});

test('into a new folder nothing of the site changes, and the web server does not come in', async () => {
  await damage();
  const now = await world.tree();
  const id = await restored({ ...everything, dest: 'new_folder', mode: 'keep_new' });
  const { folder } = await world.row(id);
  expect(folder).toMatch(/^restored-20261122-1200-[0-9a-f]{8}$/);
  expect((await world.tree()).filter((line) => !line.startsWith(String(folder)))).toEqual(now);
  expect(await treeOf(world.place('www', String(folder)))).toEqual(before);
  expect((await stat(world.place('www', String(folder)))).mode & 0o777).toBe(0o700);
});

test('the preview counts what comes, goes and stays, and is bound to what was asked and to the site', async () => {
  await damage();
  const { restores } = world.doors;
  const site = await world.site();
  const plan = await restores.plan(site, backup, everything);
  const files = Object.fromEntries(Object.entries(plan.counts).map(([verdict, amount]) => [verdict, amount.files]));
  expect(files).toEqual({ new: 3, overwritten: 2, unchanged: 4, deleted: 2, kept: 0 });
  expect(plan.first.overwritten).toEqual(['www/config.php', 'www/index.html']);
  expect((await restores.plan(site, backup, everything)).hash).toBe(plan.hash);
  expect((await restores.plan(site, backup, { ...everything, mode: 'keep_new' })).hash).not.toBe(plan.hash);
  await world.put({ 'one-more.txt': 'x' });
  const now = await world.tree();
  const seen = { backup, order: everything, seen: plan.hash };
  expect(await restores.begin(site, world.actor, seen)).toBeUndefined();
  expect(await world.tree()).toEqual(now);
  expect(await restores.list(site, 1)).not.toMatchObject([{ planHash: plan.hash, endedAt: null }]);
});

test('it can be undone for seven days, and the undoing too', async () => {
  await damage();
  const now = await world.tree();
  const id = await restored();
  const site = await world.site();
  const { restores, backups } = world.doors;
  const undo = await restores.undo(site, await restores.find(site, id), world.actor);
  await world.house.work();
  expect(await world.row(undo)).toMatchObject({ step: 'done', undo_of: id });
  expect(await world.tree()).toEqual(now);
  expect(await restores.undoableUntil(site, await restores.find(site, id))).toBeUndefined();
  world.house.clock.advance(6 * day);
  await backups.retainAll();
  const again = await restores.undo(site, await restores.find(site, undo), world.actor);
  await world.house.work();
  expect(await world.row(again)).toMatchObject({ step: 'done' });
  expect(await world.tree()).toEqual(before);
  world.house.clock.advance(7 * day);
  await expect(restores.undo(site, await restores.find(site, again), world.actor)).rejects.toMatchObject({ status: 410 });
});

test('undoing takes back files that a restore brought, and leaves what came after it', async () => {
  await damage();
  const id = await restored(paths('www/board', 'www/index.html'));
  await world.put({ 'later.txt': '복원 뒤' });
  const site = await world.site();
  await world.doors.restores.undo(site, await world.doors.restores.find(site, id), world.actor);
  await world.house.work();
  expect(await readdir(world.place('www'))).not.toContain('board');
  expect(await readFile(world.place('www/index.html'), 'utf8')).toBe('<h1>방문자에게 보이는 다른 글</h1>\n');
  expect(await readFile(world.place('www/later.txt'), 'utf8')).toBe('복원 뒤');
});

test('nothing begins when what is there now cannot be saved first', async () => {
  await damage();
  const now = await world.tree();
  const id = await begin();
  await rm(join(world.house.folder, 'archives', world.name), { recursive: true, force: true });
  await writeFile(join(world.house.folder, 'archives', world.name), 'in the way');
  await world.attempt(world.doors.restores, id, undefined, true);
  await rm(join(world.house.folder, 'archives', world.name));
  expect(await world.row(id)).toMatchObject({ step: 'returned', fault: 'safety', switched_at: null });
  expect(await world.tree()).toEqual(now);
  await world.doors.connection.write((tx) => tx.deleteFrom('backups').execute());
  await rm(world.place('www'), { recursive: true });
  await mkdir(world.place('www'), { mode: 0o750 });
  await furnish(world.place);
  backup = await world.backup();
});

test('an archive that was changed since it was verified changes nothing in the site', async () => {
  await damage();
  const now = await world.tree();
  const path = join(world.house.folder, 'archives', world.name, backup.fileName ?? '');
  const whole = await readFile(path);
  const id = await begin();
  const broken = Buffer.from(whole);
  const at = broken.indexOf('www/data/사진.jpg') + 200;
  broken.writeUInt8(broken.readUInt8(at) ^ 255, at);
  await writeFile(path, broken);
  await world.house.work();
  await writeFile(path, whole);
  expect(await world.row(id)).toMatchObject({ step: 'returned', fault: 'damaged' });
  expect(await world.tree()).toEqual(now);
  expect(await world.beside()).toEqual([]);
});

test('a second restore, a suspended site and a backup that was not read back are refused', async () => {
  const site = await world.site();
  const { restores, connection, backups, sites } = world.doors;
  await damage();
  const id = await begin();
  await expect(begin()).rejects.toMatchObject({ status: 409, key: 'restores.refused.running' });
  await world.house.work();
  expect(await world.row(id)).toMatchObject({ step: 'done' });
  const set = (state: 'made' | 'verified' | 'damaged') =>
    connection.write((tx) => tx.updateTable('backups').set({ state }).where('id', '=', backup.id).execute());
  for (const state of ['made', 'damaged'] as const) {
    await set(state);
    const now = await backups.byId(site, backup.id);
    await expect(restores.plan(site, now, everything)).rejects.toMatchObject({ status: 409 });
  }
  await set('verified');
  await sites.suspend(site, { kind: 'operator' }, 'unpaid');
  await expect(begin()).rejects.toMatchObject({ status: 409, key: 'restores.refused.shut' });
  await sites.resume(await world.site(), { kind: 'operator' });
  await world.house.work();
});

test('the room it needs is asked of the quota, and the site is counted anew afterwards', async () => {
  const site = await world.site();
  const { connection, restores } = world.doors;
  await rm(world.place('www/data'), { recursive: true });
  await connection.write((tx) =>
    tx.updateTable('sites').set({ quota_bytes: 1000, used_bytes: 900 }).where('id', '=', site.id).execute(),
  );
  const plan = await restores.plan(await world.site(), backup, everything);
  expect((await restores.outlook(await world.site(), plan)).quotaShort).toBeGreaterThan(60_000);
  const id = await restored();
  expect(await world.row(id)).toMatchObject({ step: 'returned', fault: 'quota' });
  await connection.write((tx) => tx.updateTable('sites').set({ quota_bytes: 1e9 }).where('id', '=', site.id).execute());
  await restored();
  expect((await world.site()).usedBytes).toBeGreaterThan(70_000);
  expect((await world.site()).usedBytes).toBeLessThan(72_000);
  expect(await connection.db.selectFrom('file_acts').selectAll().execute()).toEqual([]);
});

test('who restored, from where, and how it ended stands in the history, and the owner is told', async () => {
  await damage();
  const id = await restored();
  const of = async (action: string) => (await world.audited(action)).filter(({ subject_id }) => subject_id === id);
  expect(await of('restores.begun')).toMatchObject([{ actor_person_id: world.actor.personId, actor_kind: 'person' }]);
  expect(await of('restores.done')).toHaveLength(1);
  const told = (await world.house.letters()).filter((letter) => letter.includes(id));
  expect(told.filter((letter) => letter.includes('203.0.113.9'))).toHaveLength(1);
  expect(told).toHaveLength(2);
});

test('of two workers on one restore one ends it, and the other changes nothing more', async () => {
  await damage();
  const id = await begin();
  const both = await Promise.allSettled([world.attempt(world.doors.restores, id), world.attempt(world.doors.restores, id)]);
  if ((await world.row(id)).ended_at === null) await world.attempt(world.doors.restores, id);
  expect(both.some(({ status }) => status === 'rejected')).toBe(true);
  expect(await world.row(id)).toMatchObject({ step: 'done', fault: null });
  expect(await world.tree()).toEqual(before);
  expect(await world.beside()).toEqual([]);
  expect(await world.audited('restores.done').then((rows) => rows.filter(({ subject_id }) => subject_id === id))).toHaveLength(1);
});

describe('cut off at any moment', () => {
  /** @returns names of all moments of an undisturbed restore, in their order */
  async function momentsOf(order: RestoreOrder): Promise<string[]> {
    await damage();
    const names: string[] = [];
    const restores = world.restoresWith(async (name) => void names.push(name));
    await world.attempt(restores, await begin(order, restores));
    return names.map((name) => name.replace(/[0-9a-f-]{36}/, 'id'));
  }

  async function afresh(): Promise<string[]> {
    await rm(world.place('www'), { recursive: true });
    await mkdir(world.place('www'), { mode: 0o750 });
    await furnish(world.place);
    await damage();
    return world.tree();
  }

  test.each([
    ['everything', everything],
    ['what differs', { ...everything, mode: 'keep_new' } as const],
  ])('a worker that dies while restoring %s leaves it to the next one, which finishes', async (_what, order) => {
    const moments = await momentsOf(order);
    const wanted = await world.tree();
    expect(moments.length).toBeGreaterThan(8);
    for (let at = 0; at < moments.length; at += 1) {
      // One file that is staged is as good as another.
      if (moments.indexOf(moments[at] ?? '') < at) continue;
      const now = await afresh();
      const killed = new AbortController();
      let passed = 0;
      const restores = world.restoresWith(async () => {
        if (passed++ !== at) return;
        killed.abort(new Error('killed'));
        throw new Error('killed');
      });
      const id = await begin(order, restores);
      await expect(world.attempt(restores, id, killed.signal)).rejects.toThrow('killed');
      const { step } = await world.row(id);
      if (step === 'saving' || step === 'staging') expect([moments[at], await world.tree()]).toEqual([moments[at], now]);
      await world.attempt(world.doors.restores, id);
      expect([moments[at], await world.tree()]).toEqual([moments[at], wanted]);
      expect(await world.row(id)).toMatchObject({ step: 'done' });
      expect(await world.beside()).toEqual([]);
      expect((await world.site()).frozenAt).toBeNull();
    }
  });

  test.each([
    ['everything', everything],
    ['what differs', { ...everything, mode: 'keep_new' } as const],
  ])('whatever fails while %s is exchanged, all of it goes back, also when that is cut off', async (_what, order) => {
    const moments = (await momentsOf(order)).filter((name) => /^(before|aside|placed) /.test(name));
    for (const [index, moment] of moments.entries()) {
      const now = await afresh();
      const killed = new AbortController();
      let hasFailed = false;
      let back = 0;
      const restores = world.restoresWith(async (name) => {
        if (name === moment && !hasFailed) {
          hasFailed = true;
          throw new Error('the disk says no');
        }
        if (/^(taken|returned) /.test(name) && back++ === index % 3) {
          killed.abort(new Error('killed'));
          throw new Error('killed');
        }
      });
      const id = await begin(order, restores);
      await world.attempt(restores, id, killed.signal).catch(() => {});
      if ((await world.row(id)).ended_at === null) await world.attempt(world.doors.restores, id);
      expect([moment, await world.row(id)]).toMatchObject([moment, { step: 'returned', fault: 'unavailable' }]);
      expect([moment, await world.tree()]).toEqual([moment, now]);
      expect(await world.beside()).toEqual([]);
      expect((await world.site()).frozenAt).toBeNull();
    }
    expect((await world.audited('restores.returned')).length).toBeGreaterThanOrEqual(moments.length);
  });
});
