// Bytes that are collected in memory and, beyond 8 MiB, in a file without a name.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GrowingBytes } from '../../src/platform/zip/growing-bytes.ts';

const mebi = 1024 * 1024;
const segment = mebi / 4;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'growing-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Grows by pieces of no even length. */
function grow(bytes: GrowingBytes, content: Buffer): void {
  for (let at = 0; at < content.length; at += 54_321) bytes.append(content.subarray(at, at + 54_321));
}

const copied = (bytes: GrowingBytes) => {
  const parts: Buffer[] = [];
  // Each part is valid until the next.
  for (const part of bytes.parts()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
};

test('without a file all stays in memory', () => {
  const content = randomBytes(9 * mebi);
  const bytes = new GrowingBytes();
  grow(bytes, content);
  expect(copied(bytes).equals(content)).toBe(true);
});

test('beyond what memory may hold it lies in a file that has no name', async () => {
  const content = randomBytes(21 * mebi + 7);
  const bytes = new GrowingBytes(join(folder, 'spill'));
  grow(bytes, content);
  expect(await readdir(folder)).toEqual([]);
  expect(bytes.length).toBe(content.length);
  expect(copied(bytes).equals(content)).toBe(true);
  bytes.close();
  bytes.close();
});

test.each([
  ['in memory', 20 * mebi + 5],
  ['in the file', 9 * mebi + 12_345],
  ['in the file, where a segment ends', 3 * segment],
  ['where memory begins', 16 * mebi],
  ['everything', 0],
])('what is cut off is forgotten, and it goes on from there: %s', (_, length) => {
  const bytes = new GrowingBytes(join(folder, 'spill'));
  const [before, after] = [randomBytes(21 * mebi), randomBytes(12 * mebi)];
  grow(bytes, before);
  bytes.cut(length);
  grow(bytes, after);
  expect(copied(bytes).equals(Buffer.concat([before.subarray(0, length), after]))).toBe(true);
  bytes.close();
});

test('a file that stands there already is nobody to write to', async () => {
  await writeFile(join(folder, 'spill'), 'somebody');
  const bytes = new GrowingBytes(join(folder, 'spill'));
  expect(() => grow(bytes, randomBytes(9 * mebi))).toThrow(/EEXIST/);
});
