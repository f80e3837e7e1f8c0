// Rows that are too many for memory come back as they were, and leave nothing on the disk.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from '../../src/platform/spool.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function allOf<T>(spool: Spool<T>): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of spool.batches()) rows.push(...batch);
  return rows;
}

test('rows come back in order, as often as asked: with line ends, Korean, longer than a batch, and none at all', async () => {
  const spool = await Spool.open<unknown>(join(folder, 'rows'));
  expect(await allOf(spool)).toEqual([]);
  const rows = [
    '줄\n바꿈\u2028',
    '',
    { long: '긴'.repeat(400_000) },
    ...Array.from({ length: 20_000 }, (_, n) => [n, `이름 ${n}`]),
  ];
  for (const row of rows) await spool.append(row);
  expect(spool.count).toBe(rows.length);
  expect(await allOf(spool)).toEqual(rows);
  expect(await allOf(spool)).toEqual(rows);
  await spool.close();
});

test('its file has no name while it is used, and never takes the place of another', async () => {
  const spool = await Spool.open<number>(join(folder, 'rows'));
  expect(await readdir(folder)).toEqual([]);
  await spool.close();
  await writeFile(join(folder, 'taken'), 'mine');
  await expect(Spool.open(join(folder, 'taken'))).rejects.toThrow('EEXIST');
});
