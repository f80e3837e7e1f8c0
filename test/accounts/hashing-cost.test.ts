// The cost of hashing: found by measuring, kept so that processes agree, and the time of failed sign-ins that follows from it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { costFrom, costOf, costText, parametersFor, wantedMilliseconds } from '../../src/accounts/hash-parameters.ts';
import { PasswordHashing, usualParameters } from '../../src/accounts/hashing.ts';
import { HashingCost } from '../../src/accounts/hashing-cost.ts';
import { day, StoppedClock } from '../../src/platform/clock.ts';
import { Settings } from '../../src/platform/settings.ts';
import { openTestDatabase } from '../support/databases.ts';

const gibibyte = 2 ** 20;

describe('parameters for a machine', () => {
  test.each([
    ['a slow one stays at the least there is', 400, gibibyte, 'm=19456,t=2,p=1'],
    ['one that just takes what is aimed at', 150, gibibyte, 'm=19456,t=2,p=1'],
    ['memory comes first', 50, gibibyte, 'm=57344,t=2,p=1'],
    ['then passes', 10, gibibyte, 'm=61440,t=9,p=1'],
    ['passes have an end', 1, gibibyte, 'm=65536,t=10,p=1'],
    ['little memory is made up for by passes', 20, 24_000, 'm=24000,t=10,p=1'],
    ['less memory than the least is never taken', 50, 10_000, 'm=19456,t=6,p=1'],
    ['a clock that stands still is no reason', 0, gibibyte, 'm=65536,t=10,p=1'],
  ])('%s', (_, milliseconds, memory, wanted) => {
    expect(costText(parametersFor(milliseconds, memory))).toBe(wanted);
  });

  test('are expected to take 100 to 250 ms on every machine between 15 and 250 ms for the least', () => {
    for (let floor = 15; floor <= 250; floor += 5) {
      const found = parametersFor(floor, gibibyte);
      const expected = (floor * costOf(found)) / costOf(usualParameters);
      expect(expected, `${floor} ms: ${costText(found)}`).toBeGreaterThan(100);
      expect(expected, `${floor} ms: ${costText(found)}`).toBeLessThanOrEqual(250);
    }
  });
});

describe('measured', () => {
  let connection: Awaited<ReturnType<typeof openTestDatabase>>;
  let settings: Settings;
  let kinds: string[];
  let clock: StoppedClock;
  const process = () => {
    const hashing = new PasswordHashing({ concurrency: 1 });
    const cost = new HashingCost({ settings, clock, hashing, memoryBytes: 2 ** 32, legacyKinds: async () => kinds });
    return { hashing, cost };
  };
  beforeEach(async () => {
    connection = await openTestDatabase();
    clock = new StoppedClock();
    settings = new Settings(connection, clock);
    kinds = [];
  });
  afterEach(() => connection.remove());

  test('once, it is known to the next process, and a verification takes what is wanted', { retry: 3 }, async () => {
    const { hashing, cost } = process();
    const found = await cost.measure();
    expect(costOf(found)).toBeGreaterThanOrEqual(costOf(usualParameters));
    const milliseconds = await hashing.measure(found);
    expect(milliseconds).toBeLessThan(wantedMilliseconds.most);
    if (costOf(found) > costOf(usualParameters)) expect(milliseconds).toBeGreaterThan(wantedMilliseconds.least);
    const next = process();
    await next.cost.recall();
    expect(next.hashing.parameters).toEqual(found);
    const failure = await next.cost.failureMilliseconds();
    expect(failure).toBeGreaterThan(milliseconds);
    expect(failure % 50).toBe(0);
  });

  test('it is not measured again before a week is over, unless the machine is another', async () => {
    const measured = async () => {
      const { cost, hashing } = process();
      hashing.measure = async () => 150;
      return (await cost.measureWhenDue()) !== undefined;
    };
    expect([await measured(), await measured()]).toEqual([true, false]);
    clock.advance(6 * day);
    expect(await measured()).toBe(false);
    clock.advance(day);
    expect([await measured(), await measured()]).toEqual([true, false]);
    await settings.change('accounts.hashing.measured', (before) => before?.replace(/ on .*/, ' on another machine'));
    expect([await measured(), await measured()]).toEqual([true, false]);
    // A clock that was ahead is no reason to wait for it.
    await settings.change('accounts.hashing.measured', (before) => before?.replace(/^\d+/, String(clock.now() + day)));
    expect(await measured()).toBe(true);
  });

  test.each([
    ['weaker than the least', 'm=8192,t=1,p=1'],
    ['one pass over little memory', 'm=38912,t=1,p=1'],
    ['beyond the limit', 'm=4194304,t=2,p=1'],
    ['no cost at all', 'fast'],
  ])('and changed in the database to %s, it is not taken', async (_, value) => {
    await settings.change('accounts.hashing', () => value);
    const { hashing, cost } = process();
    await cost.recall();
    expect(hashing.parameters).toEqual(usualParameters);
  });

  test('failed sign-ins wait for older hashes as long as there are some, and no longer', async () => {
    const { cost, hashing } = process();
    // Of this machine's speed nothing is asked here.
    hashing.measure = async () => 100;
    hashing.measureLegacy = async () => 900;
    await cost.allowFor([]);
    expect(await cost.failureMilliseconds()).toBe(300);
    await cost.allowFor(['pbkdf2-sha256:2000000']);
    const slow = await cost.failureMilliseconds();
    expect(slow).toBe(2 * (100 + 900));
    kinds = ['bcrypt:4'];
    await cost.allowFor([]);
    expect(await cost.failureMilliseconds()).toBe(slow);
    kinds = [];
    await cost.allowFor([]);
    expect(await cost.failureMilliseconds()).toBe(300);
    await settings.change('accounts.failureMilliseconds', () => '99999999');
    expect(await cost.failureMilliseconds()).toBe(20_000);
  });

  test('stronger ones of a faster machine are still waited for on a slower one', async () => {
    const strong = costFrom('m=65536,t=6,p=1') ?? usualParameters;
    await settings.change('accounts.hashing.highest', () => String(costOf(strong)));
    const slow = process();
    // Of this machine's speed nothing is asked here.
    slow.hashing.measure = async () => 100;
    await slow.cost.allowFor([]);
    const one = (100 * costOf(strong)) / costOf(usualParameters);
    expect(await slow.cost.failureMilliseconds()).toBe(Math.ceil((2 * one) / 50) * 50);
  });
});
