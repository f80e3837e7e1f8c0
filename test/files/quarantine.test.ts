// Bytes on their way into quarantine: what breaks off says why, and touches nobody else's file.
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Quarantine } from '../../src/files/quarantine.ts';
import { StoppedClock } from '../../src/platform/clock.ts';
import { toDisk } from '../../src/platform/storage/to-disk.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-quarantine-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Sends a little, and then breaks off. */
const cut = () =>
  Readable.from(
    (async function* () {
      yield Buffer.alloc(100_000, 'a');
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error('cut');
    })(),
  );

test('all that arrives is written', async () => {
  const path = join(folder, 'whole');
  const pieces = Array.from({ length: 300 }, (_, at) => Buffer.alloc(10_000, at % 256));
  await toDisk(Readable.from(pieces), new PassThrough(), path);
  expect(Buffer.compare(await readFile(path), Buffer.concat(pieces))).toBe(0);
});

test('many that break off at the same moment each say so, and no file of somebody else is closed', async () => {
  const other = join(folder, 'other');
  await toDisk(Readable.from([Buffer.from('x')]), new PassThrough(), other);
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const file = await open(other);
      for (let times = 0; times < 3; times += 1) await file.stat();
      await file.close();
    }
  })();
  for (let round = 0; round < 25; round += 1) {
    const names = ['a', 'b', 'c', 'd'].map((name) => join(folder, `${name}${round}`));
    const outcomes = await Promise.allSettled(names.map((path) => toDisk(cut(), new PassThrough(), path)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'cut' } });
  }
  isOver = true;
  await reading;
});

test('a sender who was cut off before the first byte is read is not waited for', async () => {
  const request = new IncomingMessage(new Socket());
  const closed = new Promise((resolve) => request.once('close', resolve));
  request.destroy();
  await closed;
  await expect(toDisk(request, new PassThrough(), join(folder, 'gone'), 0)).rejects.toThrow('cut off');
  expect((await readFile(join(folder, 'gone'))).length).toBe(0);
});

test('a folder that is emptied while files still come into it goes all the same', async () => {
  const quarantine = new Quarantine(folder, new StoppedClock(), 60_000);
  for (let round = 0; round < 10; round += 1) {
    const { folder: own, remove } = await quarantine.open();
    for (let at = 0; at < 200; at += 1) await writeFile(join(own, `there-${at}`), 'x');
    const writers = [0, 1, 2].map(async (writer) => {
      for (let at = 0; at < 60; at += 1) await writeFile(join(own, `late-${writer}-${at}`), 'x').catch(() => {});
    });
    await Promise.all([remove(), ...writers]);
  }
  expect(await readdir(folder)).toEqual([]);
});
