// Damage of any kind is found when an archive is read back.
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WrittenArchive, writeArchive } from '../../src/backups/archive.ts';
import type { Manifest } from '../../src/backups/manifest.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { ZipWriter } from '../../src/platform/zip/writer.ts';
import { readManifest } from './manifests.ts';

let folder: string;
let path: string;
let archive: WrittenArchive;
let written: Manifest;
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verification-'));
  const www = join(folder, 'site/www');
  await mkdir(join(www, 'empty'), { recursive: true });
  for (let number = 0; number < 30; number++) await writeFile(join(www, `${number}.txt`), `글 ${number} `.repeat(200));
  await writeFile(join(www, 'big'), Buffer.concat([Buffer.alloc(1_500_000, 'text '), randomBytes(1_500_000)]));
  await writeFile(join(www, 'photo.jpg'), randomBytes(100_000));
  for (const name of ['big', 'photo.jpg']) await utimes(join(www, name), 1, 1);
  await symlink('0.txt', join(www, 'link'));
  path = join(folder, 'archive.zip');
  archive = await writeArchive({
    storage: diskSite(join(folder, 'site')),
    siteName: 'haneul',
    target: path,
    at: Date.now(),
    zone: 'Asia/Seoul',
    signal,
  });
  written = await readManifest(path);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const check = (manifest: Manifest = written, file = path, sha256 = archive.sha256) =>
  verifyArchive(file, { sha256, manifest, signal });

async function faults(...given: Parameters<typeof check>) {
  const outcome = await check(...given);
  return outcome.ok ? [] : outcome.faults.map((one) => `${one.fault} ${one.path}`.trim());
}

/** Another archive of the same members, with one of them left out, doubled or changed. */
async function rewritten(change: (name: string) => 'same' | 'without' | 'twice' | 'mode') {
  const file = join(folder, 'rewritten.zip');
  const [reader, writer] = [await ZipReader.open(path), await ZipWriter.create(file)];
  for (const entry of reader.entries()) {
    const act = change(entry.name);
    const times = act === 'without' ? 0 : act === 'twice' ? 2 : 1;
    const mode = act === 'mode' ? 0o777 : entry.mode;
    for (let time = 0; time < times; time++)
      await writer.carry({ ...entry, mode }, { ...entry, content: await reader.rawBytes(entry) });
  }
  await reader.close();
  const { sha256 } = await writer.finish();
  return [written, file, sha256] as const;
}

test('an archive as it was written is right', async () => {
  const told: number[] = [];
  const outcome = await verifyArchive(path, {
    ...archive,
    manifest: written,
    signal,
    progress: (done, total) => told.push(done / total),
  });
  expect(outcome).toEqual({ ok: true });
  expect(told.at(-1)).toBe(1);
});

test('one flipped bit is found wherever it is', async () => {
  const whole = await readFile(path);
  const file = join(folder, 'flipped.zip');
  for (let turn = 0; turn < 20; turn++) {
    const at = randomInt(whole.length);
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << randomInt(8));
    await writeFile(file, damaged);
    expect(await faults(written, file), `byte ${at}`).toContain('archive');
  }
}, 120_000);

test('the damaged member is named', async () => {
  const whole = await readFile(path);
  const file = join(folder, 'named.zip');
  const reader = await ZipReader.open(path);
  await reader.close();
  for (const name of ['www/big', 'www/photo.jpg', 'www/7.txt', 'www/link']) {
    const entry = [...reader.entries()].find((one) => one.name === name);
    if (!entry) throw new Error(`${name} is missing`);
    const damaged = Buffer.from(whole);
    const at = entry.offset + 30 + Buffer.byteLength(name) + 9 + Math.floor(entry.compressedSize / 2);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    await writeFile(file, damaged);
    expect(await faults(written, file)).toEqual([`content ${name}`, 'archive']);
  }
});

test('a truncated archive is found, at whatever length', async () => {
  const file = join(folder, 'cut.zip');
  for (const length of [0, 1, 30, 1000, 500_000, archive.bytes - 100, archive.bytes - 1]) {
    await writeFile(file, await readFile(path));
    await truncate(file, length);
    expect(await faults(written, file), `${length} bytes`).toEqual(['directory', 'archive']);
  }
});

test('bytes behind the end are found', async () => {
  const file = join(folder, 'long.zip');
  await writeFile(file, Buffer.concat([await readFile(path), Buffer.alloc(5)]));
  expect(await faults(written, file)).toContain('archive');
});

test('a member that is missing, twice, not listed or has another mode is found although the archive is sound', async () => {
  expect(await faults(...(await rewritten(() => 'same')))).toEqual([]);
  expect(await faults(...(await rewritten((name) => (name === 'www/3.txt' ? 'without' : 'same'))))).toEqual([
    'missing www/3.txt',
  ]);
  expect(await faults(...(await rewritten((name) => (name === 'www/3.txt' ? 'twice' : 'same'))))).toEqual(['unlisted www/3.txt']);
  expect(await faults(...(await rewritten((name) => (name === 'www/3.txt' ? 'mode' : 'same'))))).toEqual(['different www/3.txt']);
  expect(await faults(...(await rewritten((name) => (name === 'manifest.json' ? 'without' : 'same'))))).toEqual([
    'manifest manifest.json',
  ]);
});

test('a manifest that tells something else than the archive is found', async () => {
  const changed = (change: (member: Manifest['members'][number]) => object) => ({
    ...written,
    members: written.members.map((member) => ({
      ...member,
      ...(member.path === 'www/5.txt' || member.path === 'www/link' ? change(member) : {}),
    })),
  });
  expect(await faults(changed(() => ({ sha256: 'ab'.repeat(32) })))).toEqual(['different www/5.txt', 'manifest manifest.json']);
  expect(await faults(changed((member) => ({ size: member.size + 1 })))).toContain('different www/5.txt');
  expect(await faults(changed((member) => (member.target ? { target: '/etc' } : {})))).toContain('different www/link');
  expect(await faults({ ...written, site: 'another' })).toEqual(['manifest manifest.json']);
  expect(await faults({ ...written, members: written.members.slice(1) })).toContain('unlisted www');
});

test('it can be stopped, and an archive that is not there is an error', async () => {
  const control = new AbortController();
  const progress = () => control.abort(new Error('stopped'));
  await expect(verifyArchive(path, { ...archive, manifest: written, signal: control.signal, progress })).rejects.toThrow(
    'stopped',
  );
  await expect(check(written, join(folder, 'none.zip'))).rejects.toMatchObject({ code: 'ENOENT' });
});
