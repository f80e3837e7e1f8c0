// The door of the public pages: what the front page and the page of backup locations tell (KHADA 7.6, 8.1), from real numbers only.
import type { Backups } from '../backups/backups.ts';
import type { Choices } from '../options.ts';
import { compensationRule, type Orders, type Plan } from '../orders/orders.ts';
import type { Log } from '../platform/log.ts';
import type { TierName, Tiers } from '../tiers/tiers.ts';

/** How many days the band of the whole service shows. */
export const bandDays = 35;

/** One night of the whole service. */
export type Night = {
  /** local day of the configured zone, `YYYY-MM-DD` */
  readonly day: string;
  /** sites that were to get a backup */
  readonly total: number;
  /** backups that were read back and found right */
  readonly verified: number;
};

export type NightState = 'missing' | 'verified' | 'warned' | 'failed' | 'made';

/** @param isLast the night may not be over yet, so what is missing in it is still waited for */
export function stateOf({ total, verified }: Pick<Night, 'total' | 'verified'>, isLast: boolean): NightState {
  if (total === 0) return 'missing';
  if (verified === total) return 'verified';
  if (isLast) return 'made';
  return verified > 0 ? 'warned' : 'failed';
}

/**
 * Where a tier lies. A folder of this machine is no tier of its own (KHADA 8.5, SL 9-2). `place`: as the company calls it; `isFar`: the
 * long-term one, in another place than the short-term one
 */
export type TierPlace = {
  readonly kind: 'none' | 'here' | 'elsewhere';
  readonly place?: string | undefined;
  readonly isFar: boolean;
};

function placeOf(tiers: Tiers['named'], wanted: TierName, longTermIsFar: boolean): TierPlace {
  const tier = tiers.find(({ name }) => name === wanted);
  if (!tier) return { kind: 'none', isFar: false };
  return tier.isElsewhere
    ? { kind: 'elsewhere', place: tier.place, isFar: longTermIsFar && wanted === 'long-term' }
    : { kind: 'here', isFar: false };
}

export type Locations = {
  /** false: this panel makes no backups, so none of its promises may be printed */
  readonly backups: boolean;
  /** `HH:MM` */
  readonly backupAt: string;
  readonly keepDaily: number;
  readonly keepWeekly: number;
  readonly shortTerm: TierPlace;
  readonly longTerm: TierPlace;
};

export type Front = {
  /** oldest first; empty when no night of the band had a backup; `unread` when that is not known now; undefined when this panel makes none */
  readonly nights: readonly (Night & { state: NightState })[] | 'unread' | undefined;
  readonly plans: readonly Plan[];
  /** undefined without a plan, since it is the plan that promises */
  readonly service: { readonly percent: number; readonly hours: number; readonly times: number } | undefined;
};

export type HomeParts = {
  readonly choices: Choices;
  readonly orders: Orders;
  readonly backups: Pick<Backups, 'serviceBand'>;
  readonly tiers: Pick<Tiers, 'named' | 'longTermIsFar'>;
  readonly log: Pick<Log, 'warn'>;
};

/** What the public pages tell. Promises come from the options and plans in force, and numbers are counted; nothing is invented. */
export class Home {
  readonly #parts: HomeParts;

  constructor(parts: HomeParts) {
    this.#parts = parts;
  }

  /** @returns where backups are and how long they are kept, as this panel is set up (KHADA 7.6, 8.1) */
  locations(): Locations {
    const { features, backupAt, keepDaily, keepWeekly } = this.#parts.choices;
    const { named, longTermIsFar } = this.#parts.tiers;
    const tiers = {
      shortTerm: placeOf(named, 'short-term', longTermIsFar),
      longTerm: placeOf(named, 'long-term', longTermIsFar),
    };
    return { backups: features.includes('backups'), backupAt, keepDaily, keepWeekly, ...tiers };
  }

  /**
   * @returns the numbers of the front page. Backups that cannot be read come as `unread` and the page still stands;
   * PanelError 503 when the plans cannot be read
   */
  async front(): Promise<Front> {
    const [nights, plans] = await Promise.all([this.#nights(), this.#parts.orders.plans()]);
    const { fromHours: hours, times } = compensationRule;
    // The lowest promise of all plans: nobody may read more into the line than their plan says.
    const percent = Math.min(...plans.map((plan) => plan.availabilityPercent));
    return { nights, plans, service: plans.length > 0 ? { percent, hours, times } : undefined };
  }

  async #nights(): Promise<Front['nights']> {
    const { choices, backups, log } = this.#parts;
    if (!choices.features.includes('backups')) return undefined;
    try {
      const nights = await backups.serviceBand(bandDays);
      if (nights.every(({ total }) => total === 0)) return [];
      return nights.map((night, at) => ({ ...night, state: stateOf(night, at === nights.length - 1) }));
    } catch (error) {
      // The notice above it must be read in any case (KHADA 8.1).
      log.warn({ err: error }, 'the backups of the service could not be read');
      return 'unread';
    }
  }
}
