// What a plan promises, the three sample plans, and what an outage is worth on each (KHADA 8.2; views/documents/sla).
import type { Language } from '../platform/web/words.ts';
import type { SlaRule } from './sla-rules.ts';

export type Plan = {
  readonly slug: string;
  readonly position: number;
  readonly name: Readonly<Record<Language, string>>;
  readonly summary: Readonly<Record<Language, string>>;
  /** a month, tax included */
  readonly priceWon: number;
  readonly storageBytes: number;
  /** a month */
  readonly trafficBytes: number;
  readonly databases: number;
  readonly ftpAccounts: number;
  /** backups a day that the customer may start */
  readonly manualBackups: number;
  /** `separate`: a separate backup service is part of the plan, which changes who answers for backups (KHADA 8.1) */
  readonly backupVariant: 'none' | 'separate';
  readonly availabilityPercent: number;
  /** version of the document `sla` the plan was published with */
  readonly slaVersion: string;
  /** epoch milliseconds since when nobody new may choose it */
  readonly closedAt: number | null;
};

/** What a plan's page says of the rule of the document `sla`: from so many hours without a break, so many times the fee of that time. */
export type Compensation = {
  readonly fromHours: number;
  readonly times: number;
  /** of one month, at most so many monthly fees */
  readonly mostMonthlyFees: number;
  /** of the worked example: an hour more than the least */
  readonly exampleHours: number;
};

const hoursOfMonth = 720;

/** @returns the same figures as credits are computed with, in hours */
export const compensationOf = ({ leastMinutes, times, mostMonthlyFees }: SlaRule): Compensation => ({
  ...{ fromHours: leastMinutes / 60, times, mostMonthlyFees, exampleHours: Math.ceil(leastMinutes / 60) + 1 },
});

/** @returns won for an outage of `hours` without a break in a month of 30 days, whole won */
export function compensation(priceWon: number, hours: number, { fromHours, times, mostMonthlyFees }: Compensation): number {
  if (hours < fromHours) return 0;
  // Multiplied first: a quotient would lose a won to rounding (33,000 × 12 ÷ 720 is 550 exactly).
  return Math.min(Math.round(priceWon * mostMonthlyFees), Math.round((priceWon * hours * times) / hoursOfMonth));
}

const gigabyte = 1_000_000_000;

/** For a panel that has no plans yet; a company replaces them with its own. */
export const samplePlans: readonly Omit<Plan, 'slaVersion' | 'closedAt'>[] = [
  {
    slug: 'seed',
    position: 1,
    name: { ko: '씨앗', en: 'Seed' },
    summary: { ko: '처음 만드는 홈페이지와 작은 블로그에 맞습니다.', en: 'For a first website or a small blog.' },
    priceWon: 4400,
    storageBytes: 5 * gigabyte,
    trafficBytes: 100 * gigabyte,
    databases: 1,
    ftpAccounts: 1,
    manualBackups: 1,
    backupVariant: 'none',
    availabilityPercent: 99.5,
  },
  {
    slug: 'tree',
    position: 2,
    name: { ko: '나무', en: 'Tree' },
    summary: { ko: '날마다 손님이 찾는 가게와 단체에 맞습니다.', en: 'For a shop or an association with visitors every day.' },
    priceWon: 11_000,
    storageBytes: 20 * gigabyte,
    trafficBytes: 500 * gigabyte,
    databases: 3,
    ftpAccounts: 3,
    manualBackups: 3,
    backupVariant: 'none',
    availabilityPercent: 99.5,
  },
  {
    slug: 'forest',
    position: 3,
    name: { ko: '숲', en: 'Forest' },
    summary: {
      ko: '여러 사이트를 돌보는 회사에 맞으며 백업 서비스가 들어 있습니다.',
      en: 'For a company that looks after several sites; a backup service is included.',
    },
    priceWon: 33_000,
    storageBytes: 100 * gigabyte,
    trafficBytes: 2000 * gigabyte,
    databases: 10,
    ftpAccounts: 10,
    manualBackups: 5,
    backupVariant: 'separate',
    availabilityPercent: 99.9,
  },
];
