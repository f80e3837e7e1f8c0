// Whose turn it is in a night: who waited longest first, customers in turn, so that none waits behind all sites of another.
import { day } from '../platform/clock.ts';

export type Candidate = {
  readonly siteId: string;
  readonly customerId: string;
  /** age of the data of its newest good backup, epoch milliseconds; null: it has none */
  readonly goodAt: number | null;
  /** when the last one of a night was begun, whatever came of it; null: none ever was */
  readonly triedAt: number | null;
};

/**
 * First by nights since the site had its chance, which is what was missed when a window was too short: nobody starves. What fails every
 * night had its chance, and does not come before those who had none. Then one site of each customer, then the second of each; among
 * those of a round the oldest good copy first.
 * @param dueAt when the night begins, epoch milliseconds; times after it (the clock was set back) count as then
 */
export function nightOrder<Site extends Candidate>(candidates: readonly Site[], dueAt: number): Site[] {
  const ranked = candidates.map((site) => {
    const chance = Math.max(site.goodAt ?? 0, site.triedAt ?? 0);
    const missed = chance === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.round((dueAt - chance) / day));
    return { site, missed, round: 0 };
  });
  ranked.sort((one, other) => descending(one.missed, other.missed) || byAge(one.site, other.site));
  const rounds = new Map<string, number>();
  for (const rank of ranked) {
    const key = `${rank.missed} ${rank.site.customerId}`;
    rank.round = rounds.get(key) ?? 0;
    rounds.set(key, rank.round + 1);
  }
  ranked.sort((one, other) => descending(one.missed, other.missed) || one.round - other.round || byAge(one.site, other.site));
  return ranked.map(({ site }) => site);
}

const descending = (one: number, other: number) => (one === other ? 0 : one > other ? -1 : 1);

const byAge = (one: Candidate, other: Candidate) =>
  (one.goodAt ?? 0) - (other.goodAt ?? 0) || (one.siteId < other.siteId ? -1 : 1);
