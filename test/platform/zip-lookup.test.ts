// Looking single things up in an archive, and a part of it as an archive of its own: what is found, and what any range holds.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DamagedArchive } from '../../src/platform/zip/damage.ts';
import { moveBack, readEntry } from '../../src/platform/zip/directory.ts';
import { ZipLookup } from '../../src/platform/zip/lookup.ts';
import { directoryEntry } from '../../src/platform/zip/records.ts';
import { below, select, selected } from '../../src/platform/zip/selection.ts';
import { ZipWriter } from '../../src/platform/zip/writer.ts';

let folder: string;
let path: string;
const texts: Readonly<Record<string, string>> = {
  'databases/blog.sql': 'CREATE TABLE a (b int);\n'.repeat(300),
  'www/index.html': '<!doctype html>',
  'www/사진/a.txt': 'a'.repeat(70_000),
  'www/사진/깊은/b.txt': 'b',
  'www/사진첩.txt': 'not in the folder',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-lookup-'));
  path = join(folder, 'a.zip');
  const writer = await ZipWriter.create(path);
  const common = { mode: 0o644, modifiedAt: Date.UTC(2026, 10, 22) };
  for (const [name, text] of Object.entries(texts).slice(0, 1))
    await writer.put({ name, kind: 'file', ...common }, await writer.pack(Buffer.from(text)));
  for (const name of ['www', 'www/빈 폴더']) await writer.putEmpty({ name, kind: 'folder', ...common, mode: 0o755 });
  for (const [name, text] of Object.entries(texts).slice(1))
    await writer.put({ name, kind: 'file', ...common }, await writer.pack(Buffer.from(text)));
  await writer.put({ name: 'README.txt', kind: 'file', ...common }, await writer.pack(Buffer.from('how to')));
  await writer.finish();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bytes of the time behind a name, as we write it. */
const timeField = 9;

async function opened<T>(use: (archive: ZipLookup) => Promise<T>, at = path): Promise<T> {
  const archive = await ZipLookup.open(at);
  return use(archive).finally(() => archive.close());
}

test('a member is found by its path, also a folder, and what is not there is not', async () => {
  await opened(async (archive) => {
    const entry = await archive.find('www/사진/a.txt');
    expect(entry).toMatchObject({ kind: 'file', size: 70_000 });
    expect(entry && (await buffer(await archive.open(entry))).toString()).toBe(texts['www/사진/a.txt']);
    expect(await archive.find('www/빈 폴더')).toMatchObject({ kind: 'folder' });
    for (const path of ['www/사진', 'www/사', 'index.html', '', '/', 'www/', '../www'])
      expect(await archive.find(path)).toBeUndefined();
  });
});

test('a member is found from the end of the directory, and no name passes for an entry there', async () => {
  await opened(async (archive) => {
    expect(await archive.findLast('README.txt')).toEqual(await archive.find('README.txt'));
    expect(await archive.findLast('www/사진첩.txt')).toEqual(await archive.find('www/사진첩.txt'));
    expect(await archive.findLast('www/none')).toBeUndefined();
  });
  // An entry of a file, word for word, as the name of one: where the real one ends, it ends too.
  const passed = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.alloc(42), Buffer.from('manifest.json')]);
  passed.writeUInt16LE('manifest.json'.length, 28);
  passed.writeUInt16LE(timeField, 30);
  passed.writeUInt16LE(0x81c4, 40);
  expect(readEntry(Buffer.concat([passed, Buffer.alloc(timeField)]), 0).entry.name).toBe('manifest.json');
  const at = join(folder, 'passed.zip');
  const writer = await ZipWriter.create(at);
  for (const name of ['first', passed.toString()])
    await writer.putEmpty({ name, kind: 'file', mode: 0o644, modifiedAt: Date.UTC(2026, 10, 22) });
  await writer.finish();
  await opened(async (archive) => {
    expect(await archive.findLast('manifest.json')).toBeUndefined();
    expect(await archive.findLast(passed.toString())).toMatchObject({ kind: 'file', size: 0 });
  }, at);
});

test('a folder holds what lies right in it, whether it has an entry of its own or not', async () => {
  await opened(async (archive) => {
    const names = async (of: string) => {
      const children = await archive.children(of);
      const all = [...(children?.folders ?? []), ...(children?.files ?? [])];
      return children && Promise.all(all.map(async (position) => (await archive.entryAt(position)).name));
    };
    expect(await names('')).toEqual(['databases/blog.sql', 'www', 'README.txt']);
    expect(await names('www')).toEqual(['www/빈 폴더', 'www/사진/a.txt', 'www/index.html', 'www/사진첩.txt']);
    expect(await names('www/사진')).toEqual(['www/사진/깊은/b.txt', 'www/사진/a.txt']);
    expect(await names('www/빈 폴더')).toEqual([]);
    expect(await names('www/없는 폴더')).toBeUndefined();
    expect(await names('www/index.html')).toBeUndefined();
  });
});

test('a directory that was cut or written over is damage, not a guess', async () => {
  const bytes = await readFile(path);
  const cut = join(folder, 'cut.zip');
  await writeFile(cut, bytes);
  await truncate(cut, bytes.length - 30);
  await expect(ZipLookup.open(cut)).rejects.toThrow(DamagedArchive);
  const place = await opened(async (archive) => archive.place);
  const over = Buffer.from(bytes);
  over.writeUInt32LE(0, place.offset + 60);
  over.fill(0, place.offset + 70, place.offset + 200);
  await writeFile(cut, over);
  await expect(opened((archive) => archive.find('www/없음'), cut)).rejects.toThrow(DamagedArchive);
});

test.each(['www', 'databases'])(
  'the part %s is an archive that unzip takes, and any range of it is that of the whole',
  async (part) => {
    await opened(async (archive) => {
      const chosen = await select(archive, below(part));
      const all = await buffer(selected(archive, chosen));
      expect(all.length).toBe(chosen.bytes);
      const out = join(folder, `${part}.zip`);
      await writeFile(out, all);
      const listed = execFileSync('unzip', ['-Z1', out], { encoding: 'utf8' }).trim().split('\n');
      expect(listed.filter((name) => !name.startsWith(`${part}/`))).toEqual([]);
      execFileSync('unzip', ['-tq', out]);
      for (const [name, text] of Object.entries(texts).filter(([name]) => name.startsWith(`${part}/`)))
        expect(execFileSync('unzip', ['-p', out, name], { encoding: 'utf8' })).toBe(text);
      const ends = [
        0,
        1,
        chosen.contentBytes - 1,
        chosen.contentBytes,
        chosen.contentBytes + 50,
        chosen.bytes - 22,
        chosen.bytes - 1,
      ];
      for (const start of ends)
        for (const end of ends.filter((one) => one >= start && one >= 0))
          expect(await buffer(selected(archive, chosen, { start, end }))).toEqual(all.subarray(start, end + 1));
    });
  },
);

test('a part that nothing belongs to has no members', async () => {
  expect(await opened((archive) => select(archive, below('ww')))).toMatchObject({ members: 0 });
});

test('a place beyond 4 GiB is moved back in its ZIP64 field', () => {
  const member = { name: 'www/film.mp4', kind: 'file', mode: 0o644, modifiedAt: 0 } as const;
  for (const size of [10, 5 * 2 ** 32]) {
    const entry = directoryEntry(member, {
      ...{ method: 0, crc: 7, size, compressedSize: size, offset: 6 * 2 ** 32 + 5, described: false, wide: size > 10 },
    });
    moveBack(entry, 6 * 2 ** 32);
    expect(readEntry(entry, 0).entry).toMatchObject({ name: 'www/film.mp4', size, offset: 5 });
  }
});
