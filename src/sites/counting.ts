// Counts what a site's files take, as its server says: what came past the panel is found so, and what the panel lost count of.
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Counted } from '../platform/site-host/port.ts';
import type { Levels } from './levels.ts';
import type { Presence } from './presence.ts';
import type { Servers } from './servers.ts';
import type { Site } from './site.ts';
import type { SiteStore } from './store.ts';
import type { UsageStore } from './usage-store.ts';

export type CountingParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly leaseMilliseconds: number;
  readonly levels: Levels;
  readonly servers: Pick<Servers, 'host'>;
  readonly presence: Presence;
};

/** What else is written with a count, in its transaction. */
export type AlsoCounted = (tx: Tx, site: Site, counted: Counted, now: number) => Promise<void>;

export class Counting {
  readonly #parts: CountingParts;
  readonly #store: SiteStore;
  readonly #usage: UsageStore;

  constructor(parts: CountingParts, store: SiteStore, usage: UsageStore) {
    this.#parts = parts;
    this.#store = store;
    this.#usage = usage;
  }

  async queue(tx: Tx, { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    const later = runAt === undefined ? {} : { runAt };
    await this.#parts.queue.add(tx, 'sites.count', { siteId, customerId }, { key: `sites.count:${siteId}`, ...later });
  }

  async count(siteId: string, also?: AlsoCounted): Promise<boolean> {
    const { connection, clock, leaseMilliseconds, levels, servers, presence } = this.#parts;
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt === null || site.terminatedAt !== null) return false;
    const changes = await this.#usage.usageChanges(siteId);
    const counted = changes === undefined ? undefined : await (await servers.host(site.serverId)).usage(site);
    if (counted?.files === 0) await presence.refuseCount(site);
    return connection.write(async (tx) => {
      const now = clock.now();
      const kept = counted && (await this.#usage.setUsage(tx, site, { ...counted, changes: changes ?? 0, now }));
      if (!kept) {
        await this.queue(tx, site, now + leaseMilliseconds);
        return false;
      }
      await levels.note(tx, kept);
      await also?.(tx, site, counted, now);
      return true;
    });
  }
}
