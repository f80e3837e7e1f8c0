// Lines that are too many for memory come back as they were, and leave nothing on the disk.
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

async function allOf(spool: Spool): Promise<string> {
  const portions: Buffer[] = [];
  for await (const portion of spool.portions()) {
    expect(portion.at(-1)).toBe(0x0a);
    portions.push(Buffer.from(portion));
  }
  return Buffer.concat(portions).toString();
}

test('lines come back in order, as often as asked: Korean, longer than a batch, many at once, and none at all', async () => {
  const spool = await Spool.open(join(folder, 'lines'));
  expect(await allOf(spool)).toBe('');
  const lines = [
    '줄\u2028바꿈\n',
    '\n',
    `${'긴'.repeat(400_000)}\n`,
    ...Array.from({ length: 20_000 }, (_, n) => `이름 ${n}\n둘\n`),
  ];
  for (const [index, line] of lines.entries()) await spool.append(index % 2 === 0 ? line : Buffer.from(line));
  expect(spool.bytes).toBe(Buffer.byteLength(lines.join('')));
  expect(await allOf(spool)).toBe(lines.join(''));
  expect(await allOf(spool)).toBe(lines.join(''));
  await spool.close();
});

test('its file has no name while it is used, and never takes the place of another', async () => {
  const spool = await Spool.open(join(folder, 'lines'));
  expect(await readdir(folder)).toEqual([]);
  await spool.close();
  await writeFile(join(folder, 'taken'), 'mine');
  await expect(Spool.open(join(folder, 'taken'))).rejects.toThrow('EEXIST');
});
