// kill -9 of the worker at random moments of erasures: the next worker ends each, nothing of the customer is left, and no other loses a byte.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { gotgan } from '../support/program.ts';
import { marksIn } from '../termination/leavers.ts';
import type { Customer } from './customer.ts';
import { LeavingHouse } from './leaving.ts';
import { isShort, randomFrom, tell } from './seed.ts';

const kills = isShort ? 1 : 50;
/** Of one erasure; after these its last worker is left alone. */
const killsEach = isShort ? 1 : 10;
const files = isShort ? 60 : 200;
/** Steps of the journal of one site's erasure (src/termination/erasing.ts). */
const steps = 16;

class Killing {
  readonly figures: Record<string, number> = {};
  readonly #leaving: LeavingHouse;
  readonly #random: () => number;

  constructor(leaving: LeavingHouse, random: () => number) {
    this.#leaving = leaving;
    this.#random = random;
  }

  count(what: string): void {
    this.figures[what] = (this.figures[what] ?? 0) + 1;
  }

  async open(): Promise<boolean> {
    return (await this.#leaving.house.count('select count(*) as count from closures where erased_at is null')) > 0;
  }

  async #done(): Promise<number> {
    const { house } = this.#leaving;
    return house.count(
      'select count(*) as count from closure_steps join closures on closures.id = closure_id where erased_at is null',
    );
  }

  /** Kills the workers of one erasure at random moments of its steps. @returns after which step each */
  async round(most: number): Promise<string[]> {
    const { house } = this.#leaving;
    const moments = Array.from({ length: most }, () => this.#random() * steps).sort((one, other) => one - other);
    const killed: string[] = [];
    for (const [at, moment] of moments.entries()) {
      // A worker that ends again and again is started more and more slowly: a new program begins with the shortest pause.
      if (at > 0 && at % 4 === 0) {
        await house.stop();
        await house.start();
      }
      const hasCome = async () => (await this.#done()) >= Math.floor(moment) || !(await this.open());
      await house.until(hasCome, 180, 5);
      // Into the step, which takes some milliseconds or some hundred.
      await sleep((moment % 1) * 120);
      const after = await this.#done();
      if (killed.length > 0 && !(await this.open())) break;
      if (await this.open()) this.count('while it ran');
      process.kill(await house.worker(), 'SIGKILL');
      this.count('kills');
      this.count(`after ${after} steps`);
      killed.push(`after ${after} steps`);
    }
    return killed;
  }
}

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${kills} kills of the worker in erasures: each is ended, and the neighbour has every byte`, async () => {
      const leaving = await LeavingHouse.open(engine);
      const { house } = leaving;
      const killing = new Killing(leaving, randomFrom(`erasures ${engine}`));
      const { figures } = killing;
      try {
        const neighbour = await leaving.moveIn('neighbour@example.com', { mark: 'neighbour', files });
        const before = await leaving.bytesOf(neighbour);
        const hasGone = async (leaver: Customer, mark: string) => {
          const hits = await marksIn(leaving.folders, { email: leaver.email, file: mark, site: leaver.site });
          expect(hits).toEqual([]);
          expect(await leaving.hasDatabase(leaver)).toBe(false);
          expect(await house.rows(`select id from sites where name = '${leaver.site}'`)).toEqual([]);
        };
        for (let round = 0; (figures.kills ?? 0) < kills; round += 1) {
          const mark = `canary-${round}-of-files`;
          const leaver = await leaving.moveIn(`leaver-${round}@example.com`, { mark, files });
          await leaving.close(leaver);
          const killed = await killing.round(Math.min(killsEach, kills - (figures.kills ?? 0)));
          if (!isShort) console.log(`${engine}, round ${round + 1}: killed ${killed.join(', ')}`);
          expect([round, killed, await house.until(async () => !(await killing.open()), 180)]).toEqual([round, killed, true]);
          expect([round, killed, await leaving.bytesOf(neighbour)]).toEqual([round, killed, before]);
          await hasGone(leaver, mark);
        }
        expect(await neighbour.moveToNewBrowser()).toBe(200);
        const { code, err } = await gotgan(['consent', 'verify'], leaving.circumstances).ended;
        expect([code, err]).toEqual([0, '']);
        // One kill alone may come too late on a quick machine.
        if (!isShort) expect(figures['while it ran']).toBeGreaterThan(kills / 2);
        expect(house.bugs()).toEqual([]);
        tell(`erasures ${engine}`, figures);
      } finally {
        await leaving.shut();
      }
    });
  });
}
