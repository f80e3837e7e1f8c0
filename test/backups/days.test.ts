// Days, months and the next night, whatever the zone and the time of year.
import { expect, test } from 'vitest';
import { asMonth, daysOf, lastDays, nextDaily, plusDays, plusMonths, weeksOf } from '../../src/backups/days.ts';
import { hour } from '../../src/platform/clock.ts';

test('days and months follow one another over the ends of years and leap days', () => {
  expect([plusDays('2026-12-31', 1), plusDays('2028-03-01', -1), plusMonths('2026-01', -1), plusMonths('2026-12', 1)]).toEqual([
    '2027-01-01',
    '2028-02-29',
    '2025-12',
    '2027-01',
  ]);
  expect(lastDays('2026-03-02', 3)).toEqual(['2026-02-28', '2026-03-01', '2026-03-02']);
  expect(['2026-02', '2028-02', '2026-11'].map((month) => daysOf(month).length)).toEqual([28, 29, 30]);
});

test('a month stands in weeks from Monday to Sunday', () => {
  const weeks = weeksOf('2026-11');
  expect(weeks).toHaveLength(6);
  expect(weeks[0]).toEqual([...Array.from({ length: 6 }, () => undefined), '2026-11-01']);
  expect(weeks[5]?.[0]).toBe('2026-11-30');
  expect(weeksOf('2027-02')).toHaveLength(4);
});

test('only a month of this century is a month', () => {
  const texts = ['2026-11', '2026-13', '2026-1', '1999-01', '2026-11-01', ['2026-11'], undefined];
  expect(texts.map(asMonth)).toEqual(['2026-11', ...Array.from({ length: 6 }, () => undefined)]);
});

test('the next night is the next three o’clock on the clocks of the zone, also where they change', () => {
  const korea = (at: string) => new Date(nextDaily(Date.parse(at), '03:00', 'Asia/Seoul')).toISOString();
  expect(korea('2026-11-22T17:59:59.999Z')).toBe('2026-11-22T18:00:00.000Z');
  expect(korea('2026-11-22T18:00:00.000Z')).toBe('2026-11-23T18:00:00.000Z');
  const berlin = (at: string) => nextDaily(Date.parse(at), '03:30', 'Europe/Berlin');
  expect((berlin('2026-10-24T12:00:00Z') - berlin('2026-10-23T12:00:00Z')) / hour).toBe(25);
});
