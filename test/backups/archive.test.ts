// The archive of a site on real files: everything is in it, nothing is followed, and what is missing is said.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ArchiveOrder, writeArchive } from '../../src/backups/archive.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { PanelError, unavailable } from '../../src/platform/errors.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import type { SiteReader, SiteStorage } from '../../src/platform/storage/port.ts';
import { wholeBy } from '../../src/platform/storage/whole.ts';
import { readManifest } from './manifests.ts';

const run = promisify(execFile);
const isThere = (tool: string) =>
  run('sh', ['-c', `command -v ${tool}`]).then(
    () => true,
    () => false,
  );
const unzipIsThere = await isThere('unzip');
const pythonIsThere = await isThere('python3');

let folder: string;
let site: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  site = join(folder, 'site');
  await mkdir(join(site, 'www'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lastWeek = new Date(Math.floor(Date.now() / 1000) * 1000 - 7 * 86_400_000);

async function put(path: string, content: string | Buffer, time = lastWeek) {
  const file = join(site, 'www', path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  await utimes(file, time, time);
}

async function back(name: string, other: Partial<ArchiveOrder> = {}) {
  const target = join(folder, name);
  const signal = new AbortController().signal;
  const order = { storage: diskSite(site), siteName: 'haneul', target, at: Date.now(), zone: 'Asia/Seoul', signal, ...other };
  const made = await writeArchive(order);
  const manifest = await readManifest(target);
  expect(await verifyArchive(target, { sha256: made.sha256, manifest, signal })).toEqual({ ok: true });
  expect(manifest).toEqual(JSON.parse(JSON.stringify({ ...made.manifest, members: manifest.members })));
  expect((await readdir(folder)).filter((one) => one.startsWith(`${name}.`))).toEqual([]);
  return { path: target, ...made, manifest };
}

/** The disk storage, with something happening just before or after a file is opened. */
function disturbed(act: { beforeOpen?(path: string): Promise<void>; afterOpen?(path: string): Promise<void> }): SiteStorage {
  const storage = diskSite(site);
  const reader = (): SiteReader => {
    const plain = storage.reader();
    const open: SiteReader['open'] = async (path) => {
      await act.beforeOpen?.(path.join('/'));
      const opened = await plain.open(path);
      await act.afterOpen?.(path.join('/'));
      return opened;
    };
    return { open, whole: (path, into) => wholeBy({ open }, path, into), close: () => plain.close() };
  };
  return new Proxy(storage, { get: (target, key) => (key === 'reader' ? reader : Reflect.get(target, key).bind(target)) });
}

const korean = '가'.repeat(83); // 249 bytes of UTF-8
const names = [
  '한글 이름.txt',
  `"quoted" & 'single' $(x);.txt`,
  '🏯 곳간/👨‍👩‍👧.txt',
  `${korean}x`,
  '-rf',
  'a\u2028b',
  '.htaccess',
];

async function manyKinds() {
  for (const name of names) await put(name, `내용 ${name}`);
  await put('empty', '');
  await put('random.bin', randomBytes(3 * 1024 * 1024));
  await put('text.html', '<p>안녕하세요</p>\n'.repeat(100_000));
  await put('old', 'x', new Date('1975-06-01T00:00:00Z'));
  await put('future', 'x', new Date('2100-06-01T00:00:00Z'));
  await put('mode', 'x');
  await chmod(join(site, 'www/mode'), 0o604);
  await mkdir(join(site, 'www/empty folder/inner'), { recursive: true });
  await chmod(join(site, 'www/empty folder/inner'), 0o2710);
  await symlink('text.html', join(site, 'www/link'));
  await symlink('/nowhere/at all', join(site, 'www/dangling'));
  await symlink('..', join(site, 'www/upwards'));
}

type Tree = Record<string, { kind: string; mode: number; seconds: number; content: string }>;

async function tree(root: string, below = ''): Promise<Tree> {
  const found: Tree = {};
  for (const name of await readdir(join(root, below))) {
    const path = join(below, name);
    const stats = await lstat(join(root, path));
    const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'file';
    const content = kind === 'file' ? (await readFile(join(root, path))).toString('base64') : '';
    const seconds = kind === 'file' ? Math.floor(stats.mtimeMs / 1000) : 0;
    const mode = kind === 'link' ? 0 : stats.mode & 0o777;
    found[path] = { kind, mode, seconds, content: kind === 'link' ? await readlink(join(root, path)) : content };
    if (kind === 'folder') Object.assign(found, await tree(root, path));
  }
  return found;
}

async function unpacked(archive: string): Promise<string> {
  const to = await mkdtemp(join(folder, 'out-'));
  await run('unzip', ['-qq', '-X', archive, '-d', to], { env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'Asia/Seoul' } });
  return to;
}

describe('a site with every kind of file', () => {
  test.skipIf(!unzipIsThere)('comes out of unzip as it went in: contents, links, empty folders, modes, times', async () => {
    await manyKinds();
    const { path, manifest } = await back('one.zip');
    const out = await unpacked(path);
    const [before, after] = [await tree(join(site, 'www')), await tree(join(out, 'www'))];
    for (const [name, entry] of Object.entries(before)) {
      const seconds = name === 'future' ? after[name]?.seconds : entry.seconds;
      expect({ name, ...after[name] }).toEqual({ name, ...entry, seconds });
    }
    expect(Object.keys(after)).toHaveLength(Object.keys(before).length);
    expect(manifest.leftOut).toEqual([]);
    expect(manifest.counts).toMatchObject({ files: names.length + 6, links: 3, folders: 3 });
    expect(await readFile(join(out, 'README.txt'), 'utf8')).toContain('haneul 사이트 백업본');
  });

  test.skipIf(!pythonIsThere)('keeps its Korean names and kinds for other programs', async () => {
    await manyKinds();
    const { path } = await back('one.zip');
    const script =
      'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print("\\0".join(i.filename+oct(i.external_attr>>16) for i in z.infolist()))';
    const listed = (await run('python3', ['-c', script, path], { env: { ...process.env, PYTHONIOENCODING: 'utf-8' } })).stdout
      .trim()
      .split('\0');
    for (const name of names) expect(listed).toContain(`www/${name}0o100644`);
    expect(listed).toContain('www/empty folder/inner/0o42710');
    expect(listed).toContain('www/link0o120777');
  });

  test.skipIf(!unzipIsThere)('carried over from the last archive it holds the same as newly compressed', async () => {
    await manyKinds();
    const first = await back('first.zip');
    await put('text.html', 'changed');
    await put('new', 'new');
    await rm(join(site, 'www', korean), { force: true });
    await chmod(join(site, 'www/random.bin'), 0o600);
    const at = Date.now();
    const carried = await back('carried.zip', { at, previous: first });
    const plain = await back('plain.zip', { at });
    expect(carried.carriedFiles).toBeGreaterThan(names.length);
    const [one, other] = [await unpacked(carried.path), await unpacked(plain.path)];
    expect(await tree(join(one, 'www'))).toEqual(await tree(join(other, 'www')));
    expect(carried.manifest.members).toEqual(plain.manifest.members);
  });
});

test('an empty site makes an archive, a site without www/ does not', async () => {
  const { manifest } = await back('empty.zip');
  expect(manifest.counts).toEqual({ files: 0, folders: 0, links: 0, bytes: 0, databases: 0 });
  expect(manifest.members.map((member) => member.path)).toEqual(['www', 'README.txt']);
  await rm(join(site, 'www'), { recursive: true });
  await expect(back('none.zip')).rejects.toMatchObject({ status: 404 });
});

test('nothing behind a link is in the archive, and a pipe is left out and said', async () => {
  await mkdir(join(folder, 'secret'));
  await writeFile(join(folder, 'secret/file'), 'secret');
  await symlink(join(folder, 'secret'), join(site, 'www/outside'));
  await run('mkfifo', [join(site, 'www/pipe')]);
  const { manifest } = await back('links.zip');
  expect(manifest.members.map((member) => member.path)).toEqual(['www', 'www/outside', 'README.txt']);
  expect(manifest.leftOut).toEqual([{ path: 'www/pipe', reason: 'special' }]);
});

describe('while the archive is made', () => {
  test('a deleted file is left out and said, and the rest is there', async () => {
    for (const name of ['a', 'b', 'c']) await put(name, name);
    const storage = disturbed({
      beforeOpen: (path) => (path === 'www/b' ? rm(join(site, path), { force: true }) : Promise.resolve()),
    });
    const { manifest } = await back('gone.zip', { storage });
    expect(manifest.leftOut).toEqual([{ path: 'www/b', reason: 'gone' }]);
    expect(manifest.members.map((member) => member.path)).toEqual(['www', 'www/a', 'www/c', 'README.txt']);
  });

  test.each([
    ['small', 1000],
    ['big', 2_500_000],
  ])('a %s file that changes once is read again', async (_, bytes) => {
    await put('file', Buffer.alloc(bytes, 'a'));
    let changes = 0;
    const storage = disturbed({
      afterOpen: async () => (changes++ === 0 ? put('file', Buffer.alloc(bytes + 10, 'b')) : undefined),
    });
    const { manifest } = await back('changed.zip', { storage });
    expect(manifest.leftOut).toEqual([]);
    expect(manifest.members[1]?.size).toBe(bytes + 10);
  });

  test.each([
    ['small', 1000],
    ['big', 2_500_000],
  ])('a %s log that never rests is kept, said, and read anew next time', async (_, bytes) => {
    await put('log', Buffer.alloc(bytes, 'a'));
    const storage = disturbed({ afterOpen: async (path) => put(path.slice(4), randomBytes(bytes)) });
    const first = await back('first.zip', { storage });
    expect(first.manifest.leftOut).toEqual([{ path: 'www/log', reason: 'changed' }]);
    const second = await back('second.zip', { previous: first });
    expect(second.carriedFiles).toBe(0);
    expect(second.manifest.leftOut).toEqual([]);
  });

  test('a big file that is deleted after it was read is taken back', async () => {
    await put('big', randomBytes(3_000_000));
    await put('next', 'next');
    const storage = disturbed({ afterOpen: (path) => (path === 'www/big' ? rm(join(site, path)) : Promise.resolve()) });
    const { manifest, bytes } = await back('gone.zip', { storage });
    expect(manifest.leftOut).toEqual([{ path: 'www/big', reason: 'gone' }]);
    expect(bytes).toBeLessThan(100_000);
  });

  test('a file that cannot be read is left out and said, while a storage that is down ends the backup', async () => {
    await put('a', 'a');
    await put('b', 'b');
    const refuse = async (path: string) => {
      if (path === 'www/b') throw unavailable('error.storage', { code: 'EACCES' });
    };
    const { manifest } = await back('unreadable.zip', { storage: disturbed({ beforeOpen: refuse }) });
    expect(manifest.leftOut).toEqual([{ path: 'www/b', reason: 'unreadable' }]);
    let isDown = false;
    const down = disturbed({
      beforeOpen: async () => {
        isDown = true;
        throw unavailable();
      },
    });
    const dying: SiteStorage = new Proxy(down, {
      get: (target, key) => (isDown && key !== 'reader' ? () => Promise.reject(unavailable()) : Reflect.get(target, key)),
    });
    await expect(back('down.zip', { storage: dying })).rejects.toBeInstanceOf(PanelError);
  });

  test('it can be stopped', async () => {
    for (let number = 0; number < 100; number++) await put(`${number}`, 'x');
    const control = new AbortController();
    const progress = (_: string, done: number) => (done === 20 ? control.abort(new Error('stopped')) : undefined);
    await expect(back('stopped.zip', { signal: control.signal, progress })).rejects.toThrow('stopped');
  });

  test('progress counts every file once', async () => {
    for (let number = 0; number < 50; number++) await put(`${number}`, 'x');
    const told: string[] = [];
    await back('progress.zip', { progress: (step, done, total) => told.push(`${step} ${done}/${total}`) });
    expect(told).toEqual(['listing 0/0', ...Array.from({ length: 50 }, (_, n) => `files ${n + 1}/50`), 'closing 50/50']);
  });
});

describe('a file of which the clock cannot tell whether it changed', () => {
  test('written in the second before the archive began is not carried over', async () => {
    await put('fresh', 'one', new Date());
    const first = await back('first.zip');
    const second = await back('second.zip', { previous: first });
    expect(second.carriedFiles).toBe(0);
  });

  test('with the same size and its old time set again is read anew', async () => {
    await put('file', 'one');
    const first = await back('first.zip');
    await put('file', 'two');
    const second = await back('second.zip', { previous: first });
    expect(second.carriedFiles).toBe(0);
    expect(second.manifest.members[1]?.sha256).not.toBe(first.manifest.members[1]?.sha256);
  });
});

test('a last archive that is gone or cut off carries nothing over', async () => {
  await put('a', 'a'.repeat(1000));
  const first = await back('first.zip');
  const whole = await readFile(first.path);
  await writeFile(first.path, whole.subarray(0, whole.length - 30));
  expect((await back('second.zip', { previous: first })).carriedFiles).toBe(0);
  await rm(first.path);
  expect((await back('third.zip', { previous: first })).carriedFiles).toBe(0);
});
