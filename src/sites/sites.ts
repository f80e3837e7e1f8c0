// The door of sites: one document root and its databases, on a server, for an order.
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import { newId, newSiteName } from '../platform/ids.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { SiteHost } from '../platform/site-host/port.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import { SiteStore } from './store.ts';

export type Site = {
  readonly id: string;
  readonly name: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly quotaBytes: number;
  readonly usedBytes: number;
  readonly usedFiles: number;
  readonly countedAt: number | null;
  readonly createdAt: number;
  /** null: being prepared */
  readonly openedAt: number | null;
  readonly suspendedAt: number | null;
  readonly terminatedAt: number | null;
};

export type SitesParts = { connection: Connection; queue: Queue; audit: Audit; clock: Clock; host: SiteHost };

export class Sites {
  readonly #parts: SitesParts;
  readonly #store: SiteStore;

  constructor(parts: SitesParts) {
    this.#parts = parts;
    this.#store = new SiteStore(parts.connection);
  }

  /** Makes sure that there is a server to put sites on; at start, without harm when repeated. */
  async prepareServer(name: string, storage: string): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#parts.connection.write((tx) =>
      this.#store.addServer(tx, {
        id: newId(now),
        name,
        server_group: 'web',
        address: '',
        storage,
        created_at: now,
        retired_at: null,
      }),
    );
  }

  /**
   * Joins the caller's transaction: a site row "being prepared" and the job that opens it. An order gets one site.
   * @returns the site's name, drawn at random and never changed (architecture §6)
   */
  async prepare(tx: Tx, order: { id: string; customerId: string; storageBytes: number }, actor: Actor): Promise<string> {
    const { clock, queue, audit } = this.#parts;
    const now = clock.now();
    const site = { id: newId(now), name: newSiteName(), customerId: order.customerId };
    await this.#store.add(tx, { ...site, orderId: order.id, quotaBytes: order.storageBytes, now });
    await queue.add(
      tx,
      'sites.open',
      { siteId: site.id, customerId: order.customerId },
      { key: `sites.open:${site.id}`, lane: 'short' },
    );
    await audit.record(tx, { action: 'sites.prepared', actor, customerId: order.customerId, siteId: site.id });
    return site.name;
  }

  /** The job `sites.open`: makes the place, then says so. May be repeated. */
  async open(siteId: string): Promise<void> {
    const { connection, host, audit, clock } = this.#parts;
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt !== null || site.terminatedAt !== null) return;
    await host.open(site);
    await connection.write(async (tx) => {
      const opened = await this.#store.markOpened(tx, siteId, clock.now());
      if (opened) await audit.record(tx, { action: 'sites.opened', actor: systemActor, customerId: site.customerId, siteId });
    });
  }

  /** @returns the customer's sites that are not terminated, oldest first */
  forCustomer(customerId: string): Promise<Site[]> {
    return this.#store.forCustomer(customerId);
  }

  /** @throws PanelError 404 when the customer has no such site */
  async find(customerId: string, name: string): Promise<Site> {
    const site = await this.#store.byName(customerId, name);
    if (!site) throw notFound();
    return site;
  }

  /** For jobs: by id, whoever it belongs to. @throws PanelError 404 */
  async byId(siteId: string): Promise<Site> {
    const site = await this.#store.byId(siteId);
    if (!site) throw notFound();
    return site;
  }

  /** For the operator at a terminal: by name, whoever it belongs to. @throws PanelError 404 */
  async byName(name: string): Promise<Site> {
    const site = await this.#store.byName(undefined, name);
    if (!site) throw notFound();
    return site;
  }

  /** Every open site that is not terminated, for the nightly work: ids in pages, in the order of ids. */
  openSites(afterId: string, count: number): Promise<Site[]> {
    return this.#store.open(afterId, count);
  }

  storageFor(site: Site): SiteStorage {
    return this.#parts.host.storageFor(site);
  }

  get host(): SiteHost {
    return this.#parts.host;
  }

  /** Counts the site's files anew and keeps the result for pages and quota. */
  async count(site: Site): Promise<{ bytes: number; files: number }> {
    const usage = await this.#parts.host.usage(site);
    await this.#parts.connection.write((tx) => this.#store.setUsage(tx, site.id, usage, this.#parts.clock.now()));
    return usage;
  }

  /**
   * Takes room in the quota before bytes are published, in one statement, so that uploads side by side cannot pass it together.
   * @returns false when the quota does not hold `bytes` more; then nothing was taken
   */
  reserve(tx: Tx, siteId: string, bytes: number, files: number): Promise<boolean> {
    return this.#store.reserve(tx, siteId, bytes, files);
  }

  /** Gives room back (a deletion, or a reservation that was not used). Never below zero. */
  release(tx: Tx, siteId: string, bytes: number, files: number): Promise<void> {
    return this.#store.release(tx, siteId, bytes, files);
  }
}
