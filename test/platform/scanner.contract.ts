// The promise of a virus scanner, on the one that is built in: nobody looked, and it says so.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noScanner } from '../../src/platform/scanner/none.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-scan-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('without a scanner a file is clean as far as we know, and the panel can tell that nobody looked', async () => {
  const path = join(folder, 'file.txt');
  await writeFile(path, 'hello');
  const scanner = noScanner();
  expect(scanner.present).toBe(false);
  await scanner.check();
  expect(await scanner.scan(path)).toEqual({ clean: true });
});
