// What an outage is worth on a plan, as the page of the plan says it (KHADA 8.2).
import { describe, expect, it } from 'vitest';
import { compensation, compensationOf } from '../../src/orders/plans.ts';

const rule = {
  ...{ from: '2026-11-22', leastMinutes: 180, times: 3, mostMonthlyFees: 1 },
  ...{ joinedMinutes: 60, maintenanceNoticeDays: 7, maintenanceMinutesPerMonth: 240 },
};

describe('an outage', () => {
  it.each([
    [11_000, 4, 183],
    [33_000, 4, 550],
    [4400, 4, 73],
    [11_000, 2.9, 0],
    [11_000, 240, 11_000],
    [11_000, 500, 11_000],
    [0, 4, 0],
  ])('on a plan of %d won: %d hours return %d won', (price, hours, won) => {
    expect(compensation(price, hours, compensationOf(rule))).toBe(won);
  });

  it('is worth what the figures of the version say, and the example is one that is worth something', () => {
    const other = compensationOf({ ...rule, from: '2027-03-01', leastMinutes: 330, times: 5, mostMonthlyFees: 0.5 });
    expect([other.fromHours, other.exampleHours]).toEqual([5.5, 7]);
    // 11,000 × 7 × 5 ÷ 720 = 534.7…; half a month's fee is the limit.
    expect([5, 7, 700].map((hours) => compensation(11_000, hours, other))).toEqual([0, 535, 5500]);
  });
});
