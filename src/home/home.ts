// The door of the public pages: what the front page, the page of backup locations and the blocks tell (KHADA 7.6, 8.1), from real numbers only.
import type { Backups } from '../backups/backups.ts';
import type { Consent } from '../consent/consent.ts';
import type { AnnouncedSubject } from '../migrations/schema.ts';
import type { Choices } from '../options.ts';
import type { Orders, Plan } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { type Language, languages, type Words, type WordsOptions, wordsIn } from '../platform/web/words.ts';
import type { Tiers } from '../tiers/tiers.ts';
import { type Announced, Announcing } from './announcing.ts';
import { type Block, type BlockName, blockOf } from './blocks.ts';
import { type Locations, locationsOf } from './locations.ts';

export type { Announced } from './announcing.ts';
export { type Block, type BlockName, blockNames } from './blocks.ts';
export type { Locations, TierPlace } from './locations.ts';

/** How many days the band of the whole service shows. */
export const bandDays = 35;
/** The front page is asked for more than any other, and a second changes nothing. */
const keptMilliseconds = 1000;

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

export type Front = {
  /** oldest first; empty when no night of the band had a backup; `unread` when that is not known now; undefined when this panel makes none */
  readonly nights: readonly (Night & { state: NightState })[] | 'unread' | undefined;
  readonly plans: readonly Plan[];
  /** epoch milliseconds since when backups lie where they do */
  readonly locationsSince: number | undefined;
  /** undefined without a plan, since it is the plan that promises */
  readonly service: { readonly percent: number; readonly hours: number; readonly times: number } | undefined;
};

export type HomeParts = {
  readonly choices: Choices;
  readonly consent: Consent;
  readonly orders: Orders;
  readonly backups: Pick<Backups, 'serviceBand'>;
  readonly tiers: Pick<Tiers, 'named' | 'longTermIsFar' | 'areReady'>;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly words: WordsOptions;
  readonly addresses: Addresses;
  readonly log: Pick<Log, 'warn'>;
};

/** What the public pages tell. Promises come from the options and plans in force, and numbers are counted; nothing is invented. */
export class Home {
  readonly #parts: HomeParts;
  readonly #announcing: Announcing;
  #front: { readonly at: number; readonly until: number; readonly front: Front } | undefined;
  /** made when a block is first asked for: most panels have none, and formats are slow to make */
  readonly #words = new Map<Language, Words>();

  constructor(parts: HomeParts) {
    this.#parts = parts;
    this.#announcing = new Announcing(parts);
  }

  /** At start: notes with its date what pages announce from now on, where that differs from before (KHADA 1.1, 7.6). */
  async announce(): Promise<void> {
    await this.#announcing.record(this.locations(), this.#parts.choices.officers);
  }

  /** @returns dated changes of what was announced, newest first */
  history(subject: AnnouncedSubject, words: Words): Promise<Announced[]> {
    return this.#announcing.history(subject, words);
  }

  /** @returns where backups are and how long they are kept, as this panel is set up (KHADA 7.6, 8.1) */
  locations(): Locations {
    return locationsOf(this.#parts);
  }

  /**
   * @param planSlug the plan that the block is for; without one it is for all
   * @returns a block for pages of the company's own. @throws PanelError 404 for an unknown plan
   */
  async block(name: BlockName, language: Language, planSlug?: string): Promise<Block> {
    const { choices, consent, orders, addresses, tiers } = this.#parts;
    const [plan, plans, locationsSince] = await Promise.all([
      planSlug === undefined ? undefined : orders.plan(planSlug),
      orders.plans(),
      this.#announcing.locationsSince(),
    ]);
    const version = (document: string) => consent.current(document, language).version;
    return blockOf(name, {
      words: this.#wordsIn(language),
      address: (path) => addresses.absolute(language, path),
      officers: choices.officers,
      locations: this.locations(),
      locationsSince,
      plan,
      plans,
      versions: { backup: version('backup'), backupService: version('backup-service'), sla: version('sla') },
      rule: orders.compensation(),
      documentsAreShown: choices.features.includes('consent'),
      support: choices.brand.support,
      tiersReady: tiers.areReady,
    });
  }

  #wordsIn(language: Language): Words {
    const words = this.#words.get(language) ?? wordsIn(language, this.#parts.words);
    this.#words.set(language, words);
    return words;
  }

  /** @returns the version of a block as it is now, for whoever found one; undefined where there is no such block */
  async blockVersion(name: BlockName, language: string, planSlug?: string): Promise<string | undefined> {
    const known = languages.find((one) => one === language);
    if (!known) return undefined;
    return this.block(name, known, planSlug).then(({ version }) => version, whenMissing);
  }

  /**
   * @returns the numbers of the front page, up to a second old. Backups that cannot be read come as `unread` and the page still stands;
   * PanelError 503 when the plans cannot be read
   */
  async front(): Promise<Front> {
    const { clock } = this.#parts;
    const [now, moment] = [clock.now(), clock.monotonic()];
    const kept = this.#front;
    // Both clocks: one is set back now and then, the other stands still in no test.
    if (kept && moment < kept.until && Math.abs(now - kept.at) < keptMilliseconds) return kept.front;
    const front = await this.#readFront();
    this.#front = { at: now, until: moment + keptMilliseconds, front };
    return front;
  }

  async #readFront(): Promise<Front> {
    const [nights, plans, locationsSince] = await Promise.all([
      this.#nights(),
      this.#parts.orders.plans(),
      this.#announcing.locationsSince(),
    ]);
    const { fromHours: hours, times } = this.#parts.orders.compensation();
    // The lowest promise of all plans: nobody may read more into the line than their plan says.
    const percent = Math.min(...plans.map((plan) => plan.availabilityPercent));
    return { nights, plans, locationsSince, service: plans.length > 0 ? { percent, hours, times } : undefined };
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
