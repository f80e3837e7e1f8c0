// What may break while a site moves: workers are killed, the new server goes away or is full, the site goes on working. Nothing is lost.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { enforce } from '../../src/suspension.ts';
import { secret, Visitor } from '../support/panel.ts';
import { gotgan } from '../support/program.ts';
import { arrive, fill, listed, type MoveHouse, operator, startMoveHouse } from './house.ts';

let house: MoveHouse;
let name: string;
let other: string;

beforeAll(async () => {
  house = await startMoveHouse();
  ({ name } = await arrive(house, 'owner@example.com'));
  other = (await arrive(house, 'other@example.com')).name;
  await fill(www());
  for (const server of ['second', 'third', 'small']) await house.addFolders(server);
});
afterAll(() => house?.close());

const www = (root = join(house.folder, 'sites')) => join(root, name, 'www');
const moves = () => house.panel.doors.moves;
const begin = async (to: string | undefined) =>
  moves().begin(await house.site(name), { to, keepDays: 7, evenDrained: false }, operator);

/** @returns the owner, signed in anew: hours may have passed on the clock */
async function signedIn(): Promise<Visitor> {
  const visitor = new Visitor(house);
  await visitor.logIn('owner@example.com');
  return visitor;
}

/** The site stands where it was, open, as it was. */
async function expectUntouched(before: string): Promise<void> {
  expect(await house.site(name)).toMatchObject({ frozenAt: null, home: { folder: join(house.folder, 'sites', name) } });
  expect(listed(www())).toBe(before);
  const visitor = await signedIn();
  expect((await visitor.upload(name, [{ name: 'after.txt', body: 'still works' }])).status).toBe(303);
  await rm(join(www(), 'after.txt'));
  expect(existsSync(join(house.folder, 'sites', other, 'www'))).toBe(true);
}

test('a full server leaves the site where it was, and nothing of it there', async () => {
  const small = join(house.base, 'small');
  await mkdir(small, { recursive: true });
  // The check of room would find it: so the disk is filled by what the site gains after it.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'gotgan-small', small]);
  try {
    const before = listed(www());
    const id = await begin('small');
    expect(await house.untilEnded(id)).toBe('failed');
    expect((await moves().byId(id))?.fault).toMatch(/bytes free|no room left/);
    await expectUntouched(before);
    expect((await house.letters()).join('\n')).toContain('다른 서버로 옮기지 못했습니다');
    await house.work();
    expect(existsSync(join(small, name))).toBe(false);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a server that goes away while files are copied leaves the site where it was; what it holds goes when it is back', async () => {
  const before = listed(www());
  const id = await begin('second');
  const [there, away] = [join(house.base, 'second'), join(house.base, 'away')];
  const { doors } = house.panel;
  // It is there when it is asked, and gone when the first file comes.
  const host = await doors.sites.servers.host((await doors.sites.servers.byName('second')).id);
  const open = host.open.bind(host);
  let opened = 0;
  host.open = async (site) => {
    await open(site);
    opened += 1;
    if (opened === 1) await rename(there, away);
    await writeFile(there, 'no folder').catch(() => {});
  };
  try {
    expect(await house.untilEnded(id)).toBe('failed');
  } finally {
    host.open = open;
  }
  await expectUntouched(before);
  await rm(there, { force: true, recursive: true });
  await rename(away, there);
  expect(existsSync(join(there, name))).toBe(true);
  for (let rounds = 0; rounds < 12 && existsSync(join(there, name)); rounds += 1) {
    house.clock.advance(3_700_000);
    await house.work();
  }
  expect(existsSync(join(there, name))).toBe(false);
  await expectUntouched(before);
});

test('a site that is closed for the last step says so and changes nothing; a fault then opens it where it was', async () => {
  const before = listed(www());
  const id = await begin('second');
  const { doors } = house.panel;
  const run = { payload: {}, attempt: 1, lastAttempt: true, signal: new AbortController().signal };
  const visitor = await signedIn();
  let seen = 0;
  for (let rounds = 0; rounds < 20 && (await moves().byId(id))?.endedAt === null; rounds += 1) {
    await house.panel.doors.queue.drain({
      'backups.make': (job) => doors.backups.make(String(job.payload.backupId), job),
      'backups.verify': (job) => doors.backups.verify(String(job.payload.backupId), job),
    });
    await moves().run(id, run, async (siteId) => {
      await enforce(siteId, doors);
      if ((await house.site(name)).frozenAt === null) return;
      seen += 1;
      const refused = await visitor.upload(name, [{ name: 'meanwhile.txt', body: 'x' }]);
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('마지막 단계라 잠시 닫혀 있습니다')]);
      expect((await visitor.get('/dashboard')).text).toContain('잠시 닫혀 있습니다');
      // Something breaks in the last step.
      throw new Error('the last step broke');
    });
  }
  expect(seen).toBe(1);
  expect(await moves().byId(id)).toMatchObject({ step: 'failed', fault: 'the last step broke' });
  await expectUntouched(before);
  house.clock.advance(60_000);
  await house.work();
});

test('killed again and again in every step, and with a file that changes and one that goes, the move comes to its end', async () => {
  const id = await begin('third');
  const environment = {
    ...{ SECRET: secret, PUBLIC_URL: house.origin, DATA_DIR: house.folder, DATABASE_URL: house.databaseUrl },
    ...{ LEASE_SECONDS: '2', LOG_LEVEL: 'silent', PASSWORD_COST: 'm=19456,t=2,p=1' },
  };
  const killed: string[] = [];
  for (const step of ['checking', 'copying', 'closed', 'opening']) {
    const worker = gotgan(['work'], { folder: house.folder, environment });
    const reached = ['checking', 'saving', 'copying', 'waiting', 'closed', 'opening', 'done'];
    for (let tries = 0; tries < 6000; tries += 1) {
      const now = (await moves().byId(id))?.step ?? '';
      if (reached.indexOf(now) >= reached.indexOf(step) && worker.child.exitCode === null) {
        if (step === 'copying') await writeFile(join(www(), 'index.php'), '<?php echo 2;').catch(() => {});
        if (step === 'copying') await rm(join(www(), 'shop/read-only.txt'), { force: true });
        break;
      }
      await sleep(5);
    }
    killed.push((await moves().byId(id))?.step ?? '');
    worker.child.kill('SIGKILL');
    await worker.ended;
  }
  house.clock.advance(10_000);
  expect(await house.untilEnded(id)).toBe('done');
  const there = www(join(house.base, 'third'));
  expect(await readFile(join(there, 'index.php'), 'utf8')).toMatch(/echo [12]/);
  const old = www(join(house.folder, 'closed'));
  await chmod(old, 0o750);
  expect(listed(there)).toBe(listed(old));
  expect(await house.site(name)).toMatchObject({ frozenAt: null, home: { folder: join(house.base, 'third', name) } });
  expect((await (await signedIn()).get(`/sites/${name}/files/www`)).text).toContain('index.php');
  expect(killed.length).toBe(4);
});

test('an old place stays as long as the server that the site went to does not give its files, and that is said', async () => {
  const [there, away] = [join(house.base, 'third'), join(house.base, 'third-away')];
  await rename(there, away);
  await expect(begin(undefined)).rejects.toThrow(
    /the site is on third, which does not give its files .*; this-machine still holds it as of 20\d\d-.*docs\/servers\.md/,
  );
  house.clock.advance(8 * 86_400_000);
  const old = www(join(house.folder, 'closed'));
  await house.work();
  expect(existsSync(join(old, 'index.php'))).toBe(true);
  // An empty place in its stead, as a disk leaves that is not mounted: the site is not believed to be empty.
  await mkdir(www(there), { recursive: true });
  const long = new Date('2020-01-01');
  await utimes(www(there), long, long);
  house.clock.advance(3_700_000);
  await house.work();
  expect(existsSync(join(old, 'index.php'))).toBe(true);
  await expect(begin(undefined)).rejects.toThrow(/had \d+ files on third and has none, .*is the disk there\?/);
  await rm(there, { recursive: true });
  await rename(away, there);
  house.clock.advance(3_700_000);
  await house.work();
  expect(existsSync(join(old, 'index.php'))).toBe(false);
  expect(existsSync(join(www(there), 'index.php'))).toBe(true);
});

test('a worker whose move another one has ends in the middle of what it does', async () => {
  const id = await begin('second');
  const { doors } = house.panel;
  const run = { payload: {}, attempt: 1, lastAttempt: false, signal: new AbortController().signal };
  const again = async () => moves().run(id, run, (siteId) => enforce(siteId, doors));
  const host = await doors.sites.servers.host((await doors.sites.servers.byName('second')).id);
  const storageFor = host.storageFor.bind(host);
  let [folders, files] = [0, 0];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  host.storageFor = (site) => {
    const storage = storageFor(site);
    const makeFolder = async (path: readonly string[]) => {
      folders += 1;
      if (folders === 1) {
        await doors.connection.write((tx) =>
          tx.updateTable('site_moves').set({ run_id: 'another' }).where('id', '=', id).execute(),
        );
        vi.advanceTimersByTime(30_000);
        // The beat asks the database.
        await sleep(100);
      }
      return storage.makeFolder(path);
    };
    const put: typeof storage.put = async (...all) => {
      files += 1;
      return storage.put(...all);
    };
    const own: Record<PropertyKey, unknown> = { makeFolder, put };
    return new Proxy(storage, {
      get: (target, key) => own[key] ?? (Reflect.get(target, key) as (...all: unknown[]) => unknown).bind(target),
    });
  };
  try {
    for (let rounds = 0; rounds < 20 && folders === 0; rounds += 1) {
      const failed = await again().then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (folders > 0) expect(failed).toBe('another worker has taken over this move');
      await doors.queue.drain({
        'backups.make': (job) => doors.backups.make(String(job.payload.backupId), job),
        'backups.verify': (job) => doors.backups.verify(String(job.payload.backupId), job),
      });
    }
  } finally {
    vi.useRealTimers();
    host.storageFor = storageFor;
  }
  expect(folders).toBeGreaterThan(0);
  expect(files).toBe(0);
  expect(await house.untilEnded(id)).toBe('done');
});

test('however many moves have to be looked after, each has its turn', async () => {
  const { connection, queue } = house.panel.doors;
  const site = await house.site(name);
  const [known] = await connection.db.selectFrom('site_moves').selectAll().where('site_id', '=', site.id).execute();
  if (!known) throw new Error('there were moves');
  const ids = Array.from({ length: 250 }, (_, index) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`);
  const place = { left_on_server_id: known.to_server_id, left_until: 1, removed_at: null, over_move_id: null };
  await connection.write(async (tx) => {
    for (const id of ids)
      await tx
        .insertInto('site_moves')
        .values({ ...known, ...place, id })
        .execute();
  });
  const before = await queue.figures();
  await moves().keep();
  const after = await queue.figures();
  expect(after.due + after.later - before.due - before.later).toBeGreaterThanOrEqual(ids.length);
  await connection.write((tx) => tx.deleteFrom('site_moves').where('id', 'in', ids).execute());
});
