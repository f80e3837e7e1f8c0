// What is done to a site's files is announced before it is done: what was cut off gives back its room, is counted and is in the audit.
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Quarantine } from '../../src/files/quarantine.ts';
import { minute, StoppedClock } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let name: string;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  name = await owner.arrive('owner@example.com');
});
afterAll(() => house?.close());

const siteNow = () => house.panel.doors.sites.byName(name);
/** What the audit says of files beyond `before`: `action id`, in no particular order. */
const acts = async (before: readonly string[] = []) => {
  const { connection } = house.panel.doors;
  const rows = await connection.db
    .selectFrom('audit')
    .select(['action', 'subject_id'])
    .where('action', 'like', 'files.%')
    .execute();
  return rows.map(({ action, subject_id }) => `${action} ${subject_id}`).filter((row) => !before.includes(row));
};

test('an upload, a move and a removal stand in the audit before and after, each pair of one id', async () => {
  const before = await acts();
  await owner.upload(name, [{ name: 'one.txt', body: 'one' }]);
  await owner.submit(
    `/sites/${name}/files/www?do=move&path=www/one.txt`,
    { path: 'www/one.txt', to: 'www', name: 'two.txt' },
    `/sites/${name}/files/move`,
  );
  await owner.submit(
    `/sites/${name}/files/www?do=delete&path=www/two.txt`,
    { path: 'www/two.txt' },
    `/sites/${name}/files/delete`,
  );
  const rows = await acts(before);
  expect(rows.map((row) => row.split(' ')[0]).sort()).toEqual(
    ['files.uploading', 'files.uploaded', 'files.moving', 'files.moved', 'files.removing', 'files.removed'].sort(),
  );
  expect(new Set(rows.map((row) => row.split(' ')[1])).size).toBe(3);
});

test('a removal gives back the room of a file at once, that of a folder with the next count', async () => {
  await owner.upload(name, [
    { name: 'plain.txt', body: 'x'.repeat(1000) },
    { name: 'folder/in.txt', body: 'y'.repeat(500) },
  ]);
  const remove = (path: string) =>
    owner.submit(`/sites/${name}/files/www?do=delete&path=${path}`, { path }, `/sites/${name}/files/delete`);
  await remove('www/plain.txt');
  expect((await siteNow()).usedBytes).toBe(500);
  await remove('www/folder');
  await house.work();
  expect(await siteNow()).toMatchObject({ usedBytes: 0, usedFiles: 0 });
});

test('an act whose process died gives its room back once its lease is over, and the audit says that it was cut off', async () => {
  const { sites, connection } = house.panel.doors;
  const before = await acts();
  const site = await siteNow();
  const act = sites.act(site, 'upload', { kind: 'system' });
  expect(await connection.write((tx) => act.begin(tx, { bytes: 4000, files: 2 }))).toBe(true);
  await sites.recoverActs();
  expect((await siteNow()).usedBytes).toBe(4000);
  house.clock.advance(2 * minute);
  await sites.recoverActs();
  expect((await siteNow()).usedBytes).toBe(0);
  expect(await acts(before)).toEqual([`files.cutOff ${act.id}`]);
  // Whoever was only thought dead does not give the room back a second time.
  await connection.write((tx) => act.end(tx, { bytes: 4000, files: 2 }));
  expect((await siteNow()).usedBytes).toBe(0);
});

test('a count never overwrites the room that an upload holds', async () => {
  const { sites, connection } = house.panel.doors;
  const site = await siteNow();
  const act = sites.act(site, 'upload', { kind: 'system' });
  await connection.write((tx) => act.begin(tx, { bytes: 700, files: 1 }));
  await connection.write((tx) => sites.queueCount(tx, site));
  await house.work();
  expect((await siteNow()).usedBytes).toBe(700);
  await connection.write((tx) => act.end(tx, { bytes: 700, files: 1 }));
  house.clock.advance(2 * minute);
  await house.work();
  expect((await siteNow()).usedBytes).toBe(0);
});

test('what a dead process left in quarantine goes after three leases, however the clock jumps; a running upload stays', async () => {
  const folder = join(house.folder, 'left');
  await mkdir(join(folder, 'dead'), { recursive: true });
  await writeFile(join(folder, 'dead/file'), 'x');
  const clock = new StoppedClock();
  const quarantine = new Quarantine(folder, clock, 100);
  const running = await quarantine.open();
  await utimes(join(folder, 'dead'), new Date(0), new Date(0));
  await quarantine.sweep();
  clock.advance(1000 * minute);
  await quarantine.sweep();
  expect((await readdir(folder)).length).toBe(2);
  await sleep(400);
  await quarantine.sweep();
  expect(await readdir(folder)).toEqual([running.folder.split('/').at(-1)]);
  await running.remove();
});

test('a form whose sender is gone before it is read holds no turn and nothing in quarantine', async () => {
  const { text, request } = await owner.get(`/sites/${name}/files/upload`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  const cookie = String((request as unknown as { cookies?: string }).cookies ?? '');
  const head = [
    ...[`POST /sites/${name}/files/upload HTTP/1.1`, 'Host: x', `Origin: ${house.origin}`, `Cookie: ${cookie}`],
    ...[`X-CSRF-Token: ${csrf}`, 'Content-Type: multipart/form-data; boundary=b', 'Transfer-Encoding: chunked'],
  ];
  const part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n';
  const gone = Array.from({ length: house.panel.doors.files.limits.uploadsAtOnce + 1 }, async () => {
    const socket = connect(Number(new URL(house.origin).port), '127.0.0.1').resume();
    // A piece that is no piece: the connection is over while the session is still being looked up.
    socket.write(`${head.join('\r\n')}\r\n\r\n${part.length.toString(16)}\r\n${part}\r\nnot a length\r\n`);
    await new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
  });
  await Promise.all(gone);
  await expect.poll(() => house.panel.doors.files.unfinished.turns.size).toBe(0);
  expect(await readdir(join(house.folder, 'quarantine'))).toEqual([]);
  expect((await owner.upload(name, [{ name: 'after.txt', body: 'after' }])).status).toBe(303);
});
