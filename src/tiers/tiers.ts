// The door of tiers: backups that lie apart from the site and from the customer's own copy, short-term and long-term (KHADA 8.5–8.9).
import type { Actor } from '../audit/audit.ts';
import type { TierName } from '../migrations/schema.ts';
import { day } from '../platform/clock.ts';
import { notFound, PanelError, tooMany, unavailable } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import { Checking } from './checking.ts';
import { Keeping } from './keeping.ts';
import { TierKeys } from './keys.ts';
import { TierBackup } from './opened.ts';
import type { TierSetup, TiersParts } from './parts.ts';
import { Removals } from './removals.ts';
import { TierStore } from './store.ts';

export type { TierName } from '../migrations/schema.ts';
export { TierBackup } from './opened.ts';
export type { TierSetup, TiersParts } from './parts.ts';
export { tierRetention } from './retention.ts';
export { sourceOf } from './source.ts';
export { tierLines } from './words.ts';

/** One tier as a customer sees it, each with its own age (KHADA 8.5, ux.md 2.8). */
export type TierView = {
  readonly tier: TierName;
  /** only then it counts as a tier */
  readonly isElsewhere: boolean;
  readonly place: string | undefined;
  /** the moment whose data its newest good snapshot holds */
  readonly dataAt: number | undefined;
  /** since when the newest could not be brought there; undefined when it could */
  readonly failedAt: number | undefined;
  /** when a part of it was last read back */
  readonly checkedAt: number | undefined;
};

/** How many sites' keys may be destroyed within a day, whatever asks for it: a mistake or an intruder stops there (ruling 9). */
export const mostErasuresADay = 100;

/**
 * Every good backup goes into the short-term tier, the first of a week into the long-term one; what a tier cannot take is tried again
 * and said on the customer's page. Without tiers nothing is done, and pages say that there are none.
 */
export class Tiers {
  readonly #parts: TiersParts;
  readonly #store: TierStore;
  readonly #keys: TierKeys;
  readonly #setups: ReadonlyMap<TierName, TierSetup>;
  readonly #keeping: Keeping;
  readonly #checking: Checking;
  readonly #removals: Removals;

  constructor(parts: TiersParts) {
    this.#parts = parts;
    this.#store = new TierStore(parts.connection);
    this.#keys = new TierKeys(parts);
    const setups = parts.setUp((tier) => this.#keys.of(tier));
    this.#setups = new Map(setups.map((setup) => [setup.name, setup]));
    this.#keeping = new Keeping(parts, this.#store, this.#setups);
    this.#checking = new Checking(parts, this.#store, this.#setups);
    this.#removals = new Removals(parts, this.#setups);
  }

  /** The job `tiers.keep`: a row and a job for each tier that is to take this backup. May be repeated. */
  keep(backupId: string): Promise<void> {
    return this.#keeping.plan(backupId);
  }

  /** The job `tiers.store`: brings a backup into a tier, then gives up what the policy does not keep there. May be repeated. */
  store(snapshotId: string, run: JobRun): Promise<void> {
    return this.#keeping.store(snapshotId, run);
  }

  /** The job `tiers.check`: reads back a part of what a tier holds of a site; what cannot be read is told to the operator. */
  async check(siteId: string, tier: TierName, run: JobRun): Promise<void> {
    try {
      await this.#checking.run(siteId, tier, run);
    } catch (error) {
      const site = await this.#parts.sites.byId(siteId);
      if (run.lastAttempt && !run.signal.aborted) await this.#checking.put(siteId, site.customerId, tier, error);
      throw error;
    }
  }

  /** By the clock: what was lost is queued again, checks that are due, and what is still to be removed of sites that were erased. */
  async tidy(): Promise<void> {
    // Also without any tier: what waited for one that was taken out of the settings waits for nothing.
    await this.#keeping.recover();
    if (this.#setups.size === 0) return;
    await this.#checking.plan();
    await this.#removals.due();
  }

  /** @returns the tiers that this panel keeps, with what each has of the site */
  async of(site: Site): Promise<TierView[]> {
    if (this.#setups.size === 0) return [];
    const states = new Map((await this.#store.states(site)).map((state) => [state.tier, state]));
    return [...this.#setups.values()].map(({ name, isElsewhere, place }) => {
      const state = states.get(name);
      const times = { dataAt: state?.data_at, failedAt: state?.failed_at, checkedAt: state?.checked_at };
      const known = Object.fromEntries(Object.entries(times).map(([key, value]) => [key, value ?? undefined]));
      return { tier: name, isElsewhere, place, ...(known as Pick<TierView, 'dataAt' | 'failedAt' | 'checkedAt'>) };
    });
  }

  /**
   * Opens a backup that a tier holds, the short-term one first; close it afterwards.
   * @throws PanelError 404 when no tier holds it, 503 when those that do cannot give it now
   */
  async open(site: Site, backupId: string, signal: AbortSignal): Promise<TierBackup> {
    const holding = await this.holding(site, backupId);
    let refused: unknown;
    for (const { name, tier } of this.#setups.values()) {
      if (!holding.includes(name)) continue;
      try {
        return new TierBackup(name, await tier.open(site.id, backupId, signal));
      } catch (error) {
        // The other tier may have it.
        if (!(error instanceof PanelError)) throw error;
        refused = error;
      }
    }
    if (refused === undefined) throw notFound();
    throw refused instanceof PanelError && refused.status === 503
      ? refused
      : unavailable('error.unavailable', { code: 'NOT_HELD' });
  }

  /** @returns the named tiers that hold this backup: it can be opened although its archive on this machine has gone */
  async holding(site: Site, backupId: string): Promise<TierName[]> {
    return (await this.#store.holding(site, backupId)).filter((name) => this.#setups.has(name));
  }

  /**
   * Erases everything that tiers hold of a site, by destroying its keys: from that moment nobody can open it, also where storage is
   * locked against deletion (ruling 10). What lets itself be removed is removed too, now or by the clock. May be repeated; the site gets no
   * keys again.
   * @throws PanelError 429 `tiers.erasuresADay` when too many sites were erased within a day
   */
  async erase(site: Site, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      if ((await this.#keys.destroyedSince(tx, clock.now() - day)) >= mostErasuresADay) throw tooMany('tiers.erasuresADay');
      await this.#keys.destroy(tx, site);
      await this.#store.forgetSite(tx, site, clock.now());
      await audit.record(tx, { action: 'tiers.erased', actor, customerId: site.customerId, siteId: site.id });
    });
    await this.#removals.ofSite(site.id);
  }

  /** The tiers that this panel keeps, without any site. */
  get named(): readonly Pick<TierSetup, 'name' | 'isElsewhere' | 'isPulled' | 'place'>[] {
    return [...this.#setups.values()].map(({ tier: _, ...named }) => named);
  }

  /** Whether the long-term tier lies in another place than the short-term one, as both are told (KHADA 8.5). */
  get longTermIsFar(): boolean {
    const [short, long] = (['short-term', 'long-term'] as const).map((name) => this.#setups.get(name)?.place);
    return short !== undefined && long !== undefined && short !== long;
  }

  /** Whether both tiers are there and count (KHADA 8.5). */
  get areReady(): boolean {
    return this.#setups.size === 2 && [...this.#setups.values()].every(({ isElsewhere }) => isElsewhere);
  }

  /** Figures of all sites, for the operator: one that is not named any more grows old, and nobody is to be woken by it. */
  async figures(): ReturnType<TierStore['figures']> {
    return (await this.#store.figures()).filter(({ tier }) => this.#setups.has(tier));
  }
}
