// Reading in order with the next megabyte on its way: what comes is what stands in the file, in whatever steps it is asked for.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReadAhead } from '../../src/platform/zip/read-ahead.ts';

const content = randomBytes(3_500_000);
let folder: string;
let file: FileHandle;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-ahead-'));
  await writeFile(join(folder, 'file'), content);
  file = await open(join(folder, 'file'), 'r');
});
afterAll(async () => {
  await file?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([100_000, 1_048_576, 1_048_577, 4_000_000])('in order, %i bytes asked for at a time', async (step) => {
  const ahead = new ReadAhead(file);
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; ) {
    const part = await ahead.some(at, Math.min(step, content.length - at));
    expect(part.length).toBeGreaterThan(0);
    parts.push(Buffer.from(part));
    at += part.length;
  }
  expect(Buffer.concat(parts).equals(content)).toBe(true);
  await ahead.settled();
});

test('back and forth, and across the seam of two windows', async () => {
  const ahead = new ReadAhead(file);
  for (const [at, length] of [
    [0, 30],
    [1_048_560, 30],
    [1_048_600, 1000],
    [10, 20],
    [3_499_990, 10],
    [1_048_576, 5],
  ] as const) {
    expect((await ahead.exactly(at, length)).equals(content.subarray(at, at + length)), `${at}`).toBe(true);
    const here = ahead.here(at, length);
    if (here) expect(here.equals(content.subarray(at, at + length))).toBe(true);
  }
  expect(ahead.here(0, 10)).toBeUndefined();
  await ahead.settled();
});

test('the end of the file is damage, not an endless read', async () => {
  const ahead = new ReadAhead(file);
  await expect(ahead.some(content.length, 1)).rejects.toThrow('the archive ends before byte');
  await expect(ahead.exactly(content.length - 5, 10)).rejects.toThrow('the archive ends before byte');
  await ahead.settled();
});
