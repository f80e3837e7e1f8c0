// kill -9 of PostgreSQL in the middle of backups: pages say so in words, each backup that was accepted is made, and what is shown is true.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { postgresServer } from '../support/databases.ts';
import { freePort } from '../support/embedding/installed.ts';
import { freshPostgreSql } from '../support/fresh-engines.ts';
import { childrenOf, isAlive, untilGone } from '../support/program.ts';
import { Customer, type SentUpload } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { randomFrom, tell } from './seed.ts';

const rounds = 10;

/** A server of its own, whose processes can be killed. */
class OwnPostgres {
  readonly url: string;
  readonly #folder: string;
  readonly #start: () => ChildProcess;
  #server: ChildProcess | undefined;

  private constructor(url: string, folder: string, start: () => ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#start = start;
  }

  static async open(): Promise<OwnPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'gotgan-killed-pg-'));
    await chmod(folder, 0o755);
    const port = await freePort();
    const { program, args } = await freshPostgreSql(folder, port);
    const own = new OwnPostgres(`postgres://postgres@127.0.0.1:${port}/postgres`, folder, () =>
      spawn(program, [...args], { stdio: 'ignore' }),
    );
    await own.start();
    return own;
  }

  /** Returns when it answers. */
  async start(): Promise<void> {
    this.#server = this.#start();
    for (let attempt = 0; ; attempt += 1) {
      const client = new pg.Client({ connectionString: this.url });
      client.on('error', () => {});
      try {
        await client.connect();
        return await client.end();
      } catch (error) {
        if (attempt === 600) throw error;
        await sleep(50);
      }
    }
  }

  /** setpriv becomes PostgreSQL's first process; all the others are its children. */
  async kill(): Promise<void> {
    const first = this.#server?.pid ?? 0;
    const all = [first, ...(await childrenOf(first).catch(() => []))];
    for (const pid of all) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
    for (const pid of all) await untilGone(pid, 30);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

// Where a PostgreSQL can be named, its programs are there too.
describe.skipIf(!postgresServer)(`PostgreSQL${postgresServer ? '' : ' (skipped: GOTGAN_TEST_POSTGRES is not set)'}`, () => {
  test(`${rounds} kills of the database server in backups lose none of them`, async () => {
    const random = randomFrom('database killed');
    const postgres = await OwnPostgres.open();
    const house = await House.open({ engine: 'postgresql', server: postgres.url });
    const figures: Record<string, number> = {};
    const count = (what: string) => {
      figures[what] = (figures[what] ?? 0) + 1;
    };
    try {
      await house.start();
      const customer = await new Customer(house, 'owner@example.com').arrive();
      // The largest plan has five a day.
      await house.rows(`update orders set manual_backups = ${rounds}`);
      const uploads: SentUpload[] = [];
      const content = Array.from({ length: 12 }, (_, at) => ({
        name: `page-${at}.txt`,
        body: Buffer.alloc(200_000, `${at} ${random()} `),
      }));
      expect((await customer.upload(content, (one) => uploads.push(one))).status).toBe(303);
      const backups: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const id = await customer.backUp();
        expect([round, id]).toEqual([round, expect.any(String)]);
        backups.push(id ?? '');
        await sleep(random() * 500);
        const [{ state } = { state: 'none' }] = await house.rows(`select state from backups where id = '${id}'`);
        count(`while ${state}`);
        await postgres.kill();
        const page = await customer.client.get('/dashboard');
        const isReady = async () => (await customer.client.get('/readyz')).status === 200;
        // What was asked a second ago is not asked again.
        const isNotReady = await house.until(async () => !(await isReady()), 3);
        await sleep(random() * 4000);
        await postgres.start();
        // Only now: what is tidied up after a failure needs the server.
        expect([round, page.status, isNotReady]).toEqual([round, 503, true]);
        expect(page.text).toMatch(/<h1[^>]*>[^<]*[가-힣]/);
        expect([round, await house.until(isReady, 60)]).toEqual([round, true]);
        const isMade = async () => (await house.count(`select count(*) as count from backups where state = 'verified'`)) > round;
        expect([round, await house.until(isMade, 180)]).toEqual([round, true]);
      }
      const left = await unsettled(house);
      const record = { customers: [customer], uploads, removals: [], backups };
      expect([...left, ...(await breaches(house, record))]).toEqual([]);
      tell('PostgreSQL killed in backups', { kills: rounds, ...figures });
    } finally {
      await house.close();
      await postgres.close();
    }
  });
});
