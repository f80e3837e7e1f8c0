// Every counter of security.md C.1 at its boundary, over HTTP: account, browser, address, network, waits, a hundred in a row.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chosen } from '../../src/options.ts';
import { day, hour, minute, second } from '../../src/platform/clock.ts';
import { password, secret, type TestPanel, type Visitor } from '../support/panel.ts';
import { elsewhere, from, outcome, persists, startHouse, tries, wrong } from './attacker.ts';

let house: TestPanel;
const owner = 'owner@example.com';
let number = 0;
/** Names and networks that nothing was tried with before. */
const nobody = () => `nobody-${number++}@example.com`;
const somewhere = () => elsewhere(number++);
const stranger = (address = somewhere()) => from(house, address);

async function arrive(email: string): Promise<Visitor> {
  const visitor = stranger();
  await visitor.arrive(email);
  await visitor.submit('/dashboard', {}, '/logout');
  return visitor;
}

const rowOf = async (email: string) => {
  const { accounts, connection } = house.panel.doors;
  const person = await accounts.byLoginName(email);
  const where = connection.db
    .selectFrom('password_ways')
    .selectAll()
    .where('person_id', '=', person?.id ?? '');
  return { personId: person?.id ?? '', row: await where.executeTakeFirst() };
};

beforeAll(async () => {
  house = await startHouse();
  await arrive(owner);
});
afterAll(() => house?.close());
// What one test counts must not be left for the next: an hour is longer than every window but the long ones.
beforeEach(() => house.clock.advance(3 * hour));

test('the numbers are those of security.md C.1', () => {
  const { limits, captchaAfter } = chosen({ publicUrl: 'http://localhost:3000', secret });
  expect({ captchaAfter, ...limits }).toMatchObject({
    captchaAfter: 5,
    failuresPerAddress: { count: 20, windowMilliseconds: 15 * minute },
    failuresPerNetwork: { count: 100, windowMilliseconds: hour },
    namesPerNetwork: { count: 10, windowMilliseconds: hour },
    failuresBeforeWaits: { count: 10, windowMilliseconds: hour },
    failuresPerDevice: { count: 10, windowMilliseconds: hour },
    login: { count: 60, windowMilliseconds: 15 * minute },
  });
});

describe('one address', () => {
  test('may fail twenty times before a CAPTCHA is asked there, of every name and every browser', async () => {
    const address = somewhere();
    const names = Array.from({ length: 10 }, nobody);
    const outcomes = [];
    for (let i = 0; i < 21; i += 1) outcomes.push(await tries(stranger(address), names[i % 10] ?? ''));
    expect(outcomes).toEqual([...Array(20).fill('failed'), 'captcha']);
    expect((await stranger(address).get('/login')).text).toContain('name="captcha"');
    expect(await tries(stranger(), names[0] ?? '')).toBe('failed');
  });

  test('may send sixty times, then it waits; who is known there does not', async () => {
    const known = await arrive('neighbour@example.com');
    const address = somewhere();
    const name = nobody();
    for (let i = 0; i < 60; i += 1) await tries(stranger(address), name);
    expect(await tries(stranger(address), nobody())).toMatch(/^wait until/);
    expect(await tries(from(house, address, known), 'neighbour@example.com', password)).toBe('in: /dashboard');
  });

  test('that is IPv6 is its /64', async () => {
    const name = nobody();
    const net = `2001:db8:${number++}:1`;
    for (let i = 0; i < 20; i += 1) await persists(stranger(`${net}::${i + 1}`), `${i % 4}${name}`);
    expect(await tries(stranger(`${net}:ffff::1`), `4${name}`)).toBe('captcha');
    expect(await tries(stranger(net.replace(/:1$/, ':2::1')), `5${name}`)).toBe('failed');
  });
});

describe('one network', () => {
  test.each([
    ['IPv4 /24', (host: number) => `172.16.1.${host}`, '172.16.2.1'],
    ['IPv6 /56', (host: number) => `2001:db8:ffff:ab${host + 10}::1`, '2001:db8:ffff:ac01::1'],
    [
      'IPv6 that is IPv4',
      (host: number) => (host % 2 ? `::ffff:172.18.1.${host}` : `64:ff9b::172.18.1.${host}`),
      '::ffff:172.18.2.1',
    ],
  ])('may try ten names before a CAPTCHA is asked in all of it: %s', async (_name, here, there) => {
    const outcomes = [];
    for (let i = 1; i <= 11; i += 1) outcomes.push(await tries(stranger(here(i)), nobody()));
    expect(outcomes).toEqual([...Array(10).fill('failed'), 'captcha']);
    expect(await tries(stranger(here(40)), owner)).toBe('captcha');
    expect(await tries(stranger(there), owner)).toBe('failed');
  });
});

test('failures of a network are asked a CAPTCHA from a number on, also where each address and name is below its own', async () => {
  const small = await startHouse({ limits: { failuresPerNetwork: { count: 12, windowMilliseconds: hour } } });
  try {
    const outcomes = [];
    for (let i = 0; i < 13; i += 1) outcomes.push(await tries(from(small, `10.1.1.${i + 1}`), `name-${i % 5}@example.com`));
    expect(outcomes).toEqual([...Array(12).fill('failed'), 'captcha']);
    const wide = [];
    for (let i = 0; i < 13; i += 1)
      wide.push(
        await tries(
          from(
            small,
            `2001:db8:1:${(i + 1) * 256}::1`.replace(/:(\d+)::/, (_, n) => `:${Number(n).toString(16)}::`),
          ),
          `other-${i % 5}@example.com`,
        ),
      );
    expect(wide).toEqual([...Array(12).fill('failed'), 'captcha']);
  } finally {
    await small.close();
  }
});

describe.each([
  ['a known name', true],
  ['an unknown name', false],
])('ten failures of strangers in an hour, for %s', (_what, isKnown) => {
  const email = isKnown ? 'waits@example.com' : 'waits-for-nobody@example.com';
  beforeAll(async () => {
    if (isKnown) await arrive(email);
  });

  test('make the next one wait half a minute, then twice as long each time up to an hour, told as a clock time', async () => {
    for (let i = 0; i < 10; i += 1) expect(await persists(stranger(), email)).toBe('failed');
    const lengths = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map((seconds) => seconds * second);
    for (const length of lengths) {
      house.clock.advance(length - second);
      const until = Math.ceil((house.clock.now() + second) / minute) * minute;
      const shown = new Date(until + 9 * hour).toISOString().slice(11, 16);
      expect(await tries(stranger(), email, password), `after ${length} ms`).toBe(`wait until ${shown}`);
      house.clock.advance(second);
      expect(await persists(stranger(), email)).toBe('failed');
    }
  });

  test('are forgotten an hour after the last wait', async () => {
    expect(await tries(stranger(), email)).toBe('failed');
    expect(await tries(stranger(), email)).toBe('failed');
  });

  test('leave one through of twenty that come at the moment the wait ends', async () => {
    for (let i = 0; i < 10; i += 1) await persists(stranger(), email);
    house.clock.advance(31 * second);
    const all = Array.from({ length: 20 }, () => stranger());
    const outcomes = await Promise.all(all.map((visitor) => persists(visitor, email)));
    expect(outcomes.filter((one) => one === 'failed')).toHaveLength(1);
    expect(outcomes.filter((one) => one.startsWith('wait'))).toHaveLength(19);
  });

  test('do not stop a mailed link', async () => {
    for (let i = 0; i < 11; i += 1) await persists(stranger(), email);
    const visitor = stranger();
    expect((await visitor.submit('/login', { email }, '/login/link')).status).toBe(303);
    if (!isKnown) return;
    const link = await visitor.linkFor(email, '/login/link/');
    expect((await visitor.submit(link, {})).headers.location).toBe('/dashboard');
  });
});

test('a wait stands on the form itself, with its own status and no header that tells more', async () => {
  const email = nobody();
  for (let i = 0; i < 10; i += 1) await persists(stranger(), email);
  const answer = await stranger().submit('/login', { email, password });
  expect(answer.status).toBe(429);
  expect(answer.text).toContain('action="/login/link"');
  expect(Object.keys(answer.headers).filter((name) => /retry-after|ratelimit/i.test(name))).toEqual([]);
});

describe('a browser that is known', () => {
  test('is not touched by what strangers do to the account: CAPTCHA, waits, names', async () => {
    const email = 'calm@example.com';
    const visitor = await arrive(email);
    for (let i = 0; i < 12; i += 1) await persists(stranger(), email);
    expect(await tries(stranger(), email, password)).toMatch(/^wait/);
    expect((await visitor.get('/login')).text).not.toContain('name="captcha"');
    expect(await tries(visitor, email, password)).toBe('in: /dashboard');
  });

  test('is asked for a CAPTCHA after its own five failures, is a stranger after ten in an hour, and known again after it', async () => {
    const email = 'clumsy@example.com';
    const visitor = await arrive(email);
    for (let i = 0; i < 5; i += 1) expect(await tries(visitor, email)).toBe('failed');
    expect(await tries(visitor, email)).toBe('captcha');
    for (let i = 5; i < 10; i += 1) expect(await persists(visitor, email)).toBe('failed');
    // As a stranger it shares the account's counts, which are still empty, and so it fails without CAPTCHA but for its own session.
    const before = await counted(email);
    expect(await persists(visitor, email)).toBe('failed');
    expect((await counted(email)) - before).toBe(1);
    house.clock.advance(hour + 5 * minute);
    expect(await tries(visitor, email)).toBe('failed');
    expect(await counted(email)).toBe(0);
  });

  test('is a stranger for good after a hundred failures', async () => {
    const email = 'worn@example.com';
    const visitor = await arrive(email);
    const { connection } = house.panel.doors;
    for (let i = 0; i < 10; i += 1) {
      for (let one = 0; one < 10; one += 1) expect(await persists(visitor, email)).toBe('failed');
      // A hundred in a row close the password; here it is the cookie that is looked at.
      await connection.write((tx) => tx.updateTable('password_ways').set({ failures: 0 }).execute());
      house.clock.advance(2 * hour);
    }
    expect(await counted(email)).toBe(0);
    expect(await tries(visitor, email)).toBe('failed');
    expect(await counted(email)).toBe(1);
    house.clock.advance(30 * day);
    expect(await tries(visitor, email)).toBe('failed');
    expect(await counted(email)).toBe(1);
  });

  /** Failures of strangers that count for the waits of an account now. */
  async function counted(email: string): Promise<number> {
    const { accounts, counters } = house.panel.doors;
    return (await counters.read(`signIn.waits:${accounts.loginIndex(email)}`, hour)).count;
  }
});

describe('a hundred wrong passwords in a row', () => {
  test('close the password until a mailed reset, tell the owner once, and end nobody’s session', async () => {
    const email = 'hundred@example.com';
    const signedIn = stranger();
    await signedIn.arrive(email);
    const { personId } = await rowOf(email);
    const { connection } = house.panel.doors;
    await tries(stranger(), email);
    await connection.write((tx) =>
      tx.updateTable('password_ways').set({ failures: 98 }).where('person_id', '=', personId).execute(),
    );
    expect(await tries(stranger(), email)).toBe('failed');
    expect((await rowOf(email)).row).toMatchObject({ failures: 99, closed_at: null });
    const letters = (await house.letters()).length;
    expect(await tries(stranger(), email)).toBe('failed');
    expect((await rowOf(email)).row).toMatchObject({ closed_because: 'failures' });
    const told = (await house.letters()).slice(letters);
    expect(told).toHaveLength(1);
    expect(told[0]?.toLowerCase()).toContain(`to: ${email}`);
    expect(told[0]).toContain('/password/forgot');
    expect((await signedIn.get('/dashboard')).status).toBe(200);

    expect(await tries(stranger(), email, password)).toBe('failed');
    expect((await house.letters()).length).toBe(letters + 1);

    const visitor = stranger();
    await visitor.submit('/password/forgot', { email });
    const link = await visitor.linkFor(email, '/password/reset/');
    expect((await visitor.submit(link, { password: 'quiet-Harbor-52-lantern' })).headers.location).toBe('/login');
    expect((await rowOf(email)).row).toMatchObject({ failures: 0, closed_at: null });
    for (let i = 0; i < 8; i += 1) await persists(stranger(), email);
    // The browser that opened the link of the letter is known.
    expect(await tries(visitor, email, 'quiet-Harbor-52-lantern')).toBe('in: /dashboard');
  });

  test('are looked at as a hundred, also when many come at once: the rest is not even compared', async () => {
    const email = 'at-once@example.com';
    await arrive(email);
    await tries(stranger(), email);
    const { personId } = await rowOf(email);
    const { connection } = house.panel.doors;
    await connection.write((tx) =>
      tx.updateTable('password_ways').set({ failures: 100 }).where('person_id', '=', personId).execute(),
    );
    expect(await tries(stranger(), email, password)).toBe('failed');
    expect((await rowOf(email)).row?.closed_because).toBe('failures');
  });

  test('begin anew after a right one', async () => {
    const email = 'anew@example.com';
    const visitor = await arrive(email);
    for (let i = 0; i < 3; i += 1) await tries(stranger(), email);
    expect((await rowOf(email)).row?.failures).toBe(3);
    await tries(visitor, email, password);
    expect((await rowOf(email)).row?.failures).toBe(0);
  });
});

test('an attempt that was right counts nowhere', async () => {
  const email = 'right@example.com';
  await arrive(email);
  const address = somewhere();
  for (let i = 0; i < 25; i += 1) expect(await tries(stranger(address), email, password)).toBe('in: /dashboard');
});

test('counters that do not answer refuse the right password as well', async () => {
  const { doors } = house.panel;
  const address = somewhere();
  const visitor = stranger(address);
  const hidden = await visitor.hidden('/login');
  await doors.connection.owner.schema.alterTable('counters').renameTo('counters_away').execute();
  try {
    const answer = await visitor.send('/login', { ...hidden, email: owner, password });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect((await visitor.get('/dashboard')).headers.location).toMatch(/^\/login/);
  } finally {
    await doors.connection.owner.schema.alterTable('counters_away').renameTo('counters').execute();
  }
  expect(outcome((await visitor.submit('/login', { email: owner, password: wrong })) as never)).toBe('failed');
});
