// One key a site and tier, made at random, sealed in a row. Destroying it is the erasure of all that it opened (ruling 10).
import { randomBytes } from 'node:crypto';
import type { TierName } from '../migrations/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { gone } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { SiteKeys } from '../platform/tier/port.ts';

export type TierKeysParts = { readonly connection: Connection; readonly secrets: Secrets; readonly clock: Clock };

const keyBytes = 32;
const place = (row: string) => ({ table: 'tier_keys', column: 'password_sealed', row });

export class TierKeys {
  readonly #parts: TierKeysParts;

  constructor(parts: TierKeysParts) {
    this.#parts = parts;
  }

  /** @returns the keys of all sites for one tier, as an adapter asks for them */
  of(tier: TierName): SiteKeys {
    return { forKeeping: (site) => this.#forKeeping(site, tier), forReading: (site) => this.#forReading(site, tier) };
  }

  async #row(siteId: string, tier: TierName) {
    const query = this.#parts.connection.db.selectFrom('tier_keys').selectAll();
    return query.where('site_id', '=', siteId).where('tier', '=', tier).executeTakeFirst();
  }

  async #forReading(siteId: string, tier: TierName): Promise<string | undefined> {
    const row = await this.#row(siteId, tier);
    return row?.password_sealed ? this.#parts.secrets.open(row.password_sealed, place(row.id)) : undefined;
  }

  async #forKeeping(siteId: string, tier: TierName): Promise<string> {
    const known = await this.#forReading(siteId, tier);
    if (known !== undefined) return known;
    const { connection, secrets, clock } = this.#parts;
    const id = newId(clock.now());
    const password_sealed = secrets.seal(randomBytes(keyBytes).toString('base64url'), place(id));
    await connection.write(async (tx) => {
      const site = await tx.selectFrom('sites').select('customer_id').where('id', '=', siteId).executeTakeFirstOrThrow();
      const row = {
        id,
        site_id: siteId,
        customer_id: site.customer_id,
        tier,
        password_sealed,
        made_at: clock.now(),
        destroyed_at: null,
        removed_at: null,
        removal_tried_at: null,
      };
      await tx
        .insertInto('tier_keys')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
    const made = await this.#forReading(siteId, tier);
    // Also a site whose key was destroyed gets none again: its erasure was promised.
    if (made === undefined) throw gone('tiers.erased');
    return made;
  }

  /** @returns how many sites' keys were destroyed since then */
  async destroyedSince(tx: Tx, at: number): Promise<number> {
    const rows = await tx.selectFrom('tier_keys').select('site_id').distinct().where('destroyed_at', '>=', at).execute();
    return rows.length;
  }

  /**
   * Destroys the keys of a site in all tiers, also of tiers that it has nothing in: nothing is kept of it any more. From then on the rows
   * say what is to be removed there (removals.ts).
   */
  async destroy(tx: Tx, { id: siteId, customerId }: { id: string; customerId: string }): Promise<void> {
    const destroyed_at = this.#parts.clock.now();
    const gone = { password_sealed: null, destroyed_at, removed_at: null, removal_tried_at: null };
    for (const tier of ['short-term', 'long-term'] as const) {
      const row = { id: newId(destroyed_at), site_id: siteId, customer_id: customerId, tier, made_at: destroyed_at };
      await tx
        .insertInto('tier_keys')
        .values({ ...row, ...gone })
        .onConflict((conflict) => conflict.columns(['site_id', 'tier']).doUpdateSet(gone))
        .execute();
    }
  }
}
