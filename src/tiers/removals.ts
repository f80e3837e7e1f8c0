// What lies far away of a site whose keys are destroyed: its row says so until the storage has let it go, however often a worker dies or a
// store is away (ruling 10). Only the storage's credentials are needed for it.
import type { TierName } from '../migrations/schema.ts';
import { hour } from '../platform/clock.ts';
import type { TierSetup, TiersParts } from './parts.ts';

const againAfter = hour;
const atOnce = 50;

export class Removals {
  readonly #parts: Pick<TiersParts, 'connection' | 'clock' | 'log'>;
  readonly #setups: ReadonlyMap<TierName, TierSetup>;

  constructor(parts: Pick<TiersParts, 'connection' | 'clock' | 'log'>, setups: ReadonlyMap<TierName, TierSetup>) {
    this.#parts = parts;
    this.#setups = setups;
  }

  /** Removes what may be there of one site; a tier that refuses is asked again by the clock. */
  async ofSite(siteId: string): Promise<void> {
    const rows = await this.#open()?.where('site_id', '=', siteId).execute();
    for (const row of rows ?? []) await this.#remove(row);
  }

  /** By the clock: those that were cut off or refused, the one that was tried longest ago first. */
  async due(): Promise<void> {
    const before = this.#parts.clock.now() - againAfter;
    const rows = await this.#open()
      ?.where((eb) => eb.or([eb('removal_tried_at', 'is', null), eb('removal_tried_at', '<=', before)]))
      .orderBy('removal_tried_at', (order) => order.asc().nullsFirst())
      .limit(atOnce)
      .execute();
    for (const row of rows ?? []) await this.#remove(row);
  }

  #open() {
    const tiers = [...this.#setups.keys()];
    if (tiers.length === 0) return undefined;
    return this.#parts.connection.db
      .selectFrom('tier_keys')
      .select(['id', 'site_id', 'tier'])
      .where('destroyed_at', 'is not', null)
      .where('removed_at', 'is', null)
      .where('tier', 'in', tiers);
  }

  async #remove({ id, site_id: site, tier }: { id: string; site_id: string; tier: TierName }): Promise<void> {
    const { connection, clock, log } = this.#parts;
    const note = (change: { removed_at: number } | { removal_tried_at: number }) =>
      connection.write((tx) => tx.updateTable('tier_keys').set(change).where('id', '=', id).execute());
    try {
      await this.#setups.get(tier)?.tier.remove(site, new AbortController().signal);
      await note({ removed_at: clock.now() });
    } catch (err) {
      await note({ removal_tried_at: clock.now() });
      log.warn({ site, tier, err }, 'what nobody can read any more could not be removed yet');
    }
  }
}
