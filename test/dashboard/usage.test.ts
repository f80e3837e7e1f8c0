// The meter warns in time, and never before.
import { describe, expect, it } from 'vitest';
import { usageOf } from '../../src/dashboard/usage.ts';

const used = (usedBytes: number, quotaBytes = 10_000) => usageOf({ usedBytes, quotaBytes, countedAt: null });

describe('the usage of a site', () => {
  it('turns amber at 80 % and red at 95 %', () => {
    expect([used(7999), used(8000), used(9499), used(9500)].map(({ state }) => state)).toEqual([
      undefined,
      'warn',
      'warn',
      'bad',
    ]);
  });

  it('is rounded down, so that 100 % means full', () => {
    expect([used(9999).percent, used(10_000).percent, used(10_500).percent]).toEqual([99, 100, 105]);
  });

  it('is full where there is no room at all', () => {
    expect(used(0, 0)).toMatchObject({ percent: 100, state: 'bad' });
  });

  it('stays exact for quotas of many terabytes', () => {
    expect(used(79_999_999_999_999, 100_000_000_000_000)).toMatchObject({ percent: 79, state: undefined });
  });
});
