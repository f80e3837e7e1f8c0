// A disk that is not mounted leaves folders without files: a site that had some is not believed to have none by whatever would act on it.
import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day, hour, StoppedClock } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let name: string;
const operator = { kind: 'operator' } as const;

beforeAll(async () => {
  house = await startPanel({ clock: new StoppedClock(Date.now()), limitsScale: 1000, operatorEmail: 'operator@example.com' });
  owner = new Visitor(house);
  name = await owner.arrive('owner@example.com', { plan: 'tree' });
});
afterAll(() => house?.close());

const site = () => house.panel.doors.sites.byName(name);
const folder = () => join(house.folder, 'sites', name);
const away = () => join(house.folder, 'away');

async function count(): Promise<void> {
  await house.panel.doors.sites.count((await site()).id);
}

/** The folders that the panel made before the disk was mounted over them. */
async function unmount(): Promise<void> {
  await rename(folder(), away());
  const before = new Date('2024-01-01');
  for (const inside of ['www', 'backup', 'trash']) {
    await mkdir(join(folder(), inside), { recursive: true });
    await utimes(join(folder(), inside), before, before);
  }
}

async function mount(): Promise<void> {
  await rm(folder(), { recursive: true });
  await rename(away(), folder());
}

const rows = (table: 'watched_folders' | 'file_trash' | 'folder_scans' | 'backups') =>
  house.panel.doors.connection.db.selectFrom(table).selectAll().execute();

test('while the disk is away nothing is counted, saved, scanned, forgotten or moved, and each says why; then all is as it was', async () => {
  const { sites, moves, files, incoming } = house.panel.doors;
  const sent = ['index.html', 'uploads/photo.txt', 'old.txt'].map((path) => ({ name: path, body: path }));
  expect((await owner.upload(name, sent)).status).toBe(303);
  await sites.folders.mark(await site(), ['www', 'uploads']);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec((await owner.get(`/sites/${name}/files/www`)).text)?.[1] ?? '';
  expect((await owner.send(`/sites/${name}/files/trash`, { _csrf, path: 'www/old.txt' })).status).toBe(303);
  await house.work();
  await incoming.watch(new AbortController().signal);
  await count();
  const before = await site();
  const [watched, trashed] = [await rows('watched_folders'), await rows('file_trash')];
  expect([before.usedFiles, watched.length > 0, trashed.length]).toEqual([3, true, 1]);
  await unmount();

  const why = { status: 503, parameters: { code: expect.stringMatching(/had 3 files on this-machine .* is the disk there/) } };
  await expect(count()).rejects.toMatchObject(why);
  await sites.servers.add({ ...plain, storage: join(house.folder, 'second') }, operator);
  const wish = { to: 'second', keepDays: 7, evenDrained: false };
  await expect(moves.begin(await site(), wish, operator)).rejects.toThrow(/is the disk there/);
  await expect(incoming.scan.run(before.id, new AbortController().signal)).rejects.toMatchObject(why);
  expect((await rows('folder_scans'))[0]).toMatchObject({ finished_at: null });
  await incoming.watch(new AbortController().signal);
  expect(await rows('watched_folders')).toEqual(watched);
  await owner.submit(`/sites/${name}/backups`, {});
  for (let rounds = 0; rounds < 12; rounds += 1) {
    await house.work();
    house.clock.advance(hour);
  }
  // The night may have come meanwhile, and asked for another one.
  const asked = (await rows('backups')).filter((row) => 'kind' in row && row.kind === 'manual');
  expect(asked).toMatchObject([{ state: 'failed', reason: 'backups.reason.storage' }]);
  house.clock.advance(31 * day);
  await files.trash.sweep();
  expect(await rows('file_trash')).toEqual(trashed);
  expect(await site()).toMatchObject({ usedFiles: 3, usedBytes: before.usedBytes, countedAt: before.countedAt });

  await mount();
  await count();
  expect(await site()).toMatchObject({ usedFiles: 3, usedBytes: before.usedBytes });
  await files.trash.sweep();
  expect(await rows('file_trash')).toEqual([]);
});

test('a site whose files were deleted by any program is empty, and is counted as that', async () => {
  await count();
  for (const path of ['index.html', 'uploads']) await rm(join(folder(), 'www', path), { recursive: true });
  // Deleted later than they were counted, by the clock of the panel too.
  const now = new Date(house.clock.now());
  await utimes(join(folder(), 'www'), now, now);
  await count();
  expect(await site()).toMatchObject({ usedFiles: 0, usedBytes: 0 });
});

const plain = { name: 'second', group: 'web', hostKind: 'folders', hostCommand: null, ftpHost: null, ftpPort: null } as const;
