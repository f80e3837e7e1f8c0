// Single bits that flip in what is stored: in archives, and in both kinds of tiers. Every one of them is found by verification.
import { cp, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestIn } from '../../src/backups/manifest.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { newId } from '../../src/platform/ids.ts';
import { TierFault } from '../../src/platform/tier/faults.ts';
import { folderTier } from '../../src/platform/tier/folder.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { DamagedArchive } from '../../src/platform/zip/damage.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { type State, someKeys, stateOf } from '../tiers/states.ts';
import { isShort, randomFrom, tell } from './seed.ts';

/** In the long form a thousand in archives and a thousand in tiers; restic is asked anew for each, which takes seconds. */
const flips = isShort ? { archives: 150, folder: 50, restic: 2 } : { archives: 1000, folder: 500, restic: 500 };
/** restic derives its key anew for every word it is told: half a second of one core. */
const restics = isShort ? 1 : 4;
const resticMilliseconds = 3 * 60 * 60 * 1000;
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

/** What a flip may be told as; a tier that is busy, locked or away has found nothing. */
const damages = ['DAMAGED', 'FAILED', 'WRONG_KEY', 'NO_REPOSITORY'];

/** @returns what the tier says of what it holds, or undefined when all of it could be read back */
async function complaintOf(tier: BackupTier): Promise<string | undefined> {
  try {
    const { complaint, damaged } = await tier.check(site, { part: 1, parts: 1 }, signal);
    return complaint ?? (damaged.length > 0 ? 'DAMAGED' : undefined);
  } catch (error) {
    if (error instanceof TierFault && damages.includes(error.code)) return error.code;
    throw error;
  }
}

type Flip = { readonly path: string; readonly at: number; readonly bit: number };

/** @returns which of the files has the byte, were they one after the other */
function fileOf(sizes: readonly number[], byte: number): number {
  let end = 0;
  return sizes.findIndex((size) => {
    end += size;
    return byte < end;
  });
}

/** Every second one in a file drawn first, so that small files are hit too. @param skip paths below the root that are no part of it */
async function drawn(root: string, count: number, skip: RegExp): Promise<{ all: Flip[]; files: number; bytes: number }> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const paths = names.map((one) => relative(root, join(one.parentPath, one.name))).filter((path) => !skip.test(path));
  const sizes = await Promise.all(paths.sort().map(async (path) => (await stat(join(root, path))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const all = Array.from({ length: count }, (_, done) => {
    const file = done % 2 === 0 ? fileOf(sizes, Math.floor(random() * bytes)) : Math.floor(random() * paths.length);
    return { path: paths[file] ?? '', at: Math.floor(random() * (sizes[file] ?? 1)), bit: Math.floor(random() * 8) };
  });
  return { all, files: paths.length, bytes };
}

/** Flips, asks, and flips back. @returns those that nobody found, and how the others were told */
async function missedOf(tier: BackupTier, root: string, flips: Iterator<Flip, unknown>) {
  const missed: string[] = [];
  const told: Record<string, number> = {};
  for (let next = flips.next(); next.done !== true; next = flips.next()) {
    const { path, at, bit } = next.value;
    await flipped(join(root, path), at, bit);
    const complaint = await complaintOf(tier);
    if (complaint === undefined) missed.push(`${path} ${at}.${bit}`);
    else told[complaint] = (told[complaint] ?? 0) + 1;
    await flipped(join(root, path), at, bit);
  }
  expect(await complaintOf(tier)).toBeUndefined();
  return { missed, told };
}

test('in a tier of archives', async () => {
  const root = join(folder, 'archives');
  const tier = folderTier(root);
  await tier.keep(state.source, signal);
  expect(await complaintOf(tier)).toBeUndefined();
  const { all, ...about } = await drawn(root, flips.folder, /^$/);
  const { missed, told } = await missedOf(tier, root, all.values());
  expect(missed).toEqual([]);
  tell('bit flips in a tier of archives', { flips: all.length, ...about, missed: missed.length, ...told });
});

test(
  'in a repository of restic: packs, index, snapshots, keys and configuration',
  async () => {
    const [keys, root] = [someKeys(), join(folder, 'restic')];
    const tierAt = (root: string) => {
      const reach = { hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 60_000 };
      const address = tierAddress(`restic:${root}`) as ResticAddress;
      return resticTier({ ...reach, keys, address, working: `${root}-working` });
    };
    await tierAt(root).keep(state.source, signal);
    expect(await complaintOf(tierAt(root))).toBeUndefined();
    const { all, ...about } = await drawn(root, flips.restic, /\/locks\//);
    const queue = all.values();
    // Copies side by side, each with flips of its own.
    const found = await Promise.all(
      Array.from({ length: restics }, async (_, at) => {
        const copy = `${root}-${at}`;
        await cp(root, copy, { recursive: true });
        return missedOf(tierAt(copy), copy, queue);
      }),
    );
    const told: Record<string, number> = {};
    for (const one of found) for (const [code, count] of Object.entries(one.told)) told[code] = (told[code] ?? 0) + count;
    expect(found.flatMap(({ missed }) => missed)).toEqual([]);
    tell('bit flips in restic', { flips: all.length, ...about, missed: 0, ...told });
  },
  isShort ? undefined : resticMilliseconds,
);
