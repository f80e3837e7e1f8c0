// SQLite databases among a site's files: taken whole while programs write to them, and what cannot be taken is said.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ArchiveOrder, writeArchive } from '../../src/backups/archive.ts';
import { SqliteFiles } from '../../src/backups/archive-sqlite.ts';
import { drill } from '../../src/backups/drill.ts';
import { restoreGuideName } from '../../src/backups/restore-guide.ts';
import { needsWarning } from '../../src/backups/states.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { Signing } from '../../src/platform/signing.ts';
import { askSqlite } from '../../src/platform/sqlite-file/asking.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { readManifest } from './manifests.ts';

let folder: string;
let www: string;
const programs: ChildProcess[] = [];
const databases: DatabaseSync[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqlite-'));
  www = join(folder, 'site/www');
  await mkdir(join(www, 'data'), { recursive: true });
});
afterEach(async () => {
  for (const one of databases.splice(0)) one.close();
  for (const one of programs.splice(0)) {
    const gone = once(one, 'close');
    one.kill('SIGKILL');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
});

const signal = new AbortController().signal;
const lastWeek = new Date(Date.now() - 7 * 86_400_000);
/** Nobody has written to them for a week; the time of a change cannot be set, so that is waited for. */
const quiet = async (...names: string[]) => {
  for (const name of names) await utimes(join(www, 'data', name), lastWeek, lastWeek);
  await new Promise((resolve) => setTimeout(resolve, 2100));
};

/** Two tables whose sums are equal after every transaction, spread over many pages. */
function ledger(name: string, pragmas: string, rows = 400): DatabaseSync {
  const database = new DatabaseSync(join(www, name));
  databases.push(database);
  database.exec(`${pragmas}; create table debit(id integer primary key, amount int, note text); create table credit(id integer primary key, amount int, note text);
    begin; with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
    insert into debit select i, 0, hex(randomblob(2000)) from n; insert into credit select id, 0, note from debit; commit;`);
  return database;
}

function closed(database: DatabaseSync): void {
  databases.splice(databases.indexOf(database), 1);
  database.close();
}

const everyRow = (step: number) =>
  `begin immediate; update debit set amount = ${step}; update credit set amount = ${step}; commit;`;

/** A program that writes without a pause. */
const writer = (name: string) =>
  run(
    `const database = new DatabaseSync(process.argv[1], { timeout: 60000 });
    for (let step = 1; ; step++) {
      database.exec('begin immediate; update debit set amount = ' + step + '; update credit set amount = ' + step + '; commit;');
      if (step === 2) console.log('writing');
    }`,
    name,
  );

/** Starts a program beside this one, whose locks are no locks for itself, and waits until it says something. */
async function run(text: string, name: string): Promise<void> {
  const script = `const { DatabaseSync } = require('node:sqlite'); ${text}`;
  const program = spawn(process.execPath, ['-e', script, join(www, name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  programs.push(program);
  if (program.stdout) await once(program.stdout, 'data');
}

async function back(name: string, other: Partial<ArchiveOrder> = {}) {
  const target = join(folder, name);
  const storage = diskSite(join(folder, 'site'));
  const order = { storage, siteName: 'haneul', target, at: Date.now(), zone: 'Asia/Seoul', signal, ...other };
  const made = await writeArchive(order);
  const manifest = await readManifest(target);
  expect(await verifyArchive(target, { sha256: made.sha256, manifest, signal })).toEqual({ ok: true });
  expect((await readdir(folder)).filter((one) => one.startsWith(`${name}.`))).toEqual([]);
  return { path: target, ...made, manifest, paths: manifest.members.map(({ path }) => path) };
}

async function memberOf(archive: string, path: string): Promise<Buffer> {
  const reader = await ZipReader.open(archive);
  try {
    const entry = [...reader.entries()].find((one) => one.name === path);
    if (!entry) throw new Error(`${path} is not there`);
    return await reader.read(entry, entry.size);
  } finally {
    await reader.close();
  }
}

/** What a person finds who puts the file back by hand. */
async function found(content: Buffer): Promise<{ health: string; debit?: number; credit?: number }> {
  const file = join(folder, 'put-back');
  for (const end of ['', '-wal', '-shm', '-journal']) await rm(file + end, { force: true });
  await writeFile(file, content);
  const database = new DatabaseSync(file);
  try {
    const [{ integrity_check: health }] = database.prepare('pragma integrity_check(1)').all() as [{ integrity_check: string }];
    if (health !== 'ok') return { health };
    const sums = 'select (select sum(amount) from debit) as debit, (select sum(amount) from credit) as credit';
    return { health, ...(database.prepare(sums).get() as { debit: number; credit: number }) };
  } finally {
    database.close();
  }
}

const entryOf = (name: string, tables = 2, rows = 800) => ({ name, engine: 'sqlite', path: `www/${name}`, tables, rows });

describe.each([
  ['in its own journal', 'pragma journal_mode=delete'],
  ['ahead in a log', 'pragma journal_mode=wal'],
])('a database whose program writes %s', (_, pragma) => {
  test('is of one moment in the archive, with its tables and rows counted, and nothing beside it', async () => {
    ledger('data/shop.db', pragma);
    await writer('data/shop.db');
    const { path, manifest, paths } = await back('busy.zip');
    expect(manifest.databases).toEqual([entryOf('data/shop.db')]);
    expect(manifest.leftOut).toEqual([]);
    expect(paths).toEqual(['www', 'www/data', 'www/data/shop.db', restoreGuideName]);
    const { health, debit, credit } = await found(await memberOf(path, 'www/data/shop.db'));
    expect(health).toBe('ok');
    expect(debit).toBeGreaterThan(0);
    expect(debit).toBe(credit);
  });
});

test('a plain copy of the same would be torn: half of it is of before a transaction, half of after', async () => {
  const database = ledger('data/shop.db', 'pragma journal_mode=delete');
  const file = await open(join(www, 'data/shop.db'));
  const { size } = await file.stat();
  const content = Buffer.alloc(size);
  await file.read(content, 0, size / 2, 0);
  database.exec(everyRow(7));
  await file.read(content, size / 2, size / 2, size / 2);
  await file.close();
  const torn = await found(content);
  expect(torn.health === 'ok' && torn.debit === torn.credit).toBe(false);
});

/** Byte for byte as after a crash: copied while a program has it open, with what lies beside it. */
async function copyOf(database: DatabaseSync, to: string, end: string): Promise<void> {
  for (const one of ['', end]) await copyFile(join(www, `data/live.db${one}`), join(www, `data/${to}${one}`));
  closed(database);
  for (const one of ['', '-wal', '-shm', '-journal']) await rm(join(www, `data/live.db${one}`), { force: true });
}

test('of quiet ones it is the very bytes, with what a crash has left beside them put in, and carried over the next night', async () => {
  closed(ledger('data/huge.db', 'pragma journal_mode=delete; pragma page_size=65536; vacuum'));
  const logged = ledger('data/live.db', 'pragma journal_mode=wal; pragma wal_autocheckpoint=0');
  logged.exec(everyRow(3));
  await copyOf(logged, 'logged.db', '-wal');
  const cut = ledger('data/live.db', 'pragma journal_mode=delete; pragma cache_size=5; pragma cache_spill=on');
  cut.exec('begin immediate; update debit set amount = 9');
  expect((await readFile(join(www, 'data/live.db-journal'))).length).toBeGreaterThan(512);
  await copyOf(cut, 'cut.db', '-journal');
  await quiet('huge.db', 'logged.db', 'logged.db-wal', 'cut.db', 'cut.db-journal');

  const first = await back('first.zip');
  const all = ['data/cut.db', 'data/huge.db', 'data/logged.db'].map((name) => entryOf(name));
  expect(first.manifest.databases).toEqual(all);
  expect(first.manifest.leftOut).toEqual([]);
  expect(first.paths.filter((one) => /-(wal|journal)$/.test(one))).toEqual([]);
  expect(await memberOf(first.path, 'www/data/huge.db')).toEqual(await readFile(join(www, 'data/huge.db')));
  expect(await found(await memberOf(first.path, 'www/data/logged.db'))).toEqual({ health: 'ok', debit: 1200, credit: 1200 });
  expect(await found(await memberOf(first.path, 'www/data/cut.db'))).toEqual({ health: 'ok', debit: 0, credit: 0 });
  const asFarAway = await back('away.zip', { storage: away() });
  expect(asFarAway.manifest.databases).toEqual(all);

  const second = await back('second.zip', { previous: first });
  expect(second.carriedFiles).toBeGreaterThan(0);
  expect(second.manifest).toMatchObject({ databases: all, counts: first.manifest.counts });
  await writeFile(join(www, 'data/huge.db-journal'), '');
  const third = await back('third.zip', { previous: second });
  expect(third.carriedFiles).toBe(second.carriedFiles - 1);
  expect(third.manifest.databases).toEqual(all);
});

/** As a site on another machine: no program here can open its files. */
const away = () =>
  new Proxy(diskSite(join(folder, 'site')), {
    get: (target, key) => (key === 'held' ? async () => undefined : Reflect.get(target, key).bind(target)),
  });

test('what only looks like a database, is damaged or is locked is archived as it lies there, and that is said', async () => {
  closed(ledger('data/locked.db', 'pragma journal_mode=delete', 4));
  await run(
    `const database = new DatabaseSync(process.argv[1]);
    database.exec('begin exclusive; update debit set amount = 1');
    console.log('locked');
    setInterval(() => require('node:fs').utimesSync(process.argv[1], new Date(), new Date()), 100);`,
    'data/locked.db',
  );
  closed(ledger('data/torn.db', 'pragma journal_mode=delete'));
  const torn = await readFile(join(www, 'data/torn.db'));
  torn.fill(0x5a, torn.length / 2, torn.length / 2 + 40_000);
  await writeFile(join(www, 'data/torn.db'), torn);
  await writeFile(join(www, 'data/header.db'), Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(5000, 0xff)]));
  await writeFile(join(www, 'data/empty.db'), '');
  await writeFile(join(www, 'data/other.db'), 'SQLite format 4\0');
  await writeFile(join(www, 'data/notes-wal'), 'no log');
  const { path, manifest, paths } = await back('bad.zip');
  expect(manifest.databases).toEqual([]);
  expect(manifest.leftOut).toEqual([
    { path: 'www/data/header.db', reason: 'malformed' },
    { path: 'www/data/locked.db', reason: 'inUse' },
    { path: 'www/data/torn.db', reason: 'malformed' },
  ]);
  expect(needsWarning(manifest.leftOut)).toBe(true);
  expect(paths).toContain('www/data/notes-wal');
  expect(await memberOf(path, 'www/data/torn.db')).toEqual(torn);
  for (const { path: member, stamp } of manifest.members.filter(({ path: one }) => /header|locked|torn/.test(one)))
    expect({ member, stamp }).toEqual({ member, stamp: '' });
});

test('on another machine one that is written to is archived as it lies there, and that is said', async () => {
  ledger('data/busy.db', 'pragma journal_mode=delete');
  await writer('data/busy.db');
  const { manifest } = await back('away.zip', { storage: away() });
  expect(manifest.databases).toEqual([]);
  expect(manifest.leftOut).toContainEqual({ path: 'www/data/busy.db', reason: 'inUse' });
});

test('a link in the way of a database is not followed', async () => {
  closed(ledger('data/secret.db', 'pragma journal_mode=delete'));
  await mkdir(join(www, 'open'));
  await symlink('../data/secret.db', join(www, 'open/link.db'));
  const handle = await open(join(www, 'open'));
  const into = join(folder, 'copied');
  const name = Buffer.from('link.db').toString('hex').replaceAll(/../g, '%$&');
  expect(await askSqlite({ act: 'copy', name, into }, { signal, folder: handle.fd, milliseconds: 60_000 })).toEqual({
    fault: 'unreadable',
  });
  await handle.close();
  await expect(readFile(into)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a program that takes too long is ended', async () => {
  closed(ledger('data/shop.db', 'pragma journal_mode=delete'));
  const order = { act: 'check', file: join(www, 'data/shop.db') } as const;
  expect(await askSqlite(order, { signal, milliseconds: 1 })).toEqual({ fault: 'slow' });
});

test('files that are made to keep SQLite computing take no more than three turns of a backup, one try each', async () => {
  const slow = new DatabaseSync(join(www, 'data/slow-0.db'));
  // To look into the index its expression is computed anew: twenty million comparisons of texts that begin alike.
  slow.exec(`create table t(a text); insert into t values(replace(hex(zeroblob(100000)), '0', 'a'));
    create index i on t(a like '%' || replace(hex(zeroblob(1500)), '0', 'a') || 'b')`);
  slow.close();
  const names = [0, 1, 2, 3].map((at) => `slow-${at}.db`);
  for (const name of names.slice(1)) await copyFile(join(www, 'data/slow-0.db'), join(www, 'data', name));
  await quiet(...names);
  const storage = diskSite(join(folder, 'site'));
  const reader = storage.reader();
  let turns = 0;
  const patience = () => {
    turns += 1;
    return 300;
  };
  const parts = { storage, reader, signal, patience, at: Date.now(), scratch: join(folder, 'scratch'), tell: () => {} };
  const files = new SqliteFiles({ ...parts, writer: undefined as never, buffers: undefined as never });
  for (const name of names) {
    const path = `www/data/${name}`;
    expect(await files.add({ path, entry: await storage.stat(path.split('/')) })).toBe('inUse');
    expect(files.isPlain(path)).toBe(true);
  }
  expect(turns).toBe(3);
  await files.clear();
  await reader.close();
});

test('a drill opens the database and compares its tables and rows', async () => {
  closed(ledger('data/shop.db', 'pragma journal_mode=wal'));
  const { path } = await back('drill.zip');
  expect(await readdir(join(www, 'data'))).toEqual(['shop.db']);
  const into = join(folder, 'drill');
  await mkdir(into);
  const load = async () => undefined;
  const outcome = await drill({
    archive: path,
    folder: into,
    signing: new Signing(Buffer.alloc(32, 1)),
    load,
    signal,
    tick: () => {},
  });
  expect(outcome).toMatchObject({ outcome: 'proven', figures: { databases: 1, tables: 2, rows: 800 } });
});
