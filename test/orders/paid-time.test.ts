// The share of a payment for days that were not used: whole local days, the day of the end counts as used.
import { expect, test } from 'vitest';
import { unusedOf } from '../../src/orders/orders.ts';

const zone = 'Asia/Seoul';
const at = (text: string) => Date.parse(`${text}+09:00`);
const month = { from: at('2026-11-01T00:00:00'), until: at('2026-12-01T00:00:00'), won: 30_000 };

test.each([
  ['in the first minute', '2026-11-01T00:01:00', 29, 29_000],
  ['in the last minute of the first day', '2026-11-01T23:59:00', 29, 29_000],
  ['in the first minute of the second day', '2026-11-02T00:00:00', 28, 28_000],
  ['on the last day', '2026-11-30T12:00:00', 0, 0],
  ['when it is over', '2026-12-01T00:00:00', 0, 0],
  ['long after', '2027-03-01T00:00:00', 0, 0],
  ['before it begins', '2026-10-20T12:00:00', 30, 30_000],
] as const)('%s', (_name, end, days, won) => {
  expect(unusedOf(month, at(end), zone)).toEqual({ days, won });
});

test('a broken won is the customer’s, and never more than was paid', () => {
  expect(unusedOf({ ...month, won: 10_000 }, at('2026-11-10T12:00:00'), zone)).toEqual({ days: 20, won: 6667 });
  expect(unusedOf({ ...month, won: 1 }, at('2026-10-01T12:00:00'), zone)).toEqual({ days: 30, won: 1 });
});

test('a time that begins and ends in the middle of days is as many days as it lasts', () => {
  const broken = { from: at('2026-11-01T15:00:00'), until: at('2026-11-11T15:00:00'), won: 11_000 };
  expect(unusedOf(broken, at('2026-11-03T09:00:00'), zone)).toEqual({ days: 8, won: 8800 });
});
