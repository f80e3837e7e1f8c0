// An archive that takes over from the one before holds, member by member, what a fresh one holds: random trees, random changes.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ArchiveOrder, writeArchive } from '../../src/backups/archive.ts';
import { type ManifestMember, memberLine } from '../../src/backups/manifest.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { gapByte, rowIn, rowText } from '../../src/platform/storage/rows.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { lengths } from '../../src/platform/zip/records.ts';
import { readManifest } from './manifests.ts';

let folder: string;
let www: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carry-over-'));
  www = join(folder, 'site/www');
  await mkdir(www, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const lastWeek = new Date(Math.floor(Date.now() / 1000) * 1000 - 7 * 86_400_000);

/** The same numbers for the same seed, so that what fails fails again. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 || 1;
  }

  below(most: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % most;
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }
}

async function archived(name: string, other: Partial<ArchiveOrder> = {}) {
  const target = join(folder, name);
  const storage = diskSite(join(folder, 'site'));
  const made = await writeArchive({ storage, siteName: 'haneul', target, at: Date.now(), zone: 'Asia/Seoul', signal, ...other });
  const manifest = await readManifest(target);
  expect(await verifyArchive(target, { sha256: made.sha256, manifest, signal })).toEqual({ ok: true });
  return { ...made, path: target, manifest };
}

/** Taken by SQLite while it is new, and byte by byte when it is two seconds old: the same rows in other bytes. */
const database = 'www/shop.db';
const comparable = (members: readonly ManifestMember[]) =>
  members.map((one) => (one.path === database ? { ...one, sha256: '' } : one));

/** Every member as the directory and the content tell it. */
async function membersOf(path: string) {
  const reader = await ZipReader.open(path);
  const found: unknown[] = [];
  for (const { name, kind, mode, modifiedAt, size, crc } of reader.entries())
    if (!name.startsWith('manifest.json')) found.push({ name, kind, mode, modifiedAt, size, crc: name === database ? 0 : crc });
  await reader.close();
  return found;
}

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(join(www, path, '..'), { recursive: true });
  await writeFile(join(www, path), content);
  await utimes(join(www, path), lastWeek, lastWeek);
}

const stems = ['a', '사진', 'b c', '"quoted"', 'back\\slash', 'a\u2028b', '🏯', '-wal', 'x-wal', 'index.html', 'Z', '~'];
const contentOf = (chance: Chance) => {
  const bytes = chance.of([0, 1, 40, 900, 20_000]);
  return chance.below(2) === 0 ? randomBytes(bytes) : '글 '.repeat(bytes >> 2);
};

async function grow(chance: Chance, files: number): Promise<void> {
  const folders = [''];
  for (let count = 0; count < 1 + files / 20; count++) {
    const path = `${chance.of(folders)}${chance.of(stems)}-${count}/`;
    await mkdir(join(www, path), { recursive: true });
    folders.push(path);
  }
  for (let count = 0; count < files; count++) await put(`${chance.of(folders)}${chance.of(stems)} ${count}`, contentOf(chance));
  await put('big', Buffer.concat([randomBytes(1_200_000), Buffer.alloc(400_000, 'text ')]));
  await symlink('big', join(www, 'link'));
  const shop = new DatabaseSync(join(www, 'shop.db'));
  shop.exec('CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (1), (2)');
  shop.close();
  await utimes(join(www, 'shop.db'), lastWeek, lastWeek);
}

/** Some of all files: rewritten, removed, given another mode or name, made a folder or a link; and new ones. */
async function change(chance: Chance): Promise<void> {
  const all = await readdir(www, { recursive: true, withFileTypes: true });
  const acts: ((path: string) => Promise<unknown>)[] = [
    async (path) => writeFile(path, randomBytes(50)),
    // the same size, and its time set back
    async (path) => writeFile(path, randomBytes((await readFile(path)).length)),
    (path) => rm(path),
    (path) => chmod(path, 0o600),
    (path) => rename(path, `${path}!`),
    async (path) => rm(path).then(() => mkdir(path)),
    async (path) => rm(path).then(() => symlink('elsewhere', path)),
    (path) => writeFile(`${path}.new`, 'new'),
  ];
  for (const one of all) {
    if (!one.isFile() || chance.below(15) > 0) continue;
    const path = join(one.parentPath, one.name);
    await chance.of(acts)(path);
    for (const changed of [path, `${path}!`, `${path}.new`]) await utimes(changed, lastWeek, lastWeek).catch(() => {});
  }
}

describe('an archive that takes over from the one before', () => {
  test.each([
    [1, 60],
    [2, 60],
    [3, 200],
    [4, 200],
    // so many that a thread goes through them while the archive is made
    [5, 2300],
  ])('is member by member a fresh one (seed %i, %i files)', async (seed, files) => {
    const chance = new Chance(seed);
    await grow(chance, files);
    let previous = await archived('first.zip');
    for (let night = 1; night <= 3; night++) {
      await change(chance);
      const before = new Map(previous.manifest.members.map((one) => [one.path, one]));
      const at = Date.now();
      const next = await archived(`${night}.zip`, { previous, at });
      const fresh = await archived(`${night}-fresh.zip`, { at });
      expect(comparable(next.manifest.members)).toEqual(comparable(fresh.manifest.members));
      expect(next.manifest.counts).toEqual(fresh.manifest.counts);
      expect(next.databases).toEqual(fresh.databases);
      expect(await membersOf(next.path)).toEqual(await membersOf(fresh.path));
      const same = fresh.manifest.members.filter(
        ({ path, kind, stamp }) => kind === 'file' && stamp !== '' && stamp === before.get(path)?.stamp && !path.endsWith('-wal'),
      );
      expect(next.carriedFiles).toBe(same.length);
      expect(same.length).toBeGreaterThan(files / 2);
      previous = next;
    }
  });

  test('takes nothing over from where manifest and directory of that one are not of the same members', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await put(name, name.repeat(100));
    const previous = await archived('first.zip');
    const whole = await readFile(previous.path);
    whole[whole.lastIndexOf('www/c') + 4] = 0x78;
    await writeFile(previous.path, whole);
    expect((await archived('second.zip', { previous })).carriedFiles).toBe(2);
  });

  test('takes nothing from a manifest that turns out at its end not to be as it was written', async () => {
    for (let count = 0; count < 30; count++) await put(`${count}.txt`, `content ${count}`);
    const previous = await archived('first.zip');
    const undamaged = await archived('next.zip', { previous });
    expect(undamaged.carriedFiles).toBe(30);
    const bytes = await readFile(previous.path);
    const entry = bytes.lastIndexOf('manifest.json') - lengths.entry;
    bytes.writeUInt32LE((bytes.readUInt32LE(entry + 16) ^ 1) >>> 0, entry + 16);
    await writeFile(previous.path, bytes);
    const anew = await archived('anew.zip', { previous });
    expect(anew.carriedFiles).toBe(0);
    expect(anew.manifest.members.filter(({ path }) => path !== 'README.txt')).toEqual(
      undamaged.manifest.members.filter(({ path }) => path !== 'README.txt'),
    );
  });
});

test('a row of the listing is the line of the manifest but for the digest', () => {
  const said = { size: 3, mode: 0o640, modifiedAt: 1.5e12 + 0.25, stamp: 'a-b' };
  for (const path of ['www/a', 'www/사진/"\\\u2028\n.jpg']) {
    const entry = { name: path.slice(path.lastIndexOf('/') + 1), kind: 'file', ...said } as const;
    const line = memberLine({ path, sha256: 'ab'.repeat(32), ...said, kind: 'file' });
    expect(rowText(path, entry).replace(String.fromCharCode(gapByte), `"sha256":"${'ab'.repeat(32)}",`)).toBe(`${line}\n`);
    expect(rowIn(rowText(path, entry))).toEqual({ path, entry });
  }
  const link = { kind: 'link', ...said, size: 0, target: '../"x"' } as const;
  expect(rowText('www/l', { name: 'l', ...link })).toBe(`${memberLine({ path: 'www/l', ...link })}\n`);
  const inside = { kind: 'folder', ...said, size: 0 } as const;
  expect(rowText('www/f', { name: 'f', ...inside })).toBe(`${memberLine({ path: 'www/f', ...inside })}\n`);
});
