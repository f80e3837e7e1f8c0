// What every SiteStorage promises (src/platform/storage/port.ts), and that the disk and a server reached by SFTP keep it.
// biome-ignore-all lint/suspicious/noExportsInTest: other adapters run the same suite
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { diskSite } from '../../src/platform/storage/disk.ts';
import type { SitePath, SiteStorage } from '../../src/platform/storage/port.ts';
import { sftpStorage } from '../../src/platform/storage/sftp.ts';
import { RemoteSites } from '../support/remote-sites.ts';

export type SiteUnderTest = {
  readonly storage: SiteStorage;
  /** where the site's files lie on this machine, so that a test can lay links and foreign files into it */
  readonly folder: string;
  /** a folder of this machine outside the site, for files to be put and for what must never be touched */
  readonly outside: string;
  /** the adapter sees times in whole seconds, and no write after which the content time was set back */
  readonly wholeSeconds?: boolean;
  /** the site has a system user of its own, to whose group everything it holds is open */
  readonly isShared?: boolean;
  /** gives what a test laid into the site to the site's own user, where there is one */
  own?(path: string): Promise<void>;
  close(): Promise<void>;
};

const at = (path: string): SitePath => path.split('/').filter((part) => part !== '');
const names = async (storage: SiteStorage, path: string) => (await storage.list(at(path))).map((entry) => entry.name).sort();
const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

export function siteStorageContract(adapter: string, make: () => Promise<SiteUnderTest>): void {
  describe(`a site's files on ${adapter}`, () => {
    let site: SiteUnderTest;
    let storage: SiteStorage;

    beforeEach(async () => {
      site = await make();
      storage = site.storage;
      await storage.makeFolder(at('www'));
    });
    afterEach(() => site.close());

    const finished = async (content: string, name = 'finished') => {
      const path = join(site.outside, name);
      await writeFile(path, content, { mode: 0o600 });
      return path;
    };
    const put = async (path: string, content: string, mode: 'create' | 'replace' = 'create') =>
      storage.put(at(path), await finished(content), mode);
    const read = async (path: string, range?: { start: number; end: number }) =>
      text((await storage.open(at(path), range)).stream);
    const secret = () => join(site.outside, 'private/secret.txt');

    async function layLinks() {
      await mkdir(join(site.outside, 'private'));
      await writeFile(secret(), 'secret');
      await symlink(join(site.outside, 'private'), join(site.folder, 'www/evil'));
      await symlink(secret(), join(site.folder, 'www/file-link.txt'));
      await symlink('nowhere', join(site.folder, 'www/dangling'));
    }

    test('a stored file reads back as it was, whole and in part', async () => {
      await put('www/글/안녕.txt', '0123456789');
      expect(await read('www/글/안녕.txt')).toBe('0123456789');
      expect(await read('www/글/안녕.txt', { start: 2, end: 4 })).toBe('234');
      expect(await read('www/글/안녕.txt', { start: 9, end: 9 })).toBe('9');
      const { entry, stream } = await storage.open(at('www/글/안녕.txt'));
      stream.destroy();
      expect(entry).toMatchObject({ name: '안녕.txt', kind: 'file', size: 10 });
    });

    test('an empty file is a file', async () => {
      await put('www/empty', '');
      expect(await read('www/empty')).toBe('');
      expect(await storage.stat(at('www/empty'))).toMatchObject({ kind: 'file', size: 0 });
    });

    test('a stored file has no execute bit and its folders pass their group on', async () => {
      const path = await finished('#!/bin/sh\n');
      await chmod(path, 0o777);
      await storage.put(at('www/a/b/run.sh'), path, 'create');
      const [file, folder] = site.isShared ? [0o660, 0o2770] : [0o640, 0o2750];
      expect((await storage.stat(at('www/a/b/run.sh'))).mode).toBe(file);
      expect((await storage.stat(at('www/a'))).mode).toBe(folder);
      expect((await storage.stat(at('www/a/b'))).mode).toBe(folder);
    });

    test('a file that was stored has left the place it came from', async () => {
      const path = await finished('moved');
      await storage.put(at('www/moved.txt'), path, 'create');
      await expect(lstat(path)).rejects.toThrow('ENOENT');
    });

    test('the description of a file tells kind, size and time, and a folder has no size', async () => {
      await put('www/note.txt', 'five!');
      await utimes(join(site.folder, 'www/note.txt'), 1_700_000_000.5, 1_700_000_000.5);
      expect(await storage.stat(at('www/note.txt'))).toMatchObject({
        kind: 'file',
        size: 5,
        modifiedAt: site.wholeSeconds ? 1_700_000_000_000 : 1_700_000_000_500,
      });
      expect(await storage.stat(at('www'))).toMatchObject({ name: 'www', kind: 'folder', size: 0 });
      expect(await storage.stat([])).toMatchObject({ kind: 'folder' });
    });

    test('a list holds everything that stands in the folder', async () => {
      await put('www/나.txt', 'x');
      await storage.makeFolder(at('www/folder'));
      await symlink('나.txt', join(site.folder, 'www/link'));
      spawnSync('mkfifo', [join(site.folder, 'www/pipe')]);
      const entries = await storage.list(at('www'));
      const kinds = Object.fromEntries(entries.map((entry) => [entry.name, entry.kind]));
      expect(kinds).toEqual({ '나.txt': 'file', folder: 'folder', link: 'link', pipe: 'other' });
      expect(entries.find((entry) => entry.kind === 'link')?.target).toBe('나.txt');
      expect(entries).toContainEqual(await storage.stat(at('www/나.txt')));
      expect(await names(storage, '')).toEqual(['www']);
    });

    test('the names of a folder are told with their kinds, and a list of some of them describes those alone', async () => {
      for (const name of ['나.txt', 'a', 'b']) await put(`www/${name}`, name);
      await writeFile(join(site.folder, 'www', '맥.txt'.normalize('NFD')), 'x');
      await storage.makeFolder(at('www/folder'));
      await symlink('a', join(site.folder, 'www/link'));
      await writeFile(join(site.folder, `www/.gotgan-${randomUUID()}`), 'half');
      const kinds = Object.fromEntries((await storage.names(at('www'))).map(({ name, kind }) => [name, kind]));
      expect(kinds).toEqual({ '나.txt': 'file', a: 'file', b: 'file', '맥.txt': 'file', folder: 'folder', link: 'link' });
      const some = await storage.list(at('www'), ['b', '맥.txt', 'link', 'none']);
      expect(some.map(({ name, kind, size }) => [name, kind, size]).sort()).toEqual([
        ['b', 'file', 1],
        ['link', 'link', 0],
        ['맥.txt', 'file', 1],
      ]);
      await expect(storage.list(at('www'), ['..'])).rejects.toThrow(RangeError);
      for (const path of ['www/none', 'www/a', 'www/link'])
        await expect(storage.names(at(path)), path).rejects.toEqual(refused(404));
    });

    test('rights of a file or folder are set as asked for; what passes its group on still does, and a link is left alone', async () => {
      await put('www/folder/file', 'x');
      await storage.setDetails(at('www/folder/file'), { mode: 0o604 });
      await storage.setDetails(at('www/folder'), { mode: 0o705 });
      expect((await storage.stat(at('www/folder/file'))).mode).toBe(0o604);
      expect((await storage.stat(at('www/folder'))).mode).toBe(0o2705);
      await layLinks();
      const before = (await lstat(secret())).mode;
      spawnSync('mkfifo', [join(site.folder, 'www/pipe')]);
      for (const path of ['www/file-link.txt', 'www/evil', 'www/evil/secret.txt', 'www/dangling', 'www/none', 'www/pipe'])
        await expect(storage.setDetails(at(path), { mode: 0o777 }), path).rejects.toEqual(refused(404));
      expect((await lstat(secret())).mode).toBe(before);
    });

    test('the stamp stays while nothing is written and changes with every write', async () => {
      const path = join(site.folder, 'www/stamped');
      const stamp = async () => (await storage.stat(at('www/stamped'))).stamp;
      await put('www/stamped', 'one');
      const stamps = [await stamp()];
      expect(await stamp()).toBe(stamps[0]);
      await put('www/stamped', 'two', 'replace');
      await utimes(path, 1_700_000_000, 1_700_000_000);
      stamps.push(await stamp());
      // the same length, in place, and the time set back
      await new Promise((go) => setTimeout(go, 20));
      await writeFile(path, 'six');
      await utimes(path, 1_700_000_000, 1_700_000_000);
      stamps.push(await stamp());
      await writeFile(path, 'longer');
      stamps.push(await stamp());
      expect(new Set(stamps).size).toBe(site.wholeSeconds ? 3 : 4);
    });

    test('many files are read one after another and side by side, also with names a Mac stored', async () => {
      await put('www/a/하나.txt', '하나');
      await put('www/a/two', '0123456789');
      await put('www/b/c/three', '');
      await writeFile(join(site.folder, 'www/a', '나눔.txt'.normalize('NFD')), 'decomposed');
      const reader = storage.reader();
      const content = async (path: string, from = 0) => {
        const file = await reader.open(at(path));
        const into = Buffer.alloc(64);
        const bytes = await file.read(into, from);
        await file.close();
        return into.toString('utf8', 0, bytes);
      };
      expect(await content('www/a/two', 4)).toBe('456789');
      const paths = ['www/a/하나.txt', 'www/b/c/three', 'www/a/two', 'www/a/나눔.txt', 'www/b/c/three'];
      expect(await Promise.all(paths.map((path) => content(path)))).toEqual(['하나', '', '0123456789', 'decomposed', '']);
      await reader.close();
    });

    test('where many files are laid at once they have the rights and times they are given, nothing is written over, no link is followed', async () => {
      const layer = await storage.layer();
      if (!layer) return expect(site.wholeSeconds).toBe(true);
      await layLinks();
      const details = { mode: 0o600, modifiedAt: 1_700_000_000_000 };
      await layer.folder(at('www/laid/empty'));
      await layer.file(at('www/laid/하나.txt'), Buffer.from('하나'), details);
      await layer.file(at('www/laid/deep/two'), Buffer.alloc(0), { ...details, mode: 0o755 });
      await expect(layer.file(at('www/laid/하나.txt'), Buffer.from('둘'), details)).rejects.toEqual(refused(409));
      await expect(layer.file(at('www/evil/x'), Buffer.from('x'), details)).rejects.toEqual(refused(404));
      await layer.finish();
      await layer.close();
      expect(await readFile(join(site.folder, 'www/laid/하나.txt'), 'utf8')).toBe('하나');
      expect(await storage.stat(at('www/laid/하나.txt'))).toMatchObject({ size: 6, modifiedAt: details.modifiedAt });
      expect((await storage.stat(at('www/laid/하나.txt'))).mode & 0o777).toBe(0o600);
      expect((await storage.stat(at('www/laid/deep/two'))).mode & 0o777).toBe(0o755);
      expect((await storage.stat(at('www/laid/empty'))).kind).toBe('folder');
    });

    test('a reader reads small files whole, as far as they fit, and tells what they are afterwards', async () => {
      await put('www/a', 'content');
      await put('www/empty', '');
      const reader = storage.reader();
      const into = Buffer.from(new SharedArrayBuffer(16));
      const found = await reader.whole(at('www/a'), into);
      expect([found.bytes, into.toString('utf8', 0, found.bytes)]).toEqual([7, 'content']);
      expect(found.entry).toEqual(await storage.stat(at('www/a')));
      expect(found.after).toMatchObject({ stamp: found.entry.stamp, size: 7 });
      expect((await reader.whole(at('www/empty'), into)).bytes).toBe(0);
      expect(await reader.whole(at('www/a'), into.subarray(0, 3))).toMatchObject({ bytes: 3, after: { size: 7 } });
      for (const path of ['www', 'www/none']) await expect(reader.whole(at(path), into), path).rejects.toEqual(refused(404));
      await reader.close();
    });

    test('a lister lists what a list tells, folder after folder', async () => {
      await put('www/a', '1');
      await put('www/d/b', '22');
      await put('www/d/가', '333');
      const lister = storage.lister();
      const byName = (entries: readonly { name: string }[]) => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      for (const path of ['www', 'www/d'])
        expect(byName(await lister.list(at(path)))).toEqual(byName(await storage.list(at(path))));
      await expect(lister.list(at('www/none'))).rejects.toEqual(refused(404));
      await lister.close();
    });

    test('a reader opens regular files only: 404 for folders, links, pipes, what is behind a link, and what is not there', async () => {
      await layLinks();
      spawnSync('mkfifo', [join(site.folder, 'www/pipe')]);
      const reader = storage.reader();
      for (const path of ['www', 'www/pipe', 'www/file-link.txt', 'www/dangling', 'www/evil/secret.txt', 'www/none', 'no/where'])
        await expect(reader.open(at(path)), path).rejects.toEqual(refused(404));
      await reader.close();
    });

    test('an opened file tells whether it was written to, replaced or removed meanwhile', async () => {
      const reader = storage.reader();
      const path = join(site.folder, 'www/file');
      const opened = async (act: () => Promise<unknown>) => {
        await rm(path, { force: true });
        await writeFile(path, 'first');
        await new Promise((go) => setTimeout(go, 20));
        const file = await reader.open(at('www/file'));
        await act();
        const after = await file.again().then(
          (entry) => (entry.stamp === file.entry.stamp ? 'same' : 'changed'),
          (error) => error.status,
        );
        await file.close();
        return after;
      };
      expect(await opened(async () => {})).toBe('same');
      expect(await opened(() => writeFile(path, 'other'))).toBe('changed');
      expect(await opened(async () => storage.put(at('www/file'), await finished('other'), 'replace'))).toBe('changed');
      expect(await opened(() => storage.remove(at('www/file')))).toBe(404);
      await reader.close();
    });

    test('creating never overwrites, and the refused file may be stored under another name', async () => {
      await put('www/taken.txt', 'old');
      const path = await finished('new');
      await expect(storage.put(at('www/taken.txt'), path, 'create')).rejects.toEqual(refused(409));
      expect(await read('www/taken.txt')).toBe('old');
      await storage.put(at('www/taken (2).txt'), path, 'create');
      expect(await read('www/taken (2).txt')).toBe('new');
    });

    test('of two files created at once under one name exactly one wins', async () => {
      for (let round = 0; round < 20; round++) {
        const files = await Promise.all(['a', 'b', 'c'].map((content) => finished(content, content)));
        const done = await Promise.allSettled(files.map((path) => storage.put(at(`www/race-${round}`), path, 'create')));
        const lost = done.filter((one) => one.status === 'rejected');
        expect(lost.map((one) => one.reason)).toEqual([refused(409), refused(409)]);
        const winner = ['a', 'b', 'c'][done.findIndex((one) => one.status === 'fulfilled')];
        expect(await read(`www/race-${round}`)).toBe(winner);
      }
      expect(await names(storage, 'www')).toHaveLength(20);
    });

    test('while a file is replaced a reader sees the old or the new one, never a part', async () => {
      const [old, fresh] = ['o'.repeat(300_000), 'n'.repeat(300_000)];
      await put('www/swap', old);
      const seen = new Set<string>();
      const reader = (async () => {
        for (let i = 0; i < 30; i++) seen.add(await read('www/swap'));
      })();
      for (let i = 0; i < 10; i++) await put('www/swap', i % 2 ? old : fresh, 'replace');
      await reader;
      for (const content of seen) expect([old, fresh]).toContain(content);
    });

    test('replacing also stores what was not there, and refuses to take the place of a folder', async () => {
      await put('www/new.txt', 'x', 'replace');
      expect(await read('www/new.txt')).toBe('x');
      await storage.makeFolder(at('www/folder'));
      await expect(put('www/folder', 'x', 'replace')).rejects.toEqual(refused(409));
      await expect(put('www/folder', 'x', 'create')).rejects.toEqual(refused(409));
      await expect(put('www/new.txt/below', 'x', 'create')).rejects.toEqual(refused(409));
    });

    test('nothing temporary remains or is shown, after success and after failure', async () => {
      await put('www/a', '1');
      await put('www/a', '2', 'replace');
      await put('www/a', '3').catch(() => {});
      await storage.makeFolder(at('www/f'));
      await storage.move(at('www/a'), at('www/f')).catch(() => {});
      await storage.move(at('www/f'), at('www/a')).catch(() => {});
      await put('www/f', '4', 'replace').catch(() => {});
      expect((await readdir(join(site.folder, 'www'))).sort()).toEqual(['a', 'f']);
      const left = `.gotgan-${randomUUID()}`;
      await writeFile(join(site.folder, 'www', left), 'half');
      expect(await names(storage, 'www')).toEqual(['a', 'f']);
      await expect(storage.stat(at(`www/${left}`))).rejects.toEqual(refused(404));
    });

    test('a folder is made with its parents, and made again it stays as it is', async () => {
      await storage.makeFolder(at('www/가/나/다'));
      await put('www/가/나/다/file', 'x');
      await chmod(join(site.folder, 'www/가/나/다'), 0o750);
      await storage.makeFolder(at('www/가/나/다'));
      expect((await storage.stat(at('www/가/나/다'))).mode).toBe(0o750);
      expect(await names(storage, 'www/가/나/다')).toEqual(['file']);
      await expect(storage.makeFolder(at('www/가/나/다/file'))).rejects.toEqual(refused(409));
      await expect(storage.makeFolder(at('www/가/나/다/file/below'))).rejects.toEqual(refused(409));
    });

    test('files and folders move, but never onto something that is there', async () => {
      await put('www/file', 'x');
      await put('www/folder/inside', 'y');
      await storage.makeFolder(at('www/empty'));
      await storage.move(at('www/file'), at('www/folder/file'));
      await storage.move(at('www/folder'), at('www/moved'));
      expect(await read('www/moved/file')).toBe('x');
      expect(await read('www/moved/inside')).toBe('y');
      expect(await names(storage, 'www')).toEqual(['empty', 'moved']);
      for (const [from, to] of [
        ['www/moved', 'www/empty'],
        ['www/moved/file', 'www/empty'],
        ['www/moved/file', 'www/moved/inside'],
        ['www/moved', 'www/moved/inside'],
        ['www/moved', 'www/moved'],
        ['www/moved', 'www/moved/below'],
        ['www/moved/file', 'www/moved/file'],
      ] as const) {
        await expect(storage.move(at(from), at(to)), `${from} → ${to}`).rejects.toEqual(refused(409));
      }
      expect(await names(storage, 'www/moved')).toEqual(['file', 'inside']);
      expect(await read('www/moved/inside')).toBe('y');
      await expect(storage.move(at('www/none'), at('www/else'))).rejects.toEqual(refused(404));
      await expect(storage.move(at('www/moved'), at('www/none/below'))).rejects.toEqual(refused(404));
    });

    test('of two moves to one name exactly one wins, and nothing is lost', async () => {
      for (let round = 0; round < 20; round++) {
        await put(`www/a${round}`, 'a');
        await put(`www/b${round}`, 'b');
        const done = await Promise.allSettled(
          ['a', 'b'].map((from) => storage.move(at(`www/${from}${round}`), at(`www/to${round}`))),
        );
        const winner = done[0]?.status === 'fulfilled' ? 'a' : 'b';
        const loser = winner === 'a' ? 'b' : 'a';
        expect(done.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(await read(`www/to${round}`)).toBe(winner);
        expect(await read(`www/${loser}${round}`)).toBe(loser);
      }
    });

    test('of two moves of one file to two names exactly one wins, and one file remains', async () => {
      for (let round = 0; round < 30; round++) {
        await put('www/one', 'x');
        const targets = ['a', 'b'].map((name) => `www/${name}${round}`);
        const done = await Promise.allSettled(targets.map((to) => storage.move(at('www/one'), at(to))));
        const lost = done.filter((one) => one.status === 'rejected');
        expect(lost.map((one) => one.reason)).toEqual([refused(404)]);
        expect(await names(storage, 'www')).toEqual([`${done[0]?.status === 'fulfilled' ? 'a' : 'b'}${round}`]);
        await storage.remove(at(`www/${done[0]?.status === 'fulfilled' ? 'a' : 'b'}${round}`));
      }
    });

    test('mode, time and link of another storage are taken over, and a link is never followed', async () => {
      await put('www/a.sh', 'x');
      await storage.makeFolder(at('www/old'));
      const time = Date.UTC(2019, 4, 6, 7, 8, 9);
      await storage.setDetails(at('www/a.sh'), { mode: 0o750, modifiedAt: time });
      await storage.setDetails(at('www/old'), { mode: 0o700, modifiedAt: time });
      expect(await storage.stat(at('www/a.sh'))).toMatchObject({ mode: 0o750, modifiedAt: time });
      const folder = await storage.stat(at('www/old'));
      expect([folder.mode & 0o777, folder.modifiedAt]).toEqual([0o700, time]);
      await storage.makeLink(at('www/link'), '../../outside');
      expect(await storage.stat(at('www/link'))).toMatchObject({ kind: 'link', target: '../../outside' });
      await expect(storage.makeLink(at('www/link'), 'other')).rejects.toEqual(refused(409));
      await expect(storage.makeLink(at('www/a.sh'), 'other')).rejects.toEqual(refused(409));
      await storage.makeLink(at('www/to-a'), 'a.sh');
      await storage.setDetails(at('www/to-a'), { modifiedAt: 0 });
      expect(await storage.stat(at('www/a.sh'))).toMatchObject({ mode: 0o750, modifiedAt: time });
      await expect(storage.setDetails(at('www/none'), { mode: 0o640 })).rejects.toEqual(refused(404));
      await layLinks();
      await expect(storage.setDetails(at('www/evil/secret.txt'), { mode: 0o777 })).rejects.toEqual(refused(404));
      await expect(storage.makeLink(at('www/evil/new'), 'x')).rejects.toEqual(refused(404));
    });

    test('a name is told and given as its bytes, never that of something else', async () => {
      const bytes = Buffer.from([0xb0, 0xf7, 0xb0, 0xa3, 0x2e, 0x74, 0x78, 0x74]);
      await put('www/plain.txt', 'EUC-KR');
      expect((await storage.stat(at('www/plain.txt'))).spelling).toBeUndefined();
      await storage.setDetails(at('www/plain.txt'), { spelling: bytes });
      const [entry] = await storage.list(at('www'));
      expect([entry?.name, entry?.spelling]).toEqual(['곳간.txt', bytes]);
      expect((await storage.stat(at('www/곳간.txt'))).spelling).toEqual(bytes);
      expect(await readdir(join(site.folder, 'www'), { encoding: 'buffer' })).toEqual([bytes]);
      await put('www/other.txt', 'x');
      await expect(storage.setDetails(at('www/other.txt'), { spelling: bytes })).rejects.toEqual(refused(409));
      expect(await read('www/곳간.txt')).toBe('EUC-KR');
      const free = await storage.freeBytes();
      expect(free === undefined || free > 0).toBe(true);
    });

    test('removing takes a file, or a folder with all that is in it, and nothing there is no error', async () => {
      await put('www/folder/a/b/c', 'x');
      await put('www/file', 'x');
      await storage.remove(at('www/file'));
      await storage.remove(at('www/folder'));
      expect(await names(storage, 'www')).toEqual([]);
      await storage.remove(at('www/file'));
      await storage.remove(at('www/none/below'));
    });

    test('removing from a site whose folder is missing is refused as a storage that does not answer, and nothing is lost', async () => {
      await put('www/file', 'x');
      const away = join(site.outside, 'away');
      await rename(site.folder, away);
      for (const path of ['www/file', 'www', 'trash/none'])
        await expect(storage.remove(at(path)), path).rejects.toEqual(refused(503));
      await rename(away, site.folder);
      await storage.remove(at('www/file'));
      expect(await names(storage, 'www')).toEqual([]);
    });

    test('a file that is taken out is nowhere in the site any more, and lies whole where it was taken to', async () => {
      const content = 'taken\n'.repeat(100_000);
      await put('www/한글/a.php', content);
      const into = join(site.outside, randomUUID());
      await storage.take(at('www/한글/a.php'), (await storage.stat(at('www/한글/a.php'))).stamp, into);
      expect(await names(storage, 'www/한글')).toEqual([]);
      expect(await readFile(into, 'utf8')).toBe(content);
      expect((await lstat(into)).mode & 0o777).toBe(0o600);
    });

    test('a file whose taking broke off is taken on from where it is hidden, whole, and by its own name alone', async () => {
      await put('www/a.php', 'the whole content');
      const { stamp } = await storage.stat(at('www/a.php'));
      const into = join(site.outside, randomUUID());
      await rename(join(site.folder, 'www/a.php'), join(site.folder, `www/.gotgan-${basename(into)}`));
      await writeFile(`${into}.part`, 'the whole');
      expect(await names(storage, 'www')).toEqual([]);
      await expect(storage.take(at('www/a.php'), undefined, join(site.outside, randomUUID()))).rejects.toEqual(refused(404));
      await storage.take(at('www/a.php'), undefined, into);
      expect(await readFile(into, 'utf8')).toBe('the whole content');
      await put('www/a.php', 'another content');
      await rename(join(site.folder, 'www/a.php'), join(site.folder, `www/.gotgan-${basename(into)}`));
      await expect(storage.take(at('www/a.php'), stamp, into)).rejects.toEqual(refused(409));
      expect(await read('www/a.php')).toBe('another content');
    });

    test('only whole names of ours are hidden, and no name that somebody made alike', async () => {
      const [ours, theirs] = [`.gotgan-${randomUUID()}`, `.gotgan-${randomUUID()}.php`];
      await put('www/.gotgan-a.php', 'a');
      for (const name of [ours, theirs]) await writeFile(join(site.folder, 'www', name), 'x');
      expect(await names(storage, 'www')).toEqual([theirs, '.gotgan-a.php'].sort());
    });

    test('what was written to or replaced meanwhile is not taken and stays, and links and folders stay too', async () => {
      await put('www/a', 'old');
      const { stamp } = await storage.stat(at('www/a'));
      await put('www/a', 'newer', 'replace');
      const into = join(site.outside, randomUUID());
      await expect(storage.take(at('www/a'), stamp, into)).rejects.toEqual(refused(409));
      expect(await read('www/a')).toBe('newer');
      await expect(storage.take(at('www/none'), stamp, into)).rejects.toEqual(refused(404));
      await layLinks();
      await storage.makeFolder(at('www/folder'));
      for (const path of ['www/file-link.txt', 'www/folder']) {
        const entry = await storage.stat(at(path));
        await expect(storage.take(at(path), entry.stamp, into)).rejects.toEqual(refused(409));
      }
      await expect(storage.take(at('www/evil/secret.txt'), stamp, into)).rejects.toEqual(refused(404));
      expect(await names(storage, 'www')).toEqual(['a', 'dangling', 'evil', 'file-link.txt', 'folder']);
      expect(await readFile(secret(), 'utf8')).toBe('secret');
    });

    test('what is not there, or no file, or no folder, is not found', async () => {
      await put('www/file', 'x');
      spawnSync('mkfifo', [join(site.folder, 'www/pipe')]);
      for (const path of ['www/none', 'www/none/below', 'www/file/below']) {
        await expect(storage.stat(at(path)), path).rejects.toEqual(refused(404));
        await expect(storage.list(at(path)), path).rejects.toEqual(refused(404));
        await expect(storage.open(at(path)), path).rejects.toEqual(refused(404));
      }
      for (const path of ['', 'www', 'www/pipe']) await expect(storage.open(at(path)), path).rejects.toEqual(refused(404));
      await expect(storage.list(at('www/file'))).rejects.toEqual(refused(404));
    });

    test('a link is shown as a link and never followed', async () => {
      await layLinks();
      expect(await storage.stat(at('www/evil'))).toMatchObject({ kind: 'link', size: 0, target: join(site.outside, 'private') });
      const path = await finished('attack');
      for (const act of [
        () => storage.list(at('www/evil')),
        () => storage.open(at('www/file-link.txt')),
        () => storage.stat(at('www/evil/secret.txt')),
        () => storage.open(at('www/evil/secret.txt')),
        () => storage.makeFolder(at('www/evil/made')),
        () => storage.makeFolder(at('www/evil')),
        () => storage.put(at('www/evil/secret.txt'), path, 'replace'),
        () => storage.put(at('www/evil/made/new.txt'), path, 'create'),
        () => storage.move(at('www/evil/secret.txt'), at('www/stolen')),
        () => storage.remove(at('www/evil/secret.txt')),
      ]) {
        await expect(act(), String(act)).rejects.toEqual(refused(404));
      }
      expect(await readdir(join(site.outside, 'private'))).toEqual(['secret.txt']);
      expect(await readFile(secret(), 'utf8')).toBe('secret');
    });

    test('writing, moving and removing touch the link itself, never its target', async () => {
      await layLinks();
      await expect(put('www/file-link.txt', 'attack')).rejects.toEqual(refused(409));
      await expect(put('www/dangling', 'attack')).rejects.toEqual(refused(409));
      await put('www/file-link.txt', 'mine', 'replace');
      expect(await storage.stat(at('www/file-link.txt'))).toMatchObject({ kind: 'file', size: 4 });
      await storage.move(at('www/dangling'), at('www/moved-link'));
      expect(await storage.stat(at('www/moved-link'))).toMatchObject({ kind: 'link', target: 'nowhere' });
      await storage.remove(at('www/evil'));
      expect(await names(storage, 'www')).toEqual(['file-link.txt', 'moved-link']);
      expect(await readFile(secret(), 'utf8')).toBe('secret');
    });

    test('removing a folder that holds links leaves what they point to', async () => {
      await layLinks();
      await mkdir(join(site.folder, 'www/deep'));
      await site.own?.('www/deep');
      await symlink(join(site.outside, 'private'), join(site.folder, 'www/deep/evil'));
      await storage.remove(at('www'));
      expect(await names(storage, '')).toEqual([]);
      expect(await readFile(secret(), 'utf8')).toBe('secret');
    });

    test('segments that no path may hold are a bug of the caller', async () => {
      for (const path of [['www', '..'], ['www', '.'], ['www', ''], ['www/..'], ['a\0b']]) {
        await expect(storage.stat(path)).rejects.toThrow(RangeError);
        await expect(storage.list(path)).rejects.toThrow(RangeError);
        await expect(storage.remove(path)).rejects.toThrow(RangeError);
      }
      await expect(storage.remove([])).rejects.toThrow(RangeError);
    });
  });
}

for (const byDescriptor of [true, false]) {
  siteStorageContract(byDescriptor ? 'this disk' : 'a disk without descriptor paths', async () => {
    const base = await mkdtemp(join(tmpdir(), 'gotgan-storage-'));
    const [folder, outside] = [join(base, 'site'), join(base, 'outside')];
    await mkdir(folder);
    await mkdir(outside);
    return {
      storage: diskSite(folder, { byDescriptor }),
      folder,
      outside,
      close: () => rm(base, { recursive: true, force: true }),
    };
  });
}

for (const chrooted of [true, false]) {
  // without the chroot a link that is followed leads somewhere, so that following it would be seen
  const name = chrooted ? 'a server reached by SFTP, configured as we print it' : 'a server reached by SFTP, without a chroot';
  describe(name, () => {
    let sites: Promise<RemoteSites> | undefined;
    afterAll(async () => (await sites)?.close());
    siteStorageContract(name, async () => {
      sites ??= RemoteSites.start({ chrooted });
      const { server, user, root, folder, outside, own, close } = await (await sites).make();
      return { storage: sftpStorage({ server, user, root }), folder, outside, wholeSeconds: true, isShared: true, own, close };
    });
  });
}
