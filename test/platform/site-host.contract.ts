// What every SiteHost promises (src/platform/site-host/port.ts), and that folders on this machine, a company's own program and Unix users keep it.
// biome-ignore-all lint/suspicious/noExportsInTest: other adapters run the same suite
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandHost } from '../../src/platform/site-host/command.ts';
import { folderHost } from '../../src/platform/site-host/folders.ts';
import type { HostedSite, SiteHost } from '../../src/platform/site-host/port.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { unixSites } from '../support/unix-sites.ts';

export type HostUnderTest = {
  readonly host: SiteHost;
  /** a folder of this machine for archives and for files to be put */
  readonly outside: string;
  close(): Promise<void>;
};

const site = { id: '019ab000-0000-7000-8000-000000000001', name: 'spring42' };
const other = { id: '019ab000-0000-7000-8000-000000000002', name: 'autumn-7' };
const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

async function put(under: HostUnderTest, at: HostedSite, path: string, content: string): Promise<void> {
  const file = join(under.outside, 'finished');
  await writeFile(file, content);
  await under.host.storageFor(at).put(path.split('/'), file, 'create');
}

const listed = async (host: SiteHost, at: typeof site, ...path: string[]) =>
  (await host.storageFor(at).list(path)).map((entry) => entry.name).sort();

export function siteHostContract(adapter: string, make: () => Promise<HostUnderTest>): void {
  describe(`sites on ${adapter}`, () => {
    let under: HostUnderTest;
    let host: SiteHost;

    beforeEach(async () => {
      under = await make();
      host = under.host;
      await host.open(site);
    });
    afterEach(() => under.close());

    const archive = async (content: string) => {
      const path = join(under.outside, `archive-${content}`);
      await writeFile(path, content, { mode: 0o640 });
      return path;
    };
    /** Where the home is not known, a program is asked for it at every file. */
    const withHome = async () => ({ ...site, home: await host.homeOf(site) });
    const shown = async (name: string) => text((await host.storageFor(site).open(['backup', name])).stream);

    test('a new site has an empty www, an empty backup and an empty trash, and opening it again changes nothing', async () => {
      expect(await listed(host, site)).toEqual(['backup', 'trash', 'www']);
      expect(await listed(host, site, 'www')).toEqual([]);
      await put(under, site, 'www/index.html', 'hello');
      await host.open(site);
      expect(await listed(host, site, 'www')).toEqual(['index.html']);
    });

    test('two sites know nothing of each other', async () => {
      await host.open(other);
      await put(under, site, 'www/a', 'x');
      expect(await listed(host, other, 'www')).toEqual([]);
      await host.remove(other);
      expect(await listed(host, site, 'www')).toEqual(['a']);
    });

    test('a suspended site keeps its files and comes back with them, however often it is asked', async () => {
      await put(under, site, 'www/a', 'x');
      await host.suspend(site);
      await host.suspend(site);
      await host.resume(site);
      await host.resume(site);
      expect(await listed(host, site, 'www')).toEqual(['a']);
    });

    test('a removed site is gone for good, open or suspended, and removing it again is no error', async () => {
      await put(under, site, 'www/deep/er/a', 'x');
      await host.remove(site);
      await host.remove(site);
      await expect(host.storageFor(site).list([])).rejects.toEqual(refused(404));
      await host.open(other);
      await host.suspend(other);
      await host.remove(other);
      await host.suspend(other);
      await expect(host.resume(other)).rejects.toEqual(refused(404));
      await expect(host.usage(other)).rejects.toEqual(refused(404));
    });

    test('use counts what lies in www and in the trash, not what lies in backup', async () => {
      expect(await host.usage(site)).toEqual({ bytes: 0, files: 0, folders: [] });
      const known = await withHome();
      await put(under, known, 'www/a', '123');
      await put(under, known, 'www/deep/er/b', '45678');
      await put(under, known, 'www/empty', '');
      await put(under, known, 'www/gone/c', '9');
      await host.storageFor(site).move(['www', 'gone'], ['trash', 'gone']);
      await host.showBackup(site, 'x.zip', await archive('archive'), 'sum  x.zip\n');
      expect(await host.usage(site)).toMatchObject({ bytes: 9, files: 4 });
    });

    test('the largest folders are told, two levels deep, with all that lies below, and the trash as a whole', async () => {
      const known = await withHome();
      for (const name of ['one', 'two', 'sub/three']) await put(under, known, `www/data/사진/${name}`, 'x'.repeat(100));
      await put(under, known, 'www/data/readme', 'y'.repeat(50));
      await put(under, known, 'www/app/index.php', 'z'.repeat(10));
      await put(under, known, 'www/index.html', 'z'.repeat(1000));
      for (let at = 0; at < 25; at += 1) await put(under, known, `www/many/${at}/file`, '');
      await put(under, known, 'www/old/large', 'z'.repeat(200));
      await host.storageFor(site).move(['www', 'old'], ['trash', 'old']);
      const { folders = [], bytes, files } = await host.usage(site);
      expect([bytes, files]).toEqual([1560, 32]);
      expect(folders).toHaveLength(20);
      expect(folders.slice(0, 5)).toEqual([
        { path: ['www', 'data'], bytes: 350, files: 4 },
        { path: ['www', 'data', '사진'], bytes: 300, files: 3 },
        { path: ['trash'], bytes: 200, files: 1 },
        { path: ['www', 'app'], bytes: 10, files: 1 },
        { path: ['www', 'many'], bytes: 0, files: 25 },
      ]);
    });

    test('a backup is shown with its checksum, and only the newest stays', async () => {
      await host.showBackup(site, 'one.zip', await archive('1'), 'aaa  one.zip\n');
      expect(await shown('one.zip')).toBe('1');
      expect(await shown('one.zip.sha256')).toBe('aaa  one.zip\n');
      await host.showBackup(site, 'two.zip', await archive('2'), 'bbb  two.zip\n');
      await host.showBackup(site, 'two.zip', await archive('2'), 'bbb  two.zip\n');
      expect(await listed(host, site, 'backup')).toEqual(['two.zip', 'two.zip.sha256']);
      expect(await shown('two.zip')).toBe('2');
      expect(await shown('two.zip.sha256')).toBe('bbb  two.zip\n');
    });

    test('a backup shown again under its name replaces the first', async () => {
      await host.showBackup(site, 'one.zip', await archive('1'), 'aaa  one.zip\n');
      await host.showBackup(site, 'one.zip', await archive('2'), 'bbb  one.zip\n');
      expect(await shown('one.zip')).toBe('2');
      expect(await shown('one.zip.sha256')).toBe('bbb  one.zip\n');
    });

    test('an archive that was shown stays where it was, also when the site is gone', async () => {
      const path = await archive('kept');
      await host.showBackup(site, 'one.zip', path, 'aaa  one.zip\n');
      await host.storageFor(site).remove(['backup', 'one.zip']);
      await host.showBackup(site, 'one.zip', path, 'aaa  one.zip\n');
      await host.remove(site);
      expect(await readFile(path, 'utf8')).toBe('kept');
    });

    test('an archive that is not there is not found, and what was shown before stays', async () => {
      await host.showBackup(site, 'one.zip', await archive('1'), 'aaa  one.zip\n');
      await expect(host.showBackup(site, 'two.zip', join(under.outside, 'none'), 'x')).rejects.toEqual(refused(404));
      expect(await listed(host, site, 'backup')).toEqual(['one.zip', 'one.zip.sha256']);
    });

    test("a customer's own files in backup stay", async () => {
      await put(under, site, 'backup/mine.zip', 'x');
      await host.showBackup(site, 'one.zip', await archive('1'), 'aaa  one.zip\n');
      await host.showBackup(site, 'two.zip', await archive('2'), 'bbb  two.zip\n');
      expect(await listed(host, site, 'backup')).toEqual(['mine.zip', 'two.zip', 'two.zip.sha256']);
    });

    test('a home is where the files lie, with an owner; what was never opened has none', async () => {
      await put(under, site, 'www/a', 'x');
      const { folder, userId, groupId } = await host.homeOf(site);
      expect(await readFile(join(folder, 'www/a'), 'utf8')).toBe('x');
      expect(await stat(join(folder, 'www'))).toMatchObject({ uid: userId, gid: groupId });
      await expect(host.homeOf(other)).rejects.toEqual(refused(404));
      expect(await text((await host.storageFor({ ...site, home: await host.homeOf(site) }).open(['www', 'a'])).stream)).toBe('x');
    });

    test('a host that can make sites says so, and mending changes no content', async () => {
      await put(under, site, 'www/a', 'x');
      await host.check(AbortSignal.timeout(30_000));
      await host.mend(site);
      expect(await listed(host, site, 'www')).toEqual(['a']);
    });

    test('names that no site and no backup can have are a bug of the caller', async () => {
      for (const name of ['', 'ab', '..', '../etc', 'Ab1', 'a/b', 'a'.repeat(33), 'abc\n', 'a.b']) {
        const bad = { ...site, name };
        for (const act of ['open', 'suspend', 'resume', 'remove', 'usage'] as const) {
          await expect(host[act](bad), `${act} ${name}`).rejects.toThrow(RangeError);
        }
        expect(() => host.storageFor(bad), name).toThrow(RangeError);
      }
      const path = await archive('1');
      for (const name of ['', '..', '.hidden', 'a/b', 'a b.zip', '글.zip', 'a.zip.sha256', 'a\n']) {
        await expect(host.showBackup(site, name, path, 'x'), name).rejects.toThrow(RangeError);
      }
    });
  });
}

const folders = async () => {
  const base = await mkdtemp(join(tmpdir(), 'gotgan-host-'));
  const [root, closedRoot, outside] = [join(base, 'sites'), join(base, 'closed'), join(base, 'outside')];
  await mkdir(outside);
  const close = () => rm(base, { recursive: true, force: true });
  return { host: folderHost({ root, closedRoot }), root, closedRoot, outside, close };
};

siteHostContract('folders of this machine', folders);

siteHostContract("a company's own program", async () => {
  const base = await mkdtemp(join(tmpdir(), 'gotgan-host-'));
  const outside = join(base, 'outside');
  await mkdir(outside);
  const program = join(import.meta.dirname, '../support/provisioning.ts');
  const close = () => rm(base, { recursive: true, force: true });
  return { host: commandHost({ run: localRunner([process.execPath, program, base]) }), outside, close };
});

siteHostContract('Unix users of this machine', async () => {
  const unix = await unixSites();
  return { host: commandHost({ run: localRunner(unix.command) }), outside: unix.outside, close: unix.close };
});

describe('sites in folders of this machine', () => {
  let under: Awaited<ReturnType<typeof folders>>;
  let host: SiteHost;

  beforeEach(async () => {
    under = await folders();
    host = under.host;
    await host.open(site);
  });
  afterEach(() => under.close());

  const open = (...path: string[]) => join(under.root, site.name, ...path);
  const closed = (...path: string[]) => join(under.closedRoot, site.name, ...path);

  test('folders pass their group on and nobody else may look in', async () => {
    for (const path of [open(), open('www'), open('backup')]) expect((await stat(path)).mode & 0o7777).toBe(0o2750);
  });

  test.skipIf(process.getuid?.() !== 0)('site, folders and shown archive get the group of the web server', async () => {
    const grouped = folderHost({ root: under.root, closedRoot: under.closedRoot, group: 4242 });
    await grouped.open(other);
    const path = join(under.outside, 'archive');
    await writeFile(path, 'x');
    await grouped.showBackup(other, 'a.zip', path, 'sum');
    for (const name of ['', 'www', 'backup', 'backup/a.zip', 'backup/a.zip.sha256']) {
      expect((await stat(join(under.root, other.name, name))).gid, name).toBe(4242);
    }
    await grouped.open(site);
    expect(await stat(open())).toMatchObject({ gid: 4242, mode: 0o42750 });
  });

  test('a suspended site leaves the folder that is served, and its files can still be reached by the panel', async () => {
    await put(under, site, 'www/a', 'x');
    await host.suspend(site);
    expect(await readdir(under.root)).toEqual([]);
    expect(await readdir(closed('www'))).toEqual(['a']);
    expect(await listed(host, site, 'www')).toEqual(['a']);
    expect(await host.usage(site)).toMatchObject({ bytes: 1, files: 1 });
  });

  test('a site that is suspended and resumed by several at once is moved once, and nobody is told of a conflict', async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 8 }, () => host.suspend(site)));
      expect(await readdir(under.closedRoot)).toEqual([site.name]);
      await Promise.all(Array.from({ length: 8 }, () => host.resume(site)));
      expect(await readdir(under.root)).toEqual([site.name]);
    }
  });

  test('an opening that is repeated late does not open a suspended site', async () => {
    await host.suspend(site);
    await host.open(site);
    expect(await readdir(under.root)).toEqual([]);
    await host.resume(site);
    expect((await readdir(open())).sort()).toEqual(['backup', 'trash', 'www']);
  });

  test('an opening that was cut in the middle is finished by the next one', async () => {
    await rm(open('backup'), { recursive: true });
    await rename(open('www'), join(under.outside, 'www'));
    await host.open(site);
    expect((await readdir(open())).sort()).toEqual(['backup', 'trash', 'www']);
    expect((await stat(open('www'))).mode & 0o7777).toBe(0o2750);
  });

  test('when a site stands in both places nothing is overwritten, and removing takes both', async () => {
    await mkdir(closed('www'), { recursive: true });
    await expect(host.suspend(site)).rejects.toEqual(refused(409));
    await expect(host.resume(site)).rejects.toEqual(refused(409));
    expect(await readdir(closed())).toEqual(['www']);
    await host.remove(site);
    expect([await readdir(under.root), await readdir(under.closedRoot)]).toEqual([[], []]);
  });

  test('use counts hard links once and follows no link', async () => {
    await writeFile(join(under.outside, 'big'), 'x'.repeat(5000));
    await put(under, site, 'www/a', '12345');
    await mkdir(open('www/d'));
    await link(open('www/a'), open('www/d/same'));
    await symlink(join(under.outside, 'big'), open('www/link'));
    await symlink(under.outside, open('www/folder-link'));
    expect(await host.usage(site)).toMatchObject({ bytes: 5, files: 1 });
  });

  test('a shown archive is the same file, not a copy', async () => {
    const path = join(under.outside, 'archive');
    await writeFile(path, 'x');
    await host.showBackup(site, 'a.zip', path, 'sum');
    expect((await stat(open('backup/a.zip'))).ino).toBe((await stat(path)).ino);
    await host.showBackup(site, 'a.zip', path, 'sum');
    expect((await readdir(open('backup'))).sort()).toEqual(['a.zip', 'a.zip.sha256']);
    expect((await stat(path)).nlink).toBe(2);
    for (const name of ['a.zip', 'a.zip.sha256']) expect((await stat(open('backup', name))).mode & 0o777).toBe(0o640);
  });

  test('an archive on another file system is copied', async ({ skip }) => {
    const shm = await mkdtemp('/dev/shm/gotgan-').catch(() => skip('this machine has no second file system to write to'));
    try {
      if ((await stat(shm)).dev === (await stat(under.root)).dev) skip('this machine has no second file system to write to');
      await writeFile(join(shm, 'archive'), 'far');
      await host.showBackup(site, 'a.zip', join(shm, 'archive'), 'sum');
      expect(await readFile(open('backup/a.zip'), 'utf8')).toBe('far');
      expect(await readFile(join(shm, 'archive'), 'utf8')).toBe('far');
      expect((await readdir(open('backup'))).sort()).toEqual(['a.zip', 'a.zip.sha256']);
    } finally {
      await rm(shm, { recursive: true, force: true });
    }
  });

  test('links that stand in backup are not followed and lose their names only', async () => {
    const precious = join(under.outside, 'precious');
    await writeFile(precious, 'keep me');
    const path = join(under.outside, 'archive');
    await writeFile(path, 'x');
    await symlink(precious, open('backup/a.zip'));
    await symlink(precious, open('backup/a.zip.sha256'));
    await symlink(precious, open('backup/old.zip'));
    await symlink(precious, open('backup/old.zip.sha256'));
    await host.showBackup(site, 'a.zip', path, 'sum');
    expect((await readdir(open('backup'))).sort()).toEqual(['a.zip', 'a.zip.sha256']);
    expect((await lstat(open('backup/a.zip'))).isFile()).toBe(true);
    expect(await readFile(precious, 'utf8')).toBe('keep me');
    await rm(open('backup'), { recursive: true });
    await symlink(under.outside, open('backup'));
    await expect(host.showBackup(site, 'a.zip', path, 'sum')).rejects.toEqual(refused(404));
  });

  test('what a crash left of an older showing is cleared away with the next one', async () => {
    const path = join(under.outside, 'archive');
    await writeFile(path, 'x');
    await writeFile(open('backup/lone.zip.sha256'), 'sum');
    await writeFile(open('backup/.gotgan-young'), 'half');
    await utimes(open('backup/.gotgan-young'), 1, 1);
    await host.showBackup(site, 'a.zip', path, 'sum');
    expect((await readdir(open('backup'))).sort()).toEqual(['.gotgan-young', 'a.zip', 'a.zip.sha256']);
  });
});
