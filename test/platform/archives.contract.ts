// What every ArchiveStorage promises (src/platform/storage/port.ts), that the disk keeps it, and what the web may read of it.
// biome-ignore-all lint/suspicious/noExportsInTest: other adapters run the same suite
import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArchiveReader } from '../../src/platform/storage/archive-reader.ts';
import { diskArchives } from '../../src/platform/storage/archives.ts';
import type { ArchiveStorage } from '../../src/platform/storage/port.ts';

export type ArchivesUnderTest = { readonly archives: ArchiveStorage; close(): Promise<void> };

const key = 'spring42/spring42-20261122-0300.zip';
const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

async function keep(archives: ArchiveStorage, name: string, content: string): Promise<void> {
  const staged = await archives.stage(name);
  await writeFile(staged.path, content);
  await staged.commit();
}

export function archiveStorageContract(adapter: string, make: () => Promise<ArchivesUnderTest>): void {
  describe(`archives on ${adapter}`, () => {
    let under: ArchivesUnderTest;
    let archives: ArchiveStorage;

    beforeEach(async () => {
      under = await make();
      archives = under.archives;
    });
    afterEach(() => under.close());

    const read = async (range?: { start: number; end: number }) => text((await archives.open(key, range)).stream);

    test('an archive is there only after it was committed, and then whole', async () => {
      const staged = await archives.stage(key);
      await writeFile(staged.path, '0123456789', { flag: 'wx' });
      expect(await archives.list('spring42')).toEqual([]);
      await expect(archives.open(key)).rejects.toEqual(refused(404));
      await staged.commit();
      expect(await archives.list('spring42')).toEqual([{ key, size: 10 }]);
      const { size, stream } = await archives.open(key, { start: 0, end: 0 });
      expect([size, await text(stream)]).toEqual([10, '0']);
      expect(await read()).toBe('0123456789');
      await staged.discard();
      expect(await read()).toBe('0123456789');
    });

    test('its size is told as it lies there, and nothing of what is no archive', async () => {
      await expect(archives.sizeOf(key)).rejects.toEqual(refused(404));
      await keep(archives, key, '0123456789');
      expect(await archives.sizeOf(key)).toBe(10);
      await expect(archives.sizeOf('spring42')).rejects.toThrow(RangeError);
      await expect(archives.sizeOf('../spring42')).rejects.toThrow(RangeError);
      await archives.remove(key);
      await expect(archives.sizeOf(key)).rejects.toEqual(refused(404));
    });

    test('a part of an archive has exactly the bytes asked for, or is refused', async () => {
      await keep(archives, key, '0123456789');
      expect(await read({ start: 0, end: 0 })).toBe('0');
      expect(await read({ start: 3, end: 9 })).toBe('3456789');
      await expect(archives.open(key, { start: 3, end: 10 })).rejects.toEqual(refused(503));
      await expect(archives.open(key, { start: 3, end: 2 })).rejects.toThrow(RangeError);
      await expect(archives.open(key, { start: -1, end: 2 })).rejects.toThrow(RangeError);
    });

    test('what was discarded never becomes visible, and discarding twice is no error', async () => {
      const staged = await archives.stage(key);
      await writeFile(staged.path, 'half');
      await staged.discard();
      await staged.discard();
      expect(await archives.list('spring42')).toEqual([]);
      await (await archives.stage(key)).discard();
    });

    test('what a dead writer staged can be removed without the archive of the same key', async () => {
      await keep(archives, key, '0123456789');
      const dead = await archives.stage(key);
      await writeFile(dead.path, 'half');
      await archives.unstage(key);
      await expect(readFile(dead.path)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await read()).toBe('0123456789');
    });

    test('removing an archive that was never finished removes what its dead writer staged, and nothing of another', async () => {
      const [dead, other] = await Promise.all([archives.stage(key), archives.stage('other-site/b.zip')]);
      await Promise.all([dead, other].map(({ path }) => writeFile(path, 'half')));
      await archives.remove(key);
      await expect(readFile(dead.path)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await readFile(other.path, 'utf8')).toBe('half');
      await other.discard();
    });

    test('clearing a site removes all its archives and all that is staged, and nothing of another; nothing there is no error', async () => {
      await keep(archives, key, '0123456789');
      const [dead, other] = await Promise.all([archives.stage(key), archives.stage('other-site/b.zip')]);
      await Promise.all([dead, other].map(({ path }) => writeFile(path, 'half')));
      const [site = ''] = key.split('/');
      for (let twice = 0; twice < 2; twice += 1) await archives.clear(site);
      expect(await archives.list(site)).toEqual([]);
      await expect(readFile(dead.path)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await readFile(other.path, 'utf8')).toBe('half');
      await other.discard();
      await expect(archives.clear('../other-site')).rejects.toThrow(RangeError);
    });

    test('an archive is never overwritten: of two committed at once under one key exactly one wins', async () => {
      const staged = await Promise.all([archives.stage(key), archives.stage(key)]);
      await Promise.all(staged.map((one, index) => writeFile(one.path, `archive ${index}`)));
      const done = await Promise.allSettled(staged.map((one) => one.commit()));
      expect(done.filter((one) => one.status === 'rejected').map((one) => one.reason)).toEqual([refused(409)]);
      expect(await read()).toBe(`archive ${done.findIndex((one) => one.status === 'fulfilled')}`);
      await Promise.all(staged.map((one) => one.discard()));
      expect(await archives.list('spring42')).toHaveLength(1);
    });

    test('an archive can be read at random on this machine until it is let go', async () => {
      await keep(archives, key, 'content');
      const local = await archives.local(key);
      expect(await readFile(local.path, 'utf8')).toBe('content');
      await local.release();
      expect(await read()).toBe('content');
      await expect(archives.local('spring42/none.zip')).rejects.toEqual(refused(404));
      await expect(archives.local('nobody1/none.zip')).rejects.toEqual(refused(404));
    });

    test('a list holds the archives of one site only', async () => {
      await keep(archives, key, 'a');
      await keep(archives, 'spring42/second.zip', 'bb');
      await keep(archives, 'other-site/x.zip', 'c');
      const listed = await archives.list('spring42');
      expect(listed.sort((a, b) => a.size - b.size)).toEqual([
        { key, size: 1 },
        { key: 'spring42/second.zip', size: 2 },
      ]);
      expect(await archives.list('nobody1')).toEqual([]);
    });

    test('a removed archive is gone, and removing nothing is no error', async () => {
      await archives.remove(key);
      await keep(archives, key, 'a');
      await archives.remove(key);
      await archives.remove(key);
      await expect(archives.open(key)).rejects.toEqual(refused(404));
      await keep(archives, key, 'again');
      expect(await read()).toBe('again');
    });

    test('committing an archive that was never written is a bug', async () => {
      await expect((await archives.stage(key)).commit()).rejects.not.toHaveProperty('status');
    });

    test('what is no key is a bug of the caller, never a way out', async () => {
      for (const bad of ['../x/y', 'a/../b', 'a/.staging-1', '.a/b', 'a/b/c', 'a', 'a/', '/b', 'a/b\0', 'a/글.zip', 'a/b\n']) {
        await expect((async () => archives.stage(bad))(), bad).rejects.toThrow(RangeError);
        await expect((async () => archives.open(bad))(), bad).rejects.toThrow(RangeError);
        await expect((async () => archives.local(bad))(), bad).rejects.toThrow(RangeError);
        await expect((async () => archives.remove(bad))(), bad).rejects.toThrow(RangeError);
      }
      await expect((async () => archives.list('..'))()).rejects.toThrow(RangeError);
    });
  });
}

const diskBase = () => mkdtemp(join(tmpdir(), 'gotgan-archives-'));

archiveStorageContract('this disk', async () => {
  const base = await diskBase();
  return { archives: diskArchives(join(base, 'archives')), close: () => rm(base, { recursive: true, force: true }) };
});

describe('archives in a folder of this machine', () => {
  let base: string;
  let archives: ReturnType<typeof diskArchives>;

  beforeEach(async () => {
    base = await diskBase();
    archives = diskArchives(base);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  test('an archive is readable by the group at most and leaves no staging file', async () => {
    await keep(archives, key, 'a');
    expect((await stat(join(base, key))).mode & 0o777).toBe(0o640);
    expect(await readdir(join(base, 'spring42'))).toEqual(['spring42-20261122-0300.zip']);
  });

  test('a place that is blocked is storage that fails for who writes or removes, not an archive that is not there', async () => {
    await writeFile(join(base, 'spring42'), 'a file in the way');
    for (const act of [() => archives.remove(key), () => archives.unstage(key)])
      await expect(act()).rejects.toMatchObject({ status: 503, parameters: { code: 'ENOTDIR' } });
    await expect(archives.open(key)).rejects.toEqual(refused(404));
    const staged = await diskArchives(join(base, 'other')).stage(key);
    await writeFile(staged.path, 'a');
    await rename(join(base, 'other/spring42'), join(base, 'other/away'));
    await writeFile(join(base, 'other/spring42'), 'a file in the way');
    await expect(staged.commit()).rejects.toMatchObject({ status: 503, parameters: { code: 'ENOTDIR' } });
  });

  test('staging files that nobody wrote to for a day are cleared away, younger ones and archives stay', async () => {
    expect(await archives.sweep()).toBe(0);
    await keep(archives, key, 'a');
    const [stale, young] = await Promise.all([archives.stage(key), archives.stage('other-site/b.zip')]);
    await writeFile(stale.path, 'half');
    await writeFile(young.path, 'half');
    const [old, recent] = [25, 23].map((hours) => Date.now() / 1000 - hours * 3600);
    await utimes(stale.path, old ?? 0, old ?? 0);
    await utimes(young.path, recent ?? 0, recent ?? 0);
    await utimes(join(base, key), old ?? 0, old ?? 0);
    expect(await archives.sweep()).toBe(1);
    expect(await readdir(join(base, 'spring42'))).toEqual(['spring42-20261122-0300.zip']);
    await young.commit();
    expect(await archives.list('other-site')).toHaveLength(1);
    expect(await diskArchives(join(base, 'none')).sweep()).toBe(0);
  });

  test('the web reads what was granted, and nothing of an archive that has another size than it was made with', async () => {
    await keep(archives, key, '0123456789');
    const reader = new ArchiveReader(archives);
    expect(await text(await reader.open({ key, size: 10 }))).toBe('0123456789');
    expect(await text(await reader.open({ key, size: 10 }, { start: 8, end: 9 }))).toBe('89');
    await expect(reader.open({ key, size: 10 }, { start: 8, end: 10 })).rejects.toThrow(RangeError);
    await truncate(join(base, key), 9);
    await expect(reader.open({ key, size: 10 })).rejects.toEqual(refused(503));
    await expect(reader.open({ key, size: 10 }, { start: 0, end: 1 })).rejects.toEqual(refused(503));
    await expect(reader.open({ key, size: 8 })).rejects.toEqual(refused(503));
    await archives.remove(key);
    await expect(reader.open({ key, size: 9 })).rejects.toEqual(refused(404));
  });
});
