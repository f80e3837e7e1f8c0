// What the page of outages shows: month by month, with the formula and the customer's own figures in it (KHADA 8.2).
import type { Words } from '../platform/web/words.ts';
import type { Fact, Incident, MonthCredit, SiteCredits } from './outages.ts';

export type ShownIncident = {
  readonly startedAt: number;
  /** undefined: it lasts */
  readonly endedAt: number | undefined;
  readonly causes: readonly string[];
  readonly restored: boolean;
  readonly counted: string;
  readonly formula: string;
  readonly won: string;
  readonly notes: readonly string[];
};

export type ShownMonth = {
  readonly key: string;
  readonly title: string;
  readonly site: string;
  readonly availability: string;
  readonly down: string;
  readonly won: string;
  /** where the month's limit cut it off */
  readonly limit: string | undefined;
  readonly incidents: readonly ShownIncident[];
};

/** @param names of sites, by id. @returns newest month first, sites in their order */
export function shownMonths(words: Words, sites: readonly SiteCredits[], names: ReadonlyMap<string, string>): ShownMonth[] {
  const all = sites.flatMap((site) => site.months.map((month) => ({ site, month })));
  all.sort((a, b) => (a.month.month < b.month.month ? 1 : a.month.month > b.month.month ? -1 : 0));
  return all.map(({ site, month }, at) => monthOf(words, { site, month, at, name: names.get(site.siteId) ?? '' }));
}

type Of = { readonly site: SiteCredits; readonly month: MonthCredit; readonly at: number; readonly name: string };

function monthOf(words: Words, { site, month, at, name }: Of): ShownMonth {
  const { t, won, monthOf: monthName } = words;
  const promised = site.contract.availability_percent;
  return {
    key: `month-${at + 1}`,
    title: monthName(month.month),
    site: name,
    availability: t('outages.availability', { percent: percent(month.availability), promised: String(promised) }),
    down: inHours(words, month.downMinutes),
    won: won(month.won),
    limit:
      month.uncappedWon > month.mostWon
        ? t('outages.limit', { sum: won(month.uncappedWon), most: won(month.mostWon) })
        : undefined,
    incidents: month.incidents.map((one) => incidentOf(words, one, site)).toReversed(),
  };
}

/** Rounded down: a promise that was missed by little is not shown as kept. */
const percent = (value: number) => (Math.floor(value * 1000) / 1000).toString();

function incidentOf(words: Words, one: Incident, { facts }: SiteCredits): ShownIncident {
  const { t } = words;
  const own = facts.filter((fact) => isPartOf(fact, one));
  const excluded = one.excludedMinutes > 0 ? [t('outages.excluded', { time: inHours(words, one.excludedMinutes) })] : [];
  return {
    startedAt: one.startedAt,
    endedAt: own.some(({ endedAt }) => endedAt === null) ? undefined : one.endedAt,
    causes: [...new Set(own.map(({ cause }) => cause))],
    restored: one.restored,
    counted: inHours(words, one.minutes),
    formula: formulaOf(words, one),
    won: words.won(one.won),
    notes: [...new Set([...excluded, ...own.flatMap((fact) => notesOf(words, fact))])],
  };
}

/** The same outage may have reached a site twice, in incidents of their own. */
const isPartOf = ({ outageId, startedAt }: Fact, incident: Incident) =>
  incident.outageIds.includes(outageId) && startedAt >= incident.startedAt && startedAt <= incident.endedAt;

const notesOf = ({ t, time, clock }: Words, { exclusions }: Fact) =>
  exclusions.map(({ because, startedAt, endedAt, note }) =>
    t('outages.note', { because: t(`outages.because.${because}`), from: time(startedAt), to: clock(endedAt), note }),
  );

/** The sum as anybody can count it again: fee ÷ minutes of the month × minutes × times. */
function formulaOf({ t, won, number }: Words, { minutes, monthMinutes, priceWon, rule, won: result }: Incident): string {
  if (priceWon === 0) return t('outages.formula.free');
  if (minutes < rule.leastMinutes) return t('outages.formula.short', { hours: number(rule.leastMinutes / 60) });
  const exact = (priceWon * minutes * rule.times) / monthMinutes;
  const figures = { fee: won(priceWon), month: number(monthMinutes), minutes: number(minutes), times: rule.times };
  return Number.isInteger(exact)
    ? t('outages.formula.sum', { ...figures, won: won(result) })
    : t('outages.formula.rounded', { ...figures, exact: number(Math.round(exact * 100) / 100), won: won(result) });
}

/** @returns `4시간 10분`, `4 h 10 min` */
export function inHours({ t, number }: Words, minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return t('outages.minutes', { minutes: rest });
  return rest === 0
    ? t('outages.hours', { hours: number(hours) })
    : t('outages.hoursMinutes', { hours: number(hours), minutes: rest });
}
