// How much a site holds: counted for quota and pages, and what tells a site without files from one whose disk is not there.
import type { Clock } from '../platform/clock.ts';
import { minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { unavailable, whenMissing } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import { laterStorage } from './later-storage.ts';
import { faultText, type Servers } from './servers.ts';
import type { Site } from './site.ts';
import { SiteStore } from './store.ts';

export type CountingParts = {
  readonly connection: Connection;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly leaseMilliseconds: number;
};

/** Clocks of servers differ, and SFTP tells whole seconds. */
const slack = minute;

export class Counting {
  readonly #parts: CountingParts;
  readonly #servers: Servers;
  readonly #store: SiteStore;

  constructor(parts: CountingParts, servers: Servers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new SiteStore(parts.connection);
  }

  /** Has the site's files counted anew, in the transaction of the cause; one count waits at a time. */
  async queue(tx: Tx, { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    const later = runAt === undefined ? {} : { runAt };
    await this.#parts.queue.add(tx, 'sites.count', { siteId, customerId }, { key: `sites.count:${siteId}`, ...later });
  }

  /**
   * The job `sites.count`: counts the site's files and keeps the result for pages and quota. While files are changed, and when they
   * were changed meanwhile, nothing is kept and the count comes again a lease later.
   * @throws as `refuseVanished`; then the count of before stays
   */
  async count(siteId: string): Promise<void> {
    const { connection, clock, leaseMilliseconds } = this.#parts;
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt === null || site.terminatedAt !== null) return;
    const changes = await this.#store.usageChanges(siteId);
    const usage = changes === undefined ? undefined : await (await this.#servers.host(site.serverId)).usage(site);
    if (usage?.files === 0) await this.refuseVanished(site).catch((error) => this.#note(site, error));
    await connection.write(async (tx) => {
      const now = clock.now();
      const kept = usage && (await this.#store.setUsage(tx, siteId, { ...usage, changes: changes ?? 0, now }));
      if (!kept) await this.queue(tx, site, now + leaseMilliseconds);
    });
  }

  async #note(site: Site, error: unknown): Promise<never> {
    await this.#parts.connection.write((tx) => this.#store.setHostFault(tx, { siteId: site.id }, faultText(error)));
    throw error;
  }

  /** For whatever would remove another copy of the site. @throws PanelError 404 or 503 where its files cannot be seen, and as `refuseVanished` */
  async refuseUnreadable(site: Site): Promise<void> {
    await this.#storage(site).stat(['www']);
    await this.refuseVanished(site);
  }

  #storage(site: Site): SiteStorage {
    return laterStorage(async () => (await this.#servers.host(site.serverId)).storageFor(site));
  }

  /**
   * For whatever would believe that a site is empty. A folder whose files were deleted was changed by that; one that holds nothing and
   * was not changed since files were counted in it is another folder: its disk is not mounted, or it was put there by hand.
   * @throws PanelError 503 with what an operator can do as `code`, also when the folder is not there at all
   */
  async refuseVanished(site: Site): Promise<void> {
    const { usedFiles, countedAt, serverId, name } = site;
    if (usedFiles === 0 || countedAt === null) return;
    const storage = this.#storage(site);
    const changedAt = [await emptySince(storage, 'www'), await emptySince(storage, 'trash')];
    if (changedAt.some((at) => at === 'holds something')) return;
    const latest = Math.max(...changedAt.map(Number));
    if (latest + slack >= countedAt) return;
    const server = await this.#servers.byId(serverId);
    const code = `${name} had ${usedFiles} files on ${server.name} and has none, in folders that were not changed since: is the disk there? (if it is to be empty: touch its www)`;
    throw unavailable('error.storage', { code });
  }
}

/** @returns when the folder became empty, 0 for one that is not there */
async function emptySince(storage: SiteStorage, folder: string): Promise<number | 'holds something'> {
  const entry = await storage.stat([folder]).catch(whenMissing);
  if (!entry) return 0;
  const names = (await storage.names([folder]).catch(whenMissing)) ?? [];
  return names.length > 0 ? 'holds something' : entry.modifiedAt;
}
