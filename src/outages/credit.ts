// What outages are worth, by the document `sla` in the version that was agreed to: a pure function of recorded facts (KHADA 8.2).
import type { RuleOf, SlaRule } from '../orders/orders.ts';
import { day, minute } from '../platform/clock.ts';
import { clipped, type Interval, lengthOf, union, without } from './intervals.ts';
import type { Months } from './months.ts';

/** Section 6 of the document `sla`: why time does not count, though nobody could use the service. */
export const exclusionReasons = ['maintenance', 'force-majeure', 'customer', 'network', 'authority'] as const;
export type ExclusionReason = (typeof exclusionReasons)[number];

export type Exclusion = Interval & { readonly because: ExclusionReason; readonly announcedAt: number | null };

/** One site in one outage: from when to when it could not be used, and the contract as it was when that began. */
export type Stop = Interval & {
  readonly outageId: string;
  /** of the same words is of the same cause */
  readonly cause: string;
  /** the service was brought back from a backup: that time is never maintenance (section 2) */
  readonly restored: boolean;
  readonly exclusions: readonly Exclusion[];
  /** a month, tax included */
  readonly priceWon: number;
  /** of the document `sla` */
  readonly slaVersion: string;
};

/** Downtime without a break, as section 3 joins it. */
export type Incident = Interval & {
  readonly outageIds: readonly string[];
  readonly restored: boolean;
  /** that count: every begun minute is one */
  readonly minutes: number;
  readonly excludedMinutes: number;
  readonly priceWon: number;
  readonly slaVersion: string;
  readonly rule: SlaRule;
  /** of the month in which it began */
  readonly monthMinutes: number;
  /** before the month's limit */
  readonly won: number;
};

export type MonthCredit = {
  /** `YYYY-MM`, local */
  readonly month: string;
  /** those that began in it */
  readonly incidents: readonly Incident[];
  /** all that counts and lies in it, also of incidents that began before */
  readonly downMinutes: number;
  readonly monthMinutes: number;
  /** percent, not rounded */
  readonly availability: number;
  readonly uncappedWon: number;
  readonly mostWon: number;
  /** what is returned */
  readonly won: number;
};

const minutesOf = (all: readonly Interval[]) => Math.ceil(lengthOf(all) / minute);

/**
 * All of one site.
 * @param stops of outages that are over, or with the present as their end
 * @returns the months that have any downtime, oldest first
 * @throws Error for a version of `sla` that has no rule
 */
export function creditsOf(stops: readonly Stop[], { months, ruleOf }: { months: Months; ruleOf: RuleOf }): MonthCredit[] {
  const left = new Map<string, number>();
  const found = joined(stops, ruleOf).map((group) => incidentOf(group, { months, ruleOf, left }));
  const counted = union(found.flatMap(({ pieces }) => pieces));
  const incidents = found.map(({ incident }) => incident);
  const names = new Set([...months.touched(counted), ...incidents.map(({ startedAt }) => months.of(startedAt))]);
  return [...names].sort().map((month) => monthOf(month, { incidents, counted, months }));
}

function monthOf(
  month: string,
  all: { incidents: readonly Incident[]; counted: readonly Interval[]; months: Months },
): MonthCredit {
  const span = all.months.span(month);
  const incidents = all.incidents.filter(({ startedAt }) => all.months.of(startedAt) === month);
  const downMinutes = minutesOf(all.counted.flatMap((one) => clipped(one, span.startedAt, span.endedAt) ?? []));
  const monthMinutes = minutesOf([span]);
  const uncappedWon = incidents.reduce((sum, { won }) => sum + won, 0);
  // After a change of plan within the month the higher fee is the limit.
  const mostWon = Math.max(0, ...incidents.map(({ priceWon, rule }) => Math.round(priceWon * rule.mostMonthlyFees)));
  const availability = 100 * (1 - downMinutes / monthMinutes);
  const won = Math.min(uncappedWon, mostWon);
  return { month, incidents, downMinutes, monthMinutes, availability, uncappedWon, mostWon, won };
}

/** Downtime that overlaps is one, and so is the same cause again soon after (section 3). */
function joined(stops: readonly Stop[], ruleOf: RuleOf): Stop[][] {
  const groups: Stop[][] = [];
  for (const stop of stops.toSorted((a, b) => a.startedAt - b.startedAt || a.endedAt - b.endedAt)) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (!last || !first) {
      groups.push([stop]);
      continue;
    }
    const end = Math.max(...last.map(({ endedAt }) => endedAt));
    const soon = ruleOf(first.slaVersion).joinedMinutes * minute;
    const isSame = last.some(({ cause }) => cause === stop.cause) && stop.startedAt - end <= soon;
    if (stop.startedAt < end || isSame) last.push(stop);
    else groups.push([stop]);
  }
  return groups;
}

type Around = {
  readonly months: Months;
  readonly ruleOf: RuleOf /** of maintenance, by month, in milliseconds */;
  readonly left: Map<string, number>;
};

/** An unclear clause goes in the customer's favour (Act on the Regulation of Terms, art. 5(2)): the time between two joined stops counts. */
function incidentOf(group: readonly Stop[], around: Around): { incident: Incident; pieces: Interval[] } {
  const [first] = group;
  if (!first) throw new Error('an incident has at least one stop');
  const rule = around.ruleOf(first.slaVersion);
  const span = { startedAt: first.startedAt, endedAt: Math.max(...group.map(({ endedAt }) => endedAt)) };
  const down = group.flatMap((stop) => without(stop, exclusionsOf(stop, rule, around)));
  const pieces = union([...down, ...without(span, group)]);
  const minutes = minutesOf(pieces);
  const month = around.months.span(around.months.of(span.startedAt));
  const monthMinutes = minutesOf([month]);
  const { priceWon, slaVersion } = first;
  // Multiplied first: a quotient would lose a won to rounding.
  const won = minutes < rule.leastMinutes ? 0 : Math.round((priceWon * minutes * rule.times) / monthMinutes);
  const incident = {
    ...span,
    outageIds: [...new Set(group.map(({ outageId }) => outageId))],
    restored: group.some(({ restored }) => restored),
    minutes,
    excludedMinutes: Math.max(0, minutesOf([span]) - minutes),
    ...{ priceWon, slaVersion, rule, monthMinutes, won },
  };
  return { incident, pieces };
}

/** What section 6 takes out of a stop: maintenance only when it was announced in time, and no more of it a month than promised. */
function exclusionsOf(stop: Stop, rule: SlaRule, { months, left }: Around): Interval[] {
  // Whether it was announced in time goes by its own begin, also for a site that it reached only later.
  const allowed = stop.exclusions.filter((one) => one.because !== 'maintenance' || (!stop.restored && isInTime(one, rule)));
  const all = allowed.flatMap((one) => clipped(one, stop.startedAt, stop.endedAt) ?? []);
  const maintenance = all.filter(({ because }) => because === 'maintenance');
  const short = maintenance
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .map(({ startedAt, endedAt }) => {
      const month = months.of(startedAt);
      const before = left.get(month) ?? rule.maintenanceMinutesPerMonth * minute;
      const taken = Math.min(before, endedAt - startedAt);
      left.set(month, before - taken);
      return { startedAt, endedAt: startedAt + taken };
    });
  return [...all.filter(({ because }) => because !== 'maintenance'), ...short];
}

/** Announced seven days before: the day of the announcement and the day of the work are seven days apart to the moment. */
const isInTime = ({ startedAt, announcedAt }: Exclusion, { maintenanceNoticeDays }: SlaRule) =>
  announcedAt !== null && announcedAt <= startedAt - maintenanceNoticeDays * day;
