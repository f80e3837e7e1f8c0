// What changed between two backups of a site, counted once when a backup was read back; and backups that are opened to look inside.
import { chmod, rm } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { Browse } from '../../src/browse/browse.ts';
import { day, hour } from '../../src/platform/clock.ts';
import { PanelError } from '../../src/platform/errors.ts';
import type { Site } from '../../src/sites/sites.ts';
import { aRun, type House, openHouse } from '../backups/house.ts';

let house: House;
let browse: Browse;
let site: Site;
let first: Backup;
let second: Backup;

const newest = async () => (await house.backups.held(site))[0] as Backup;

/** Does every job that is due, the comparison too. */
const work = () =>
  house.queue.drain({
    'backups.make': (run) => house.backups.make(String(run.payload.backupId), run),
    'backups.verify': (run) => house.backups.verify(String(run.payload.backupId), run),
    'browse.compare': (run) => browse.compare(String(run.payload.backupId), String(run.payload.siteId), run),
  });

beforeAll(async () => {
  house = await openHouse();
  const { connection, clock, sites, backups } = house;
  browse = new Browse({ connection, clock, sites, backups, files: undefined as never });
  ({ site } = await house.openSite());
  await house.put(site, {
    'index.html': 'one',
    'gone.txt': 'to be deleted',
    'same.txt': 'same',
    'mode.sh': 'x',
    '사진/a.txt': 'aaa',
  });
  house.clock.advance(hour);
  await house.night();
  await work();
  first = await newest();
  house.clock.advance(day);
  await house.put(site, { 'index.html': 'second', '사진/b.txt': 'new', 'new folder/c.txt': 'cc' });
  await rm(house.pathIn(site, 'www', 'gone.txt'));
  await chmod(house.pathIn(site, 'www', 'mode.sh'), 0o755);
  await house.night();
  await work();
  second = await newest();
});
afterAll(() => house?.close());

test('new, changed and deleted files are told with their sizes; folders, times and what we add ourselves are not', async () => {
  const { counts, changes, total } = await browse.changes(site, { before: first, after: second }, { kind: undefined, page: 1 });
  expect(
    changes.map(({ kind, path, bytesBefore, bytesAfter, isModeOnly }) => [kind, path, bytesBefore, bytesAfter, isModeOnly]),
  ).toEqual([
    ['removed', 'www/gone.txt', 13, undefined, false],
    ['changed', 'www/index.html', 3, 6, false],
    ['changed', 'www/mode.sh', 1, 1, true],
    ['added', 'www/new folder/c.txt', undefined, 2, false],
    ['added', 'www/사진/b.txt', undefined, 3, false],
  ]);
  expect(total).toBe(5);
  expect(counts).toEqual({ added: 2, changed: 2, removed: 1, addedBytes: 5, changedBytes: 7, removedBytes: 13 });
  const only = await browse.changes(site, { before: first, after: second }, { kind: 'added', page: 1 });
  expect([only.total, only.changes.length, only.counts.removed]).toEqual([2, 2, 1]);
  expect((await browse.changes(site, { before: first, after: second }, { kind: 'added', page: 2 })).changes).toEqual([]);
});

test('a backup that was read back is compared with the good one before it, once', async () => {
  expect(await browse.compared(site, first)).toBeUndefined();
  expect(await browse.compared(site, second)).toMatchObject({
    beforeId: first.id,
    added: 2,
    changed: 2,
    removed: 1,
    removedBytes: 13,
  });
  await browse.compare(second.id, site.id, aRun());
  const rows = await house.connection.db.selectFrom('backup_changes').selectAll().execute();
  expect(rows).toHaveLength(1);
  expect(await browse.compared({ ...site, customerId: 'somebody else' }, second)).toBeUndefined();
});

test('one file is found in every backup, with its size, its SHA-256 and what became of it', async () => {
  const told = async (...path: string[]) => (await browse.versions(site, path)).map(({ change, size }) => `${change} ${size}`);
  expect(await told('www', 'index.html')).toEqual(['changed 6', 'oldest 3']);
  expect(await told('www', 'same.txt')).toEqual(['same 4', 'oldest 4']);
  expect(await told('www', 'gone.txt')).toEqual(['none 0', 'oldest 13']);
  expect(await told('www', '사진', 'b.txt')).toEqual(['new 3', 'none 0']);
  const [, oldest] = await browse.versions(site, ['www', 'index.html']);
  expect(oldest?.sha256).toBe('7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed');
});

test('a folder is read 200 entries a page, folders first', async () => {
  const { entries, total } = await browse.folder(site, second, ['www'], 1);
  expect(entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'folder new folder',
    'folder 사진',
    'file index.html',
    'file mode.sh',
    'file same.txt',
  ]);
  expect(total).toBe(5);
  expect((await browse.folder(site, second, [], 9)).entries.map(({ name }) => name)).toContain('www');
  await expect(browse.folder(site, second, ['www', 'index.html'], 1)).rejects.toEqual(refused(404));
});

test('a backup that is opened shows its manifest and gives any member byte for byte', async () => {
  const opened = await house.backups.look(site, second);
  try {
    const { members, counts } = await opened.manifest();
    const paths: string[] = [];
    for await (const { path } of members) paths.push(path);
    expect(paths).toEqual([...opened.entries()].map(({ name }) => name).filter((name) => paths.includes(name)));
    expect(counts.files).toBe(6);
    expect((await buffer(await opened.open(opened.find('www/index.html')))).toString()).toBe('second');
    expect(() => opened.find('www/gone.txt')).toThrow(PanelError);
  } finally {
    await opened.close();
  }
});

test('an archive that is gone or cut is said to be unreadable, and one that is damaged is refused', async () => {
  const stranger = await house.openSite();
  await expect(house.backups.look(stranger.site, second)).rejects.toEqual(refused(503));
  await expect(house.backups.look(site, { ...second, bytes: 7 })).rejects.toEqual(refused(503));
  await expect(house.backups.lookUp(site, { ...second, bytes: 7 })).rejects.toEqual(refused(503));
  await expect(house.backups.lookUp(site, { ...second, state: 'expired' })).rejects.toEqual(refused(410));
  await expect(browse.folder(site, { ...second, state: 'damaged' }, ['www'], 1)).rejects.toEqual(refused(409));
});

const refused = (status: number) => expect.objectContaining({ status }) as PanelError;
