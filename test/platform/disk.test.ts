// What the disk adapter promises beyond the port: no leak, no way out in a race, foreign spellings, other file systems, groups.
import { readdirSync, readlinkSync } from 'node:fs';
import { chmod, link, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { Folder, hasDescriptorPaths } from '../../src/platform/storage/folder.ts';
import { groupId } from '../../src/platform/storage/ownership.ts';
import type { SiteStorage } from '../../src/platform/storage/port.ts';
import { swapping } from '../support/swapping.ts';

const refused = (status: number, key?: string) => expect.objectContaining({ name: 'PanelError', status, ...(key && { key }) });
const onLinux = test.skipIf(!hasDescriptorPaths());
const asRoot = process.getuid?.() === 0;

describe("a site's files in a folder of this machine", () => {
  let base: string;
  let root: string;
  let storage: SiteStorage;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'gotgan-disk-'));
    root = join(base, 'site');
    await mkdir(join(root, 'www'), { recursive: true });
    storage = diskSite(root);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const finished = async (content: string, folder = base) => {
    await writeFile(join(folder, 'finished'), content);
    return join(folder, 'finished');
  };
  const read = async (...path: string[]) => text((await storage.open(path)).stream);
  const list = async (...path: string[]) => (await storage.list(path)).map((entry) => entry.name).sort();

  function openBelowBase(): string[] {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const target = readlinkSync(`/proc/self/fd/${fd}`);
        return target.startsWith(base) ? [target] : [];
      } catch {
        return [];
      }
    });
  }

  onLinux('a few laid files wait for themselves alone, many for the whole file system', async ({ onTestFinished }) => {
    // a `sync` that fails tells who asks for it
    const usual = process.env.PATH;
    await mkdir(join(base, 'bin'));
    await writeFile(join(base, 'bin/sync'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    process.env.PATH = `${join(base, 'bin')}:${usual}`;
    onTestFinished(() => {
      process.env.PATH = usual;
    });
    const lay = async (folder: string, count: number) => {
      const layer = await storage.layer();
      const details = { mode: 0o640, modifiedAt: 1_700_000_000_000 };
      for (let index = 0; index < count; index++) await layer?.file(['www', folder, `${index}`], Buffer.from('x'), details);
      await layer?.folder(['www', folder, 'deep', 'empty']);
      return layer?.finish();
    };
    await lay('few', 3);
    expect(await list('www', 'few')).toEqual(['0', '1', '2', 'deep']);
    await expect(lay('many', 50)).rejects.toEqual(refused(503, 'error.storage'));
  });

  onLinux('no descriptor stays open, whatever succeeds or fails', async ({ onTestFinished }) => {
    // a descriptor that was forgotten stays open, or is closed by the garbage collection with a warning
    const warnings: string[] = [];
    const collect = (warning: Error) => warnings.push(warning.message);
    process.on('warning', collect);
    onTestFinished(() => void process.off('warning', collect));
    await storage.put(['www', 'a', 'file'], await finished('0123456789'), 'create');
    await symlink('/etc', join(root, 'www/evil'));
    await read('www', 'a', 'file');
    (await storage.open(['www', 'a', 'file'], { start: 1, end: 2 })).stream.destroy();
    const path = await finished('x');
    const acts = [
      () => storage.list(['www', 'a']),
      () => storage.stat(['www', 'a', 'none']),
      () => storage.stat(['www', 'none', 'none']),
      () => storage.open(['www', 'a']),
      () => storage.open(['www', 'evil', 'passwd']),
      () => storage.open(['www', 'a', 'file'], { start: 3, end: 1 }),
      () => storage.list(['www', 'evil']),
      () => storage.put(['www', 'a', 'file'], path, 'create'),
      () => storage.put(['www', 'evil', 'x'], path, 'replace'),
      () => storage.put(['www', 'a', 'file', 'x'], path, 'replace'),
      () => storage.put(['www', 'x'], join(base, 'missing'), 'create'),
      () => storage.put(['www', 'x'], root, 'create'),
      () => storage.makeFolder(['www', 'm', 'n']),
      () => storage.makeFolder(['www', 'evil', 'n']),
      () => storage.move(['www', 'a', 'file'], ['www', 'none', 'x']),
      () => storage.move(['www', 'a'], ['www', 'a', 'b']),
      () => storage.remove(['www', 'evil', 'x']),
      () => storage.remove(['www', 'none', 'x']),
      () => storage.remove(['www']),
    ];
    for (const act of acts) await act().catch(() => {});
    // streams close in the background
    await expect.poll(openBelowBase).toEqual([]);
    expect(warnings).toEqual([]);
  });

  onLinux('while another process swaps a folder for a link, nothing outside is read, written or removed', async () => {
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'secret');
    await writeFile(join(outside, 'keep'), 'secret');
    await mkdir(join(root, 'www/d'));
    await writeFile(join(root, 'www/d/file'), 'mine');
    const swaps = await swapping({ folder: join(root, 'www/d'), away: join(root, 'www/away'), targets: [outside] });
    const met = { inside: 0, refused: 0 };
    const attempt = async (act: () => Promise<unknown>) => {
      try {
        await act();
        met.inside++;
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ name: 'PanelError' }));
        met.refused++;
      }
    };
    try {
      const end = Date.now() + 1500;
      while (Date.now() < end) {
        await attempt(async () => expect(await read('www', 'd', 'file')).toBe('mine'));
        await attempt(async () => expect(await list('www', 'd')).not.toContain('keep'));
        await attempt(async () => storage.put(['www', 'd', 'file'], await finished('mine'), 'replace'));
        await attempt(async () => storage.put(['www', 'd', 'new', 'x'], await finished('mine'), 'create'));
        await attempt(async () => expect((await storage.names(['www', 'd'])).map(({ name }) => name)).not.toContain('keep'));
        await attempt(async () => expect(await storage.list(['www', 'd'], ['keep'])).toEqual([]));
        await attempt(() => storage.setDetails(['www', 'd', 'file'], { mode: 0o604, modifiedAt: 0 }));
        await attempt(() => storage.move(['www', 'd', 'keep'], ['www', 'stolen']));
        await attempt(() => storage.remove(['www', 'd', 'new']));
        await attempt(() => storage.remove(['www', 'd', 'keep']));
      }
    } finally {
      await swaps.stop();
    }
    expect(met.inside).toBeGreaterThan(10);
    expect(met.refused).toBeGreaterThan(10);
    expect((await readdir(outside)).sort()).toEqual(['file', 'keep']);
    expect(await list('www')).not.toContain('stolen');
    expect((await lstat(join(outside, 'file'))).mode & 0o777).not.toBe(0o604);
    expect(await readFile(join(outside, 'file'), 'utf8')).toBe('secret');
  });

  onLinux('a folder that is swapped after it was opened is left alone', async () => {
    await mkdir(join(root, 'www/d'));
    const folder = await Folder.open(root);
    const www = await folder.enter('www');
    await rm(join(root, 'www'), { recursive: true });
    await symlink('/etc', join(root, 'www'));
    await expect(www.has('passwd')).resolves.toBe(false);
    await expect(folder.enter('www')).rejects.toThrow('ENOTDIR');
    await www.close();
    await folder.close();
  });

  test('many files are looked at and read by a thread, each as by itself', async () => {
    const names = Array.from({ length: 2100 }, (_, at) => `${at}-사진.txt`);
    await mkdir(join(root, 'www/many'));
    await Promise.all(names.map((name, at) => writeFile(join(root, 'www/many', name), 'x'.repeat(at % 50))));
    await writeFile(join(root, 'www/many', '가게.txt'.normalize('NFD')), 'from a Mac');
    await writeFile(Buffer.from(`${root}/www/many/\xb0\xa1`, 'latin1'), 'from an old program');
    await symlink('/etc/passwd', join(root, 'www/many/link'));
    await mkdir(join(root, 'www/many/folder'));
    const lister = storage.lister();
    const byName = (entries: readonly { name: string }[]) => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName(await lister.list(['www', 'many']))).toEqual(byName(await storage.list(['www', 'many'])));
    await expect(lister.list(['www', 'none'])).rejects.toEqual(refused(404));
    await lister.close();

    const reader = storage.reader();
    const readOne = async (name: string) => {
      const into = Buffer.from(new SharedArrayBuffer(64));
      const { entry, bytes, after } = await reader.whole(['www', 'many', name], into);
      expect(after.stamp).toBe(entry.stamp);
      return into.toString('utf8', 0, bytes);
    };
    for (let from = 0; from < 1200; from += 30) {
      const some = names.slice(from, from + 30);
      expect(await Promise.all(some.map(readOne))).toEqual(some.map((_, at) => 'x'.repeat((from + at) % 50)));
    }
    expect(await Promise.all(['가게.txt', '가'].map(readOne))).toEqual(['from a Mac', 'from an old program']);
    for (const name of ['link', 'folder', 'none']) await expect(readOne(name), name).rejects.toEqual(refused(404));
    expect(await readOne(names[7] ?? '')).toBe('x'.repeat(7));
    await reader.close();
    if (hasDescriptorPaths()) expect(openBelowBase()).toEqual([]);
  });

  test('a link in the place of the whole site is not followed', async () => {
    await symlink(root, join(base, 'link'));
    await expect(diskSite(join(base, 'link')).list([])).rejects.toEqual(refused(404));
    await expect(diskSite(join(base, 'none')).list([])).rejects.toEqual(refused(404));
  });

  test('names that a Mac stored decomposed are shown and found composed, in folders and files', async () => {
    const [folder, file] = ['한글', '사진.jpg'];
    await mkdir(join(root, 'www', folder.normalize('NFD')));
    await writeFile(join(root, 'www', folder.normalize('NFD'), file.normalize('NFD')), 'mac');
    expect(await list('www')).toEqual([folder]);
    expect(await list('www', folder)).toEqual([file]);
    expect(await read('www', folder, file)).toBe('mac');
    expect(await storage.stat(['www', folder, file])).toMatchObject({ name: file, size: 3 });
    await expect(storage.put(['www', folder, file], await finished('new'), 'create')).rejects.toEqual(refused(409));
    await storage.put(['www', folder, file], await finished('new'), 'replace');
    expect(await list('www', folder)).toEqual([file]);
    await storage.put(['www', folder, 'other'], await finished('x'), 'create');
    expect(await list('www')).toEqual([folder]);
    await storage.move(['www', folder, file], ['www', '옮김.jpg']);
    await storage.remove(['www', folder]);
    expect(await list('www')).toEqual(['옮김.jpg']);
  });

  onLinux(
    'names that an old FTP program stored in EUC-KR, or that hold control characters, are readable and reachable',
    async () => {
      const name = Buffer.concat([Buffer.from(`${root}/www/`), Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]), Buffer.from('.txt')]);
      await writeFile(name, 'euc-kr');
      await writeFile(join(root, 'www/line\nfeed'), 'lf');
      await writeFile(Buffer.concat([Buffer.from(`${root}/www/bad-`), Buffer.from([0xff, 0xfe])]), 'bad');
      expect(await list('www')).toEqual(['bad-\uFFFD\uFFFD', 'line\uFFFDfeed', '한글.txt']);
      expect(await read('www', '한글.txt')).toBe('euc-kr');
      expect(await read('www', 'line\uFFFDfeed')).toBe('lf');
      await storage.move(['www', '한글.txt'], ['www', '새 이름.txt']);
      await storage.remove(['www', 'bad-\uFFFD\uFFFD']);
      expect((await readdir(join(root, 'www'))).sort()).toEqual(['line\nfeed', '새 이름.txt']);
    },
  );

  test('two files whose names look the same are both shown, each under a name of its own', async () => {
    await writeFile(join(root, 'www', '가.txt'), 'composed');
    await writeFile(join(root, 'www', '가.txt'.normalize('NFD')), 'decomposed');
    expect(await list('www')).toEqual(['가 (2).txt', '가.txt']);
    expect(await read('www', '가.txt')).toBe('composed');
    expect(await read('www', '가 (2).txt')).toBe('decomposed');
  });

  test('a folder nested five hundred deep is removed', async () => {
    let way = join(root, 'www');
    for (let depth = 0; depth < 500; depth++) {
      way = join(way, 'd');
      await mkdir(way);
    }
    await storage.put(['www', 'd', 'file'], await finished('x'), 'create');
    await storage.remove(['www', 'd']);
    expect(await list('www')).toEqual([]);
  });

  test('a file with another name elsewhere is copied, so that two owners never share one', async () => {
    const path = await finished('shared');
    await link(path, join(base, 'other name'));
    for (const mode of ['create', 'replace'] as const) {
      await rm(path, { force: true });
      await link(join(base, 'other name'), path);
      await storage.put(['www', mode], path, mode);
      expect((await stat(join(root, 'www', mode))).nlink).toBe(1);
      await expect(lstat(path)).rejects.toThrow('ENOENT');
    }
    expect(await list('www')).toEqual(['create', 'replace']);
  });

  test('a file from another file system is stored as whole and as safely', async ({ skip }) => {
    const shm = await mkdtemp('/dev/shm/gotgan-').catch(() => skip('this machine has no second file system to write to'));
    try {
      if ((await stat(shm)).dev === (await stat(root)).dev) skip('this machine has no second file system to write to');
      await storage.put(['www', 'far'], await finished('one', shm), 'create');
      await expect(storage.put(['www', 'far'], await finished('two', shm), 'create')).rejects.toEqual(refused(409));
      expect(await read('www', 'far')).toBe('one');
      expect(await readdir(shm)).toEqual(['finished']);
      await storage.put(['www', 'far'], join(shm, 'finished'), 'replace');
      expect(await read('www', 'far')).toBe('two');
      expect((await storage.stat(['www', 'far'])).mode).toBe(0o640);
      expect(await readdir(shm)).toEqual([]);
      expect(await readdir(join(root, 'www'))).toEqual(['far']);
    } finally {
      await rm(shm, { recursive: true, force: true });
    }
  });

  test.skipIf(!asRoot)('files and folders get the group of the web server', async () => {
    const grouped = diskSite(root, { group: '4242' });
    await grouped.put(['www', 'a', 'file'], await finished('x'), 'create');
    expect(await stat(join(root, 'www/a'))).toMatchObject({ gid: 4242, mode: 0o42750 });
    expect(await stat(join(root, 'www/a/file'))).toMatchObject({ gid: 4242, mode: 0o100640 });
  });

  test('a group is found by name or number, and an unknown one is a fault of the configuration', async () => {
    const line = (await readFile('/etc/group', 'utf8')).split('\n').find((each) => /^[a-z]+:/.test(each)) ?? '';
    const [name = '', , id] = line.split(':');
    expect(await groupId(name)).toBe(Number(id));
    expect(await groupId('1001')).toBe(1001);
    expect(await groupId(33)).toBe(33);
    await expect(groupId('no-such-group-here')).rejects.toThrow('SITES_GROUP');
    await expect(groupId('-x; id')).rejects.toThrow('SITES_GROUP');
  });

  test.skipIf(asRoot)('a folder that the panel may not write to answers that the storage refuses', async () => {
    await chmod(join(root, 'www'), 0o500);
    await expect(storage.makeFolder(['www', 'x'])).rejects.toEqual(refused(503, 'error.storage'));
    await chmod(join(root, 'www'), 0o700);
  });

  test('a file to be stored that is missing, or no file, is a bug and not the person to blame', async () => {
    await symlink(join(root, 'www'), join(base, 'link'));
    for (const path of [join(base, 'missing'), root, join(base, 'link')]) {
      await expect(storage.put(['www', 'x'], path, 'create')).rejects.not.toEqual(refused(404));
      await expect(storage.put(['www', 'x'], path, 'create')).rejects.not.toHaveProperty('status');
    }
    expect(await list('www')).toEqual([]);
  });
});
