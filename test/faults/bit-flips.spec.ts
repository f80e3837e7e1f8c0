// Single bits that flip in what is stored: in archives, and in both kinds of tiers. Every one of them is found by verification.
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestIn } from '../../src/backups/manifest.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { newId } from '../../src/platform/ids.ts';
import { folderTier } from '../../src/platform/tier/folder.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { DamagedArchive } from '../../src/platform/zip/damage.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { type State, someKeys, stateOf } from '../tiers/states.ts';
import { isShort, randomFrom, tell } from './seed.ts';

/** A thousand in the long form; restic is asked anew for each, which takes seconds. */
const flips = isShort ? { archives: 150, folder: 50, restic: 2 } : { archives: 600, folder: 300, restic: 100 };
const day = 86_400_000;
const signal = new AbortController().signal;
const random = randomFrom('bit flips');
let folder: string;
let state: State;
const site = newId(Date.now());

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-flips-'));
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`부분 ${at % 5}/${at}.php`, `<?php // ${at}\n`.repeat(1 + at * 9)]),
  );
  const photo = Array.from({ length: 30_000 }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join('');
  state = await stateOf(join(folder, 'state'), site, { ...files, 'photo.jpg': photo }, Date.now() - day);
});
afterAll(async () => {
  await state?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Flips one bit of a file, and back. */
async function flipped(path: string, at: number, bit: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ (1 << bit)]), 0, 1, at);
  } finally {
    await file.close();
  }
}

/** As the panel reads an archive back: with the manifest that lies in it, and the SHA-256 that was written down when it was made. */
async function isFound(path: string, sha256: string): Promise<boolean> {
  let reader: ZipReader | undefined;
  try {
    reader = await ZipReader.open(path);
    return !(await verifyArchive(path, { sha256, manifest: await manifestIn(reader), signal })).ok;
  } catch (error) {
    if (error instanceof DamagedArchive) return true;
    throw error;
  } finally {
    await reader?.close();
  }
}

test('in archives: the member, the directory, the manifest, anything between', async () => {
  const { archive, sha256 } = state.source;
  const path = join(folder, 'flipped.zip');
  await writeFile(path, await readFile(archive));
  const { size } = await stat(path);
  expect(await isFound(path, sha256)).toBe(false);
  const missed: string[] = [];
  for (let count = 0; count < flips.archives; count += 1) {
    const [at, bit] = [Math.floor(random() * size), Math.floor(random() * 8)];
    await flipped(path, at, bit);
    if (!(await isFound(path, sha256))) missed.push(`${at}.${bit}`);
    await flipped(path, at, bit);
  }
  expect(missed).toEqual([]);
  expect(await isFound(path, sha256)).toBe(false);
  tell('bit flips in archives', { flips: flips.archives, bytes: size, missed: missed.length });
});

/** Whether the tier says that what it holds cannot be read back. */
async function isComplained(tier: BackupTier): Promise<boolean> {
  try {
    return (await tier.check(site, { part: 1, parts: 1 }, signal)).complaint !== undefined;
  } catch (error) {
    return (error as Error).name === 'TierFault';
  }
}

/** @returns which of the files has the byte, were they one after the other */
function fileOf(sizes: readonly number[], byte: number): number {
  let end = 0;
  return sizes.findIndex((size) => {
    end += size;
    return byte < end;
  });
}

async function inTier(tier: BackupTier, root: string, { count, skip }: { count: number; skip: RegExp }): Promise<string[]> {
  await tier.keep(state.source, signal);
  expect(await isComplained(tier)).toBe(false);
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const paths = names.map((one) => join(one.parentPath, one.name)).filter((path) => !skip.test(path));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const missed: string[] = [];
  for (let done = 0; done < count; done += 1) {
    // Every second one in a file drawn first, so that small files are hit too.
    const drawn = Math.floor(random() * paths.length);
    const file = done % 2 === 0 ? fileOf(sizes, Math.floor(random() * total)) : drawn;
    const at = Math.floor(random() * (sizes[file] ?? 1));
    const [path, bit] = [paths[file] ?? '', Math.floor(random() * 8)];
    await flipped(path, at, bit);
    if (!(await isComplained(tier))) missed.push(`${path.slice(root.length)} ${at}.${bit}`);
    await flipped(path, at, bit);
  }
  expect(await isComplained(tier)).toBe(false);
  tell(`bit flips in ${root.slice(folder.length + 1)}`, {
    flips: count,
    files: paths.length,
    bytes: total,
    missed: missed.length,
  });
  return missed;
}

test('in a tier of archives', async () => {
  const root = join(folder, 'archives');
  expect(await inTier(folderTier(root), root, { count: flips.folder, skip: /^$/ })).toEqual([]);
});

test('in a repository of restic: packs, index, snapshots, keys and configuration', async () => {
  const root = join(folder, 'restic');
  const reach = { hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 60_000 };
  const address = tierAddress(`restic:${root}`) as ResticAddress;
  const tier = resticTier({ ...reach, keys: someKeys(), address, working: join(folder, 'working') });
  expect(await inTier(tier, root, { count: flips.restic, skip: /\/locks\// })).toEqual([]);
});
