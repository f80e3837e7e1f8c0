// Which snapshots a tier keeps: a table of policies, each decision with its reason (KHADA 8.5; ruling 9).
import { describe, expect, test } from 'vitest';
import { day, localDay } from '../../src/platform/clock.ts';
import { type HeldSnapshot, tierRetention } from '../../src/tiers/retention.ts';

const now = Date.parse('2026-11-22T03:00:00Z');
const held = (daysAgo: number, more: Partial<HeldSnapshot> = {}): HeldSnapshot => {
  const dataAt = now - daysAgo * day;
  return {
    backupId: `backup-${String(100 - daysAgo).padStart(3, '0')}`,
    day: localDay(dataAt, 'Asia/Seoul'),
    dataAt,
    good: true,
    ...more,
  };
};
const nights = (count: number) => Array.from({ length: count }, (_, age) => held(age));
const short = { tier: 'short-term', keep: 7, floor: 2 * day } as const;
const long = { tier: 'long-term', keep: 5, floor: 2 * day } as const;
const keptOf = (all: readonly HeldSnapshot[], policy: typeof short | typeof long) =>
  tierRetention(all, policy, now)
    .filter(({ keep }) => keep)
    .map(({ backupId }) => 100 - Number(backupId.slice(7)));

describe('what a tier keeps', () => {
  test('the short-term tier keeps seven days, the long-term one five weeks', () => {
    expect(keptOf(nights(20), short)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(
      keptOf(
        [0, 7, 14, 21, 28, 35, 42].map((age) => held(age)),
        long,
      ),
    ).toEqual([0, 7, 14, 21, 28]);
  });

  test('days without a backup take nobody’s place: after an outage of a month everything is still there', () => {
    expect(
      keptOf(
        [30, 31, 32, 33].map((age) => held(age)),
        short,
      ),
    ).toEqual([30, 31, 32, 33]);
  });

  test('of two of one day the newer stays, and the older one as long as it is younger than the floor', () => {
    const older = held(5, { backupId: 'backup-older', dataAt: now - 5.2 * day, day: held(5).day });
    const decisions = tierRetention(
      [held(5), older, held(0), held(0, { backupId: 'backup-noon', dataAt: now - 1000 })],
      short,
      now,
    );
    expect(decisions.map(({ keep }) => keep)).toEqual([true, false, true, true]);
    expect(decisions[3]?.reasons).toEqual(['tiers.keptFloor']);
  });

  test('the last good one stays although newer ones are damaged, and damaged ones take no place', () => {
    const all = [held(0, { good: false }), held(1, { good: false }), held(40)];
    const decisions = tierRetention(all, { ...short, floor: 0 }, now);
    expect(decisions).toEqual([
      { backupId: 'backup-100', keep: true, reasons: ['tiers.keptNewest', 'tiers.keptFloor'] },
      { backupId: 'backup-099', keep: false, reasons: [] },
      { backupId: 'backup-060', keep: true, reasons: ['tiers.keptLastGood', 'tiers.keptDaily'] },
    ]);
  });

  test('a policy of nothing still keeps the last good one, and a clock that ran ahead removes nothing', () => {
    expect(keptOf(nights(10), { ...short, keep: 0 } as never)).toEqual([0, 1, 2]);
    const ahead = held(-400);
    const decisions = tierRetention([ahead, ...nights(9)], short, now);
    expect(decisions.filter(({ keep }) => keep)).toHaveLength(8);
    expect(decisions[0]?.reasons).toContain('tiers.keptFloor');
  });
});
