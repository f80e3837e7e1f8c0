// Whose turn it is in a night, and when a site is read anew: plain rules.
import { expect, test } from 'vitest';
import { type Candidate, nightOrder } from '../../src/backups/night-order.ts';
import { planBy } from '../../src/backups/night-report.ts';
import { isReadAnew } from '../../src/backups/reading-anew.ts';
import { day, hour, localDay } from '../../src/platform/clock.ts';

const dueAt = Date.parse('2026-11-23T18:00:00Z');
const site = (siteId: string, customerId: string, goodAt: number | null, triedAt = goodAt): Candidate => ({
  ...{ siteId, customerId, goodAt, triedAt },
});
const lastNight = (hours: number) => dueAt - day + hours * hour;
const order = (...sites: Candidate[]) => nightOrder(sites, dueAt).map(({ siteId }) => siteId);

test('the oldest good copy comes first, and what has none before all', () => {
  expect(order(site('a', '1', lastNight(2)), site('b', '2', lastNight(1)), site('c', '3', null))).toEqual(['c', 'b', 'a']);
});

test('customers take turns: who has one site does not wait for all of another', () => {
  const many = [1, 2, 3].map((at) => site(`many-${at}`, 'many', lastNight(at / 10)));
  expect(order(...many, site('one', 'one', lastNight(3)))).toEqual(['many-1', 'one', 'many-2', 'many-3']);
});

test('who found no place last night comes before everybody who did, however many sites the customer has', () => {
  const before = (hours: number) => lastNight(hours) - day;
  const missed = [1, 2].map((at) => site(`missed-${at}`, 'many', before(at)));
  expect(order(site('one', 'one', lastNight(1)), site('many', 'many', lastNight(0.5)), ...missed)).toEqual([
    ...['missed-1', 'missed-2', 'many', 'one'],
  ]);
});

test('what fails every night had its chance, and does not come before those who had none', () => {
  const broken = site('broken', '1', lastNight(0) - 20 * day, lastNight(1));
  expect(order(broken, site('missed', '2', lastNight(4) - day), site('well', '3', lastNight(1)))).toEqual([
    ...['missed', 'broken', 'well'],
  ]);
});

test('data of a clock that was ahead puts nobody out of turn', () => {
  expect(order(site('ahead', '1', dueAt + 400 * day), site('well', '2', lastNight(1)))).toEqual(['well', 'ahead']);
});

test('ten thousand sites of three thousand customers are in order at once, each once', () => {
  const sites = Array.from({ length: 10_000 }, (_, at) => site(`s${at}`, `c${at % 3000}`, lastNight(at / 5000)));
  const inTurn = nightOrder(sites, dueAt);
  expect(new Set(inTurn.map(({ siteId }) => siteId)).size).toBe(10_000);
  expect(new Set(inTurn.slice(0, 3000).map(({ customerId }) => customerId)).size).toBe(3000);
});

test('in four weeks each site has one night in which everything is read, and no night has many of them', () => {
  const counts = Array.from({ length: 28 }, (_, at) => {
    const now = dueAt + at * day;
    const night = localDay(now, 'Asia/Seoul');
    const sites = Array.from({ length: 2800 }, (_, index) => `site-${index}`);
    return sites.filter((id) => isReadAnew(id, { night, now, readAt: null })).length;
  });
  expect(counts.reduce((sum, count) => sum + count)).toBe(2800);
  expect(Math.max(...counts)).toBeLessThan(160);
  expect(Math.min(...counts)).toBeGreaterThan(50);
});

test('a night that was missed is made up for after thirty days, and what was just read is not read again', () => {
  const nights = Array.from({ length: 28 }, (_, at) => dueAt + at * day);
  const ask = (now: number, readAt: number) => isReadAnew('site', { night: localDay(now, 'Asia/Seoul'), now, readAt });
  expect(nights.filter((now) => ask(now, now - 30 * day))).toHaveLength(28);
  expect(nights.filter((now) => ask(now, now - 29 * day))).toHaveLength(1);
  expect(nights.filter((now) => ask(now, now - day))).toHaveLength(0);
});

test('from one night follows how long more sites take, and what finds no place', () => {
  const night = { day: '2026-11-24', sites: 300, good: 300, failed: 0, unchecked: 0, underWay: 0, waiting: 0, leftOver: 0 };
  const made = { ...night, bytes: 6e9, firstAt: dueAt, lastAt: dueAt + hour / 2 };
  expect(planBy(made, { sites: 10_000, hours: 24 })).toEqual({ sitesAnHour: 600, hours: 10_000 / 600, leftOver: 0 });
  expect(planBy(made, { sites: 10_000, hours: 5 })).toMatchObject({ leftOver: 7000 });
  expect(planBy({ ...made, good: 1 }, { sites: 10, hours: 5 })).toBeUndefined();
  expect(planBy({ ...made, lastAt: dueAt }, { sites: 10, hours: 5 })).toBeUndefined();
});
