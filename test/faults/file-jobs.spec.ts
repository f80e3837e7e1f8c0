// kill -9 of the worker in the middle of unpacking, copying and packing: the next one does all of it, and until then nothing is seen.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { zipOf } from '../files/made-files.ts';
import { engines } from '../support/databases.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { isShort, randomFrom, tell } from './seed.ts';

const rounds = isShort ? 1 : 15;
const members = 400;

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${3 * rounds} kills of the worker leave nothing half, and every job is done once`, async () => {
      const random = randomFrom(`file jobs ${engine}`);
      const house = await House.open({ engine });
      const figures = { kills: 0, 'while the job ran': 0 };
      try {
        await house.start();
        const customer = await new Customer(house, 'owner@example.com').arrive();
        const place = (...path: string[]) => join(house.folder, 'data/sites', customer.site, ...path);
        const files = `/sites/${customer.site}/files`;
        const parts = Array.from({ length: members }, (_, at) => ({ name: `${at % 7}/${at}.txt`, content: `${at}\n` }));
        await writeFile(place('www/a.zip'), zipOf(parts));
        await mkdir(place('www/many'));
        for (const { name, content } of parts) await writeFile(place('www/many', name.replace('/', '-')), content);
        const jobs: [string, string, Record<string, string>, () => Promise<number | undefined>, number][] = [
          [
            'extract',
            `${files}/www/a.zip?do=extract`,
            { path: 'www/a.zip', where: 'new', name: 'out', conflict: 'skip' },
            () => countIn(place('www/out')),
            members,
          ],
          [
            'copy',
            `${files}/www?do=copy&path=www/many`,
            { path: 'www/many', to: 'www', conflict: 'rename' },
            () => countIn(place('www/many 사본')),
            members,
          ],
          [
            'compress',
            `${files}/www?do=compress&path=www/many`,
            { path: 'www/many', name: 'packed.zip' },
            () => countIn(place('www/packed.zip')),
            1,
          ],
        ];
        for (let round = 0; round < rounds; round += 1) {
          // A worker that ends again and again is started more and more slowly: a new program begins with the shortest pause.
          if (round > 0) {
            await house.stop();
            await house.start();
          }
          for (const [what, page, fields, count, whole] of jobs) {
            const { status } = await customer.client.submit(page, fields, `${files}/${what}`);
            expect([what, status]).toEqual([what, 303]);
            const isOpen = async () => (await house.count('select count(*) as count from file_jobs where ended_at is null')) > 0;
            await house.until(
              async () =>
                (await house.count("select count(*) as count from file_jobs where state = 'running'")) > 0 || !(await isOpen()),
              60,
            );
            await sleep(random() * 800);
            if (await isOpen()) figures['while the job ran'] += 1;
            process.kill(await house.worker(), 'SIGKILL');
            figures.kills += 1;
            expect([undefined, whole]).toContain(await count());
            expect(await house.until(async () => !(await isOpen()), 120)).toBe(true);
            const [row] = await house.rows(
              'select state, staged, refused, skipped from file_jobs order by queued_at desc limit 1',
            );
            expect(row).toEqual({ state: 'done', staged: null, refused: 0, skipped: 0 });
            expect([what, await count()]).toEqual([what, whole]);
            expect((await readdir(place('www'))).filter((name) => !['a.zip', 'many', 'index.html'].includes(name))).toHaveLength(
              1,
            );
            expect(await readdir(place('trash'))).toEqual([]);
            for (const name of ['out', 'many 사본', 'packed.zip']) await rm(place('www', name), { recursive: true, force: true });
          }
        }
        expect(await house.until(async () => (await house.count('select count(*) as count from file_acts')) === 0, 60)).toBe(
          true,
        );
        expect(figures['while the job ran']).toBeGreaterThan(0);
        expect(house.bugs()).toEqual([]);
        tell(`file jobs ${engine}`, figures);
      } finally {
        await house.close();
      }
    });
  });
}

/** @returns how many files stand there; undefined where nothing does */
async function countIn(path: string): Promise<number | undefined> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error) =>
    error.code === 'ENOTDIR' ? 'file' : undefined,
  );
  if (entries === 'file') return 1;
  return entries?.filter((entry) => entry.isFile()).length;
}
