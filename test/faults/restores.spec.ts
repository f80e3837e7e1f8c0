// kill -9 of the worker in the middle of restores, over the site and into a new folder: the backup stays, the site is as before or as
// restored, pages say how far it is, and the next worker ends it.
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { treeOf } from '../restores/world.ts';
import { engines } from '../support/databases.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { isShort, randomFrom, tell } from './seed.ts';

const rounds = isShort ? 1 : 50;
const files = isShort ? 60 : 200;

/** What was asked for, in turn. */
const orders = [
  { dest: 'in_place', mode: 'exact' },
  { dest: 'in_place', mode: 'keep_new' },
  { dest: 'new_folder', mode: 'keep_new' },
] as const;

const without = (tree: string, start: string) =>
  tree
    .split('\n')
    .filter((line) => !line.startsWith(start))
    .join('\n');

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${rounds} kills of the worker in restores lose nothing, and each restore ends`, async () => {
      const random = randomFrom(`restores ${engine}`);
      const house = await House.open({ engine });
      const figures: Record<string, number> = {};
      const count = (what: string) => {
        figures[what] = (figures[what] ?? 0) + 1;
      };
      try {
        await house.start();
        const customer = await new Customer(house, 'owner@example.com').arrive();
        const www = join(house.folder, 'data/sites', customer.site, 'www');
        const fill = async (text: string, count: number) => {
          for (let at = 0; at < count; at += 1) {
            const path = join(www, `part ${at % 9}/${at}.php`);
            await mkdir(dirname(path), { recursive: true });
            await writeFile(path, `<?php // ${text} ${at}\n${'x'.repeat(at * 20)}`);
          }
        };
        const inside = async (folder = '') =>
          (await treeOf(join(www, folder))).map((line) => line.replace(/^(\S.*) (\d+) \d{9,} (\S*)$/, '$1 $2 $3')).join('\n');
        await fill('saved', files);
        const saved = await inside();
        await customer.client.submit(`/sites/${customer.site}/backups`, {});
        const isGood = async () => (await house.count("select count(*) as count from backups where state = 'verified'")) > 0;
        expect(await house.until(isGood, 60)).toBe(true);
        const [backup] = await house.rows("select id, file_name, sha256 from backups where kind = 'manual'");
        const archive = join(house.folder, 'data/archives', customer.site, String(backup?.file_name));
        const { size } = await stat(archive);
        const top = `/sites/${customer.site}/backups/${backup?.id}/restoration`;
        for (let round = 0; round < rounds; round += 1) {
          // A worker that ends again and again is started more and more slowly: a new program begins with the shortest pause.
          if (round > 0 && round % 3 === 0) {
            await house.stop();
            await house.start();
          }
          // A sign-in is fresh for ten minutes.
          if (round > 0 && round % 10 === 0) expect(await customer.moveToNewBrowser()).toBe(200);
          await rm(join(www, 'part 3'), { recursive: true, force: true });
          await fill(`round ${round}`, 40);
          await mkdir(join(www, 'new'), { recursive: true });
          await writeFile(join(www, `new/${round}.txt`), 'newer');
          const before = await inside();
          const { dest, mode } = orders[round % orders.length] ?? orders[0];
          const query = new URLSearchParams({ scope: 'all', dest, mode });
          const begun = await customer.client.submit(`${top}/confirmation?${query}`, {}, top);
          expect([round, begun.status, begun.location]).toEqual([round, 303, expect.stringContaining('/restorations/')]);
          const shown = async () => JSON.parse((await customer.client.get(`${begun.location}/state`)).text);
          const isOpen = async () => (await house.count('select count(*) as count from restores where ended_at is null')) > 0;
          const step = async () => (await house.rows('select step from restores order by asked_at desc limit 1'))[0]?.step;
          // The making ready takes the longest; half of the kills are to hit what comes after it.
          const late = !isShort && random() < 0.5;
          const isWanted = async () => !late || ['switching', 'ending', 'done'].includes(String(await step()));
          await house.until(async () => (await isWanted()) || !(await isOpen()), 60);
          if (!late) await sleep(random() * (isShort ? 200 : 1500));
          const at = String(await step());
          if (await isOpen()) count('while a restore ran');
          process.kill(await house.worker(), 'SIGKILL');
          count('kills');
          count(at);
          count(dest);
          // Read before and after: an end that came in between is no lie.
          const wasOpen = await isOpen();
          const { finished } = await shown();
          if (wasOpen === (await isOpen())) expect([round, at, finished]).toEqual([round, at, !wasOpen]);
          // Until the exchange has begun nothing of the site has changed.
          const [killedAt] = await house.rows('select switched_at from restores order by asked_at desc limit 1');
          if (killedAt?.switched_at === null) expect([round, at, await inside()]).toEqual([round, at, before]);
          expect([round, at, await house.until(async () => !(await isOpen()), 120)]).toEqual([round, at, true]);
          const [{ folder, ...row } = {}] = await house.rows(
            'select step, fault, folder from restores order by asked_at desc limit 1',
          );
          expect([round, at, row]).toEqual([round, at, { step: 'done', fault: null }]);
          expect([round, at, await shown()]).toEqual([round, at, expect.objectContaining({ finished: true, failed: false })]);
          if (!isShort) console.log(`round ${round + 1}: killed at ${at}`);
          const after = await inside();
          if (folder) {
            expect([round, at, without(after, String(folder))]).toEqual([round, at, before]);
            expect([round, at, await inside(String(folder))]).toEqual([round, at, saved]);
            await rm(join(www, String(folder)), { recursive: true });
          } else expect([round, at, mode === 'exact' ? after : without(after, 'new')]).toEqual([round, at, saved]);
          expect((await stat(archive)).size).toBe(size);
          const kept = await house.rows(`select state, sha256 from backups where id = '${backup?.id}'`);
          expect(kept).toEqual([{ state: 'verified', sha256: backup?.sha256 }]);
          expect(await treeOf(join(house.folder, 'data/sites', customer.site, 'trash'))).toEqual([]);
          expect(await house.count('select count(*) as count from sites where frozen_at is not null')).toBe(0);
        }
        const left = async () => house.count('select count(*) as count from file_acts');
        expect(await house.until(async () => (await left()) === 0, 60)).toBe(true);
        expect(await readFile(archive)).toHaveLength(size);
        // One kill alone may come too late on a quick machine.
        if (!isShort) expect(figures['while a restore ran']).toBeGreaterThan(0);
        expect(house.bugs()).toEqual([]);
        tell(`restores ${engine}`, figures);
      } finally {
        await house.close();
      }
    });
  });
}
