// The trash over HTTP: away in one click and back in one, counted meanwhile, and gone after thirty days.
import { lstat, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { day, second } from '../../src/platform/clock.ts';
import { welcome } from '../people/guests.ts';
import { Visitor } from '../support/panel.ts';
import { startOwnSite } from './own-site.ts';

const { house, owner, site, files, www, lay } = await startOwnSite();
afterAll(() => house.close());

const trash = () => readdir(join(house.folder, 'sites', site, 'trash'));
const used = async () => {
  const { sites, connection } = house.panel.doors;
  await connection.write(async (tx) => sites.queueCount(tx, await sites.byName(site)));
  await house.work();
  return (await sites.byName(site)).usedBytes;
};
/** What the button of the list sends. */
const throwAway = async (path: string | string[], visitor = owner) => {
  const { text } = await visitor.get(`${files}/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  // Of two that were deleted at the same moment none is the newer one.
  house.clock.advance(second);
  return visitor.send(`${files}/trash`, { _csrf, path });
};
const undo = (answer: { headers: Record<string, string> }) =>
  owner.submit(answer.headers.location ?? '', {}, `${files}/trash/restoration`);
const idOf = async (name: string) => {
  const row = (await owner.get(`${files}/trash`)).text.split('<tr>').find((one) => one.includes(`>${name}<`)) ?? '';
  return /name="id" value="([0-9a-f-]{36})"/.exec(row)?.[1] ?? '';
};

test('what is deleted is out of the web at once, stays in the plan, and comes back with one click as it was', async () => {
  await lay('앨범/사진.txt', '0123456789');
  await lay('app/config.php', '<?php echo 1;');
  const before = await used();
  const answer = await throwAway(['www/앨범', 'www/app/config.php']);
  expect(answer.status).toBe(303);
  expect(await readdir(www())).not.toContain('앨범');
  expect(await readdir(www('app'))).toEqual([]);
  expect(await trash()).toHaveLength(2);
  expect(await used()).toBe(before);
  const page = await owner.get(answer.headers.location ?? '');
  expect(page.text).toContain('2개를 휴지통으로 옮겼습니다');
  const back = await undo(answer);
  expect(back.status).toBe(303);
  expect(await readFile(www('앨범/사진.txt'), 'utf8')).toBe('0123456789');
  expect(await readFile(www('app/config.php'), 'utf8')).toBe('<?php echo 1;');
  expect(await trash()).toEqual([]);
  expect((await owner.get(answer.headers.location ?? '')).text).not.toContain('2개를 휴지통으로 옮겼습니다');
});

test('a folder above that is gone is made anew, and a name that was taken meanwhile is left to what took it', async () => {
  await lay('a/b/note.txt', 'old');
  const first = await throwAway('www/a/b/note.txt');
  await throwAway('www/a');
  await lay('a/b/note.txt', 'new');
  await undo(first);
  expect(await readFile(www('a/b/note.txt'), 'utf8')).toBe('new');
  expect(await readFile(www('a/b/note (2).txt'), 'utf8')).toBe('old');
  await throwAway('www/a');
  await lay('a', 'a file stands here now');
  const refused = await owner.submit(`${files}/trash`, { id: await idOf('a') }, `${files}/trash/restoration`);
  expect(refused.status).toBe(303);
  expect((await readdir(www())).sort()).toEqual(expect.arrayContaining(['a', 'a (2)']));
  await throwAway('www/a (2)/b/note.txt');
  await throwAway('www/a (2)');
  await lay('a (2)', 'a file');
  const stuck = await owner.submit(`${files}/trash`, { id: await idOf('note.txt') }, `${files}/trash/restoration`);
  expect(stuck.status).toBe(422);
  expect(stuck.text).toContain('있던 폴더 자리에 다른 것이 있어');
});

test('what comes back into an upload folder meets the whole policy, and so does what is moved into one', async () => {
  await lay('data/up/shell.php', '<?php system($_GET[1]);');
  await lay('lib/tool.php', '<?php echo 1;');
  await throwAway('www/data/up/shell.php');
  await house.panel.doors.sites.folders.mark(await house.panel.doors.sites.byName(site), ['www', 'data', 'up']);
  const back = await owner.submit(`${files}/trash`, { id: await idOf('shell.php') }, `${files}/trash/restoration`);
  expect([back.status, back.text.includes('FTP')]).toEqual([422, true]);
  const move = (path: string, to: string) =>
    owner.submit(`${files}/www?do=move&path=${path}`, { path, to, name: '' }, `${files}/move`);
  for (const path of ['www/lib/tool.php', 'www/lib']) {
    const moved = await move(path, 'www/data/up');
    expect([path, moved.status, moved.text.includes('FTP')]).toEqual([path, 422, true]);
  }
  await lay('lib2/fine.txt', 'fine');
  await symlink('/etc/passwd', www('lib2/link'));
  expect((await move('www/lib2', 'www/data/up')).text).toContain('링크를 둘 수 없습니다');
  expect((await move('www/lib2/fine.txt', 'www/data/up')).status).toBe(303);
  expect(await readdir(www('data/up'))).toEqual(['fine.txt']);
});

test('links are thrown away as links: what they point at stays, and nothing behind one can be thrown away', async () => {
  await writeFile(join(house.folder, 'outside.txt'), 'secret');
  await mkdir(join(house.folder, 'outside'), { recursive: true });
  await writeFile(join(house.folder, 'outside/secret.txt'), 'secret');
  await symlink(join(house.folder, 'outside'), www('way-out'));
  expect((await throwAway('www/way-out/secret.txt')).headers.location).not.toContain('undo=');
  expect((await throwAway('www/way-out')).headers.location).toContain('undo=');
  const page = await owner.get(`${files}/trash/deletion?id=${await idOf('way-out')}`);
  expect(page.text).toContain('way-out');
  await owner.submit(`${files}/trash/deletion?id=${await idOf('way-out')}`, {}, `${files}/trash/deletion`);
  expect(await readFile(join(house.folder, 'outside/secret.txt'), 'utf8')).toBe('secret');
  await expect(lstat(www('way-out'))).rejects.toThrow('ENOENT');
});

test('www itself, backup, the trash and what is in it cannot be thrown away, looked into or downloaded as folders', async () => {
  for (const path of ['www', 'backup', 'trash', 'backup/x.zip', 'trash/x'])
    expect([path, (await throwAway(path)).status]).toEqual([path, 422]);
  const [name = ''] = await trash();
  for (const address of [`${files}/trash/${name}`, `${files}/trash/${name}?do=view`])
    expect([address, (await owner.get(address)).status]).toEqual([address, 404]);
  expect((await owner.get(files)).text).not.toContain(`${files}/trash?do=view`);
});

test('a viewer sees the trash and can do nothing to it, and nobody reaches the trash of another site', async () => {
  const viewer = await welcome(house, owner, { email: 'viewer@example.com', role: 'viewer', sites: site });
  await lay('kept.txt', 'kept');
  await throwAway('www/kept.txt');
  const id = await idOf('kept.txt');
  expect((await viewer.get(`${files}/trash`)).text).toContain('kept.txt');
  expect((await throwAway('www/index.html', viewer)).status).toBe(403);
  expect((await viewer.get(`${files}/trash/deletion?all=1`)).status).toBe(403);
  const stranger = new Visitor(house);
  const theirs = await stranger.arrive('stranger@example.com');
  const { text } = await stranger.get(`/sites/${theirs}/files/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  const taken = await stranger.send(`/sites/${theirs}/files/trash/restoration`, { _csrf, id });
  expect(taken.status).toBe(404);
  await stranger.send(`/sites/${theirs}/files/trash/deletion`, { _csrf, id });
  expect(await idOf('kept.txt')).toBe(id);
});

test('emptying while the disk of the site is away forgets nothing, and says that it could not be done', async () => {
  await lay('kept.txt');
  await throwAway('www/kept.txt');
  const asked = await owner.hidden(`${files}/trash/deletion?all=1`, `${files}/trash/deletion`);
  const [folder, away] = [join(house.folder, 'sites', site), join(house.folder, 'away')];
  const rows = () => house.panel.doors.connection.db.selectFrom('file_trash').selectAll().execute();
  const before = await rows();
  await rename(folder, away);
  expect((await owner.send(`${files}/trash/deletion`, asked)).status).toBe(503);
  await rename(away, folder);
  expect(await rows()).toEqual(before);
  expect(await idOf('kept.txt')).not.toBe('');
});

test('emptying removes what the question named, and not what was deleted since', async () => {
  await lay('named.txt');
  await lay('since.txt');
  await throwAway('www/named.txt');
  const asked = await owner.hidden(`${files}/trash/deletion?all=1`, `${files}/trash/deletion`);
  await throwAway('www/since.txt');
  expect((await owner.send(`${files}/trash/deletion`, asked)).status).toBe(303);
  const { text } = await owner.get(`${files}/trash`);
  expect([text.includes('>named.txt<'), text.includes('>since.txt<')]).toEqual([false, true]);
});

test('after thirty days the job empties it, its room comes back, and the history tells of it all', async () => {
  await lay('late/one.txt', 'x'.repeat(5000));
  const before = await used();
  await throwAway('www/late');
  await house.panel.doors.files.trash.sweep();
  expect(await used()).toBe(before);
  house.clock.advance(29 * day);
  await house.panel.doors.files.trash.sweep();
  expect((await trash()).length).toBeGreaterThan(0);
  house.clock.advance(day);
  await house.panel.doors.files.trash.sweep();
  expect(await trash()).toEqual([]);
  expect(await used()).toBeLessThanOrEqual(before - 5000);
  await owner.logIn('owner@example.com');
  const { text } = await owner.get('/account/history?kind=files');
  for (const sentence of ['휴지통으로 옮김', '되돌림']) expect(text).toContain(sentence);
});

test('what was cut off between its row and its move is found out: it lies there, or it never went', async () => {
  await lay('half.txt', 'half');
  await throwAway('www/half.txt');
  const { connection, files: door } = house.panel.doors;
  const rows = () => connection.db.selectFrom('file_trash').select(['id', 'moved_at']).orderBy('id').execute();
  const [row] = (await rows()).slice(-1);
  const ghost = `${row?.id.slice(0, -4)}0000`;
  await connection.write(async (tx) => {
    const one = await tx
      .selectFrom('file_trash')
      .selectAll()
      .where('id', '=', row?.id ?? '')
      .executeTakeFirstOrThrow();
    await tx.updateTable('file_trash').set({ moved_at: null }).execute();
    await tx
      .insertInto('file_trash')
      .values({ ...one, id: ghost, moved_at: null })
      .execute();
  });
  await door.trash.sweep();
  expect((await rows()).some(({ id }) => id === ghost)).toBe(true);
  house.clock.advance(2 * 60 * 60 * 1000);
  await door.trash.sweep();
  const after = await rows();
  expect(after.map(({ id }) => id)).not.toContain(ghost);
  expect(after.find(({ id }) => id === row?.id)?.moved_at).not.toBeNull();
});

test('a server that fails keeps no other site waiting, however much is due there, and is asked again an hour later', async () => {
  const { connection, files: door } = house.panel.doors;
  const other = new Visitor(house);
  const theirs = await other.arrive('neighbour@example.com');
  const place = join(house.folder, 'sites', theirs);
  await writeFile(join(place, 'www', 'theirs.txt'), 'x');
  const { text } = await other.get(`/sites/${theirs}/files/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  await other.send(`/sites/${theirs}/files/trash`, { _csrf, path: 'www/theirs.txt' });
  const rows = (path: string) => connection.db.selectFrom('file_trash').selectAll().where('path', '=', path);
  const one = await rows('www/theirs.txt').executeTakeFirstOrThrow();
  const many = Array.from({ length: 600 }, (_, at) => ({ ...one, id: one.id.replace(/.{4}$/, String(at).padStart(4, '0')) }));
  await connection.write((tx) => tx.insertInto('file_trash').values(many.slice(0, 300)).execute());
  await connection.write((tx) => tx.insertInto('file_trash').values(many.slice(300)).execute());
  house.clock.advance(second);
  await lay('mine.txt');
  await throwAway('www/mine.txt');
  const { serverId } = await house.panel.doors.sites.byName(theirs);
  const putOn = (server: string) =>
    connection.write((tx) => tx.updateTable('sites').set({ server_id: server }).where('name', '=', theirs).execute());
  await putOn('no server has this id');
  house.clock.advance(31 * day);
  await expect(door.trash.sweep()).rejects.toMatchObject({ status: 404 });
  expect(await rows('www/mine.txt').execute()).toEqual([]);
  expect(await rows('www/theirs.txt').execute()).toHaveLength(601);
  await putOn(serverId);
  for (let round = 0; round < 3; round += 1) {
    house.clock.advance(2 * 60 * 60 * 1000);
    await door.trash.sweep();
  }
  expect(await rows('www/theirs.txt').execute()).toEqual([]);
  expect(await readdir(join(place, 'trash'))).toEqual([]);
});
