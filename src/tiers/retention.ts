// Which snapshots a tier keeps, and why: a pure function, so that a customer can be told the reasons (KHADA 8.5).
import type { TierName } from '../migrations/schema.ts';
import { day as dayMilliseconds } from '../platform/clock.ts';

export type HeldSnapshot = {
  readonly backupId: string;
  /** local day of the configured zone, `YYYY-MM-DD` */
  readonly day: string;
  /** the moment whose data it holds, epoch milliseconds */
  readonly dataAt: number;
  /** the last check could read it back */
  readonly good: boolean;
};

export type TierPolicy = {
  readonly tier: TierName;
  /** newest good snapshot of each of so many days in the short-term tier, of so many ISO weeks in the long-term one */
  readonly keep: number;
  /** milliseconds: nothing younger goes, whatever else is true (ruling 9) */
  readonly floor: number;
};

/** Keys of the sentences that tell why a snapshot is kept. */
export type TierReason = 'tiers.keptLastGood' | 'tiers.keptDaily' | 'tiers.keptWeekly' | 'tiers.keptFloor' | 'tiers.keptNewest';

export type TierDecision = { readonly backupId: string; readonly keep: boolean; readonly reasons: readonly TierReason[] };

/**
 * Days and weeks without a snapshot do not count, so an outage of a month removes nothing. The last good one and the newest stay
 * whatever the policy says; so does what is dated ahead of `now`, which comes from a wrong clock and takes nobody's place.
 * @param now epoch milliseconds
 * @returns a decision for each, in the order given
 */
export function tierRetention(held: readonly HeldSnapshot[], { tier, keep, floor }: TierPolicy, now: number): TierDecision[] {
  const reasons = new Map<string, Set<TierReason>>(held.map(({ backupId }) => [backupId, new Set()]));
  const stays = (reason: TierReason, ...those: readonly (HeldSnapshot | undefined)[]) => {
    for (const one of those) if (one) reasons.get(one.backupId)?.add(reason);
  };
  const newestFirst = held.toSorted((a, b) => b.dataAt - a.dataAt || (a.backupId < b.backupId ? 1 : -1));
  const isAhead = ({ dataAt }: HeldSnapshot) => dataAt > now + dayMilliseconds;
  const good = newestFirst.filter((one) => one.good && !isAhead(one));
  stays('tiers.keptLastGood', good[0]);
  stays('tiers.keptNewest', newestFirst[0]);
  const period = tier === 'short-term' ? ({ day }: HeldSnapshot) => day : ({ day }: HeldSnapshot) => weekOf(day);
  const newest = new Map<string, HeldSnapshot>();
  for (const one of good) if (!newest.has(period(one))) newest.set(period(one), one);
  stays(tier === 'short-term' ? 'tiers.keptDaily' : 'tiers.keptWeekly', ...[...newest.values()].slice(0, Math.max(1, keep)));
  stays('tiers.keptFloor', ...held.filter(({ dataAt }) => dataAt >= now - floor));
  return held.map(({ backupId }) => {
    const found = [...(reasons.get(backupId) ?? [])];
    return { backupId, keep: found.length > 0, reasons: found };
  });
}

/** @param day `YYYY-MM-DD` @returns the Monday of its week, in the same way */
export function weekOf(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7;
  return new Date(at - sinceMonday * dayMilliseconds).toISOString().slice(0, 10);
}
