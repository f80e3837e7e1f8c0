// The machine's clock jumps a day ahead and back under the running program (libfaketime): nothing waits, lasts or repeats for a day.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Client } from '../support/embedding/client.ts';
import { Customer, type SentUpload } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, tell } from './seed.ts';

const library = ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketime.so.1`).find(existsSync);
const day = 86_400_000;

/** Failed sign-ins of a browser until a picture is asked for, at most `most`. */
async function failures(house: House, customer: Customer, most: number): Promise<boolean> {
  const client = new Client(house.origin);
  for (let i = 0; i < most; i += 1) await client.submit('/login', { email: customer.email, password: 'not-the-Password-7' });
  return (await client.get('/login')).text.includes('/login/captcha');
}

test('a clock that jumps a day ahead and back', async ({ skip }) => {
  if (!library) return skip('skipped: libfaketime is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-clock-'));
  const offset = join(folder, 'offset');
  const jump = (to: string) => writeFile(offset, `${to}\n`);
  await jump('+0');
  const house = await House.open({
    engine: 'sqlite',
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      LIMITS_SCALE: '1',
    },
  });
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const customers = [customer];
    const uploads: SentUpload[] = [];
    const backups: string[] = [];
    const upload = async (name: string) =>
      (await customer.upload([{ name, body: Buffer.from(name) }], (one) => uploads.push(one))).status;
    const download = async () => (await customer.client.get(`/sites/${customer.site}/backups/${backups[0]}/download`)).status;
    const states = async (kind: string) =>
      (await house.rows(`select state, day from backups where kind = '${kind}' order by day`)).map(
        ({ state, day: of }) => `${of} ${state}`,
      );
    const verified = (count: number) => async () =>
      (await house.count("select count(*) as count from backups where state = 'verified'")) === count;
    expect(await upload('before.txt')).toBe(303);
    backups.push((await customer.backUp()) ?? 'none');
    expect(await house.until(verified(1), 30)).toBe(true);
    expect(await failures(house, customer, 6)).toBe(true);

    // Ahead, while a backup waits: the session is over, the count of failures too, and the night that passed is made up for, once.
    backups.push((await customer.backUp()) ?? 'none');
    await jump('+1d');
    expect((await customer.client.get('/dashboard')).status).toBe(303);
    expect(await failures(house, customer, 1)).toBe(false);
    expect(await customer.signIn(customer.client)).toBe(200);
    expect(await upload('ahead.txt')).toBe(303);
    // The timetable asks every minute, and at once when a worker begins.
    if (isShort) process.kill(await house.worker(), 'SIGKILL');
    expect(await house.until(verified(3), 90)).toBe(true);
    expect(await states('nightly')).toHaveLength(1);
    const limited = new Client(house.origin);
    for (let i = 0; i < 11; i += 1) await limited.submit('/signup', {});
    expect((await limited.submit('/signup', {})).status).toBe(429);
    expect(await failures(house, customer, 6)).toBe(true);

    // Back by more than a day, while letters and a backup wait: they are done now and not a day later.
    backups.push((await customer.backUp()) ?? 'none');
    process.kill(await house.worker(), 'SIGKILL');
    await jump('-1h');
    const newcomer = new Customer(house, 'newcomer@example.com');
    customers.push(newcomer);
    expect(await newcomer.signUp()).toBe(303);
    expect(await unsettled(house, 60)).toEqual([]);
    expect(await house.until(verified(4), 30)).toBe(true);
    expect(await newcomer.verify()).toBe(303);
    expect(await failures(house, customer, 1)).toBe(false);
    expect((await customer.client.get('/dashboard')).status).toBe(200);
    expect(await download()).toBe(303);
    const lasts = await house.rows('select max(expires_at) as at from sessions where customer_id is not null');
    expect(Number(lasts[0]?.at)).toBeLessThan(Date.now() + day / 2);
    expect(await upload('back.txt')).toBe(303);
    expect(await states('nightly')).toHaveLength(1);
    expect([...(await unsettled(house)), ...(await breaches(house, { customers, uploads, removals: [], backups }))]).toEqual([]);
    tell('clock', { 'jumps of a day': 2, 'backups verified': 4, 'nightly backups of the day that passed': 1 });
  } finally {
    await house.close();
    await rm(folder, { recursive: true, force: true });
  }
});
