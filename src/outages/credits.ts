// From the rows of a customer to credits, site by site.
import type { RuleOf } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import { creditsOf, type Exclusion, type MonthCredit, type Stop } from './credit.ts';
import { clipped } from './intervals.ts';
import { Months } from './months.ts';
import type { OutagesParts } from './parts.ts';
import { type AffectedRow, type ExclusionRow, OutageStore } from './store.ts';

/** One stretch of an outage at one site, as its customer reads it: a site that moved away and came back has two of the same outage. */
export type Fact = {
  readonly outageId: string;
  readonly cause: string;
  readonly restored: boolean;
  readonly startedAt: number;
  /** null: it lasts */
  readonly endedAt: number | null;
  /** those that reach into it */
  readonly exclusions: readonly (Exclusion & { readonly note: string })[];
};

/** The contract that the newest outage at a site was about. */
export type Contract = Pick<
  AffectedRow,
  'order_id' | 'plan' | 'price_won' | 'availability_percent' | 'sla_version' | 'agreed_at'
>;

/** One site of a customer, with every month that had an outage. */
export type SiteCredits = {
  readonly siteId: string;
  readonly contract: Contract;
  /** oldest first */
  readonly months: readonly MonthCredit[];
  /** oldest first */
  readonly facts: readonly Fact[];
};

export class Credits {
  readonly months: Months;
  readonly ruleOf: RuleOf;
  readonly #store: OutageStore;
  readonly #clock: Clock;

  constructor({ connection, clock, timeZone, ruleOf }: OutagesParts) {
    this.#store = new OutageStore(connection);
    this.#clock = clock;
    this.months = new Months(timeZone);
    this.ruleOf = ruleOf;
  }

  /** @param siteIds those that may be told of; null: every site of the customer. @returns sites with any outage, in the order of ids */
  async ofCustomer(customerId: string, siteIds: readonly string[] | null = null): Promise<SiteCredits[]> {
    const rows = (await this.#store.affectedOf(customerId)).filter(({ site_id }) => siteIds?.includes(site_id) ?? true);
    const exclusions = await this.#store.exclusionsOf([...new Set(rows.map(({ outage_id }) => outage_id))]);
    const byOutage = Map.groupBy(exclusions, ({ outage_id }) => outage_id);
    const bySite = Map.groupBy(rows, ({ site_id }) => site_id);
    return [...bySite].map(([siteId, all]) => this.#ofSite(siteId, all, byOutage));
  }

  #ofSite(siteId: string, rows: readonly AffectedRow[], exclusions: ReadonlyMap<string, ExclusionRow[]>): SiteCredits {
    const now = this.#clock.now();
    const excluded = (outageId: string) => (exclusions.get(outageId) ?? []).map(exclusionOf);
    const stops = rows.map(
      (row): Stop => ({
        ...{ outageId: row.outage_id, cause: row.cause, restored: row.restored === 1 },
        ...{ startedAt: row.started_at, endedAt: Math.max(row.ended_at ?? now, row.started_at) },
        ...{ priceWon: row.price_won, slaVersion: row.sla_version, exclusions: excluded(row.outage_id) },
      }),
    );
    const facts = rows.map(
      (row): Fact => ({
        ...{ outageId: row.outage_id, cause: row.cause, restored: row.restored === 1 },
        ...{ startedAt: row.started_at, endedAt: row.ended_at },
        exclusions: excluded(row.outage_id).filter((one) => clipped(one, row.started_at, row.ended_at ?? Infinity)),
      }),
    );
    const { order_id, plan, price_won, availability_percent, sla_version, agreed_at } = rows.at(-1) ?? neverEmpty();
    const contract = { order_id, plan, price_won, availability_percent, sla_version, agreed_at };
    return { siteId, contract, months: creditsOf(stops, this), facts };
  }
}

function neverEmpty(): never {
  throw new Error('a site without rows has no credits');
}

const exclusionOf = ({ because, started_at, ended_at, announced_at, note }: ExclusionRow) => ({
  ...{ because, startedAt: started_at, endedAt: ended_at, announcedAt: announced_at, note },
});
