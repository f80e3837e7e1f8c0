// kill -9 of the worker at random moments of erasures: the next worker ends each, nothing of the customer is left, and no other loses a byte.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { gotgan } from '../support/program.ts';
import { marksIn, treeDigest } from '../termination/leavers.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { isShort, randomFrom, tell } from './seed.ts';

const rounds = isShort ? 1 : 50;
const files = isShort ? 60 : 300;

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${rounds} kills of the worker in erasures: each is ended, and the neighbour has every byte`, async () => {
      const random = randomFrom(`erasures ${engine}`);
      const house = await House.open({ engine });
      const figures: Record<string, number> = {};
      const count = (what: string) => {
        figures[what] = (figures[what] ?? 0) + 1;
      };
      const data = (...parts: string[]) => join(house.folder, 'data', ...parts);
      const fill = async (site: string, mark: string) => {
        for (let at = 0; at < files; at += 1) {
          const path = data('sites', site, 'www', `part ${at % 9}`, `${at}.html`);
          await mkdir(dirname(path), { recursive: true });
          await writeFile(path, `${mark} ${at}\n${'x'.repeat(at * 10)}`);
        }
      };
      const backUp = async (customer: Customer) => {
        await customer.client.submit(`/sites/${customer.site}/backups`, {});
        const made = `select count(*) as count from backups b join sites s on s.id = b.site_id where s.name = '${customer.site}' and b.state = 'verified'`;
        expect(await house.until(async () => (await house.count(made)) > 0, 120)).toBe(true);
      };
      try {
        await house.start();
        const neighbour = await new Customer(house, 'neighbour@example.com').arrive();
        await fill(neighbour.site, 'neighbour');
        await backUp(neighbour);
        const theirs = async () =>
          `${await treeDigest(data('sites', neighbour.site, 'www'))}\n${await treeDigest(data('archives', neighbour.site))}`;
        const before = await theirs();
        for (let round = 0; round < rounds; round += 1) {
          if (round > 0 && round % 3 === 0) {
            await house.stop();
            await house.start();
          }
          const email = `leaver-${round}@example.com`;
          const leaver = await new Customer(house, email).arrive();
          await fill(leaver.site, `canary-${round}-of-files`);
          await backUp(leaver);
          const args = [
            'customers',
            'close',
            '--site',
            leaver.site,
            '--because',
            'operator',
            '--reason',
            'a test',
            '--days',
            '0',
          ];
          const { code, err } = await gotgan(args, { folder: house.folder, environment: house.environment }).ended;
          expect([code, err]).toEqual([0, '']);
          await sleep(random() * (isShort ? 300 : 900));
          const open = async () => house.count('select count(*) as count from closures where erased_at is null');
          const done = await house.count(
            'select count(*) as count from closure_steps join closures on closures.id = closure_id where erased_at is null',
          );
          if ((await open()) > 0) count('while it ran');
          process.kill(await house.worker(), 'SIGKILL');
          count('kills');
          count(`after ${done} steps`);
          expect([round, done, await house.until(async () => (await open()) === 0, 180)]).toEqual([round, done, true]);
          expect([round, done, await theirs()]).toEqual([round, done, before]);
          const marks = { email, file: `canary-${round}-of-files`, site: leaver.site };
          expect([round, done, await marksIn([data()], marks)]).toEqual([round, done, []]);
          const rows = await house.rows(`select count(*) as count from sites where name = '${leaver.site}'`);
          expect(rows).toEqual([{ count: 0 }]);
        }
        expect(await neighbour.moveToNewBrowser()).toBe(200);
        // One kill alone may come too late on a quick machine.
        if (!isShort) expect(figures['while it ran']).toBeGreaterThan(0);
        expect(house.bugs()).toEqual([]);
        tell(`erasures ${engine}`, figures);
      } finally {
        await house.close();
      }
    });
  });
}
