// The door of sites: one document root and its databases, on a server, for an order.
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import { newId, newSiteName } from '../platform/ids.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { SiteHome, SiteHost } from '../platform/site-host/port.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import { type ActKind, FileAct } from './acts.ts';
import { Folders } from './folders.ts';
import { SiteStore } from './store.ts';

export type { FileAct, Room } from './acts.ts';
export { type Area, areaOf, type MarkedFolder } from './folders.ts';

export type Site = {
  readonly id: string;
  readonly name: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly serverId: string;
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

/** Who asks: the customer they act for, and the ids of the sites their place is for; null: every site. */
export type Member = { readonly customerId: string; readonly siteIds: readonly string[] | null };

export type SitesParts = {
  connection: Connection;
  queue: Queue;
  audit: Audit;
  clock: Clock;
  host: SiteHost;
  /** how long an act on files stays with a process that is no longer heard of */
  leaseMilliseconds: number;
};

/** Sites by customer: a stranger's site is PanelError 404, as if it did not exist. Usage is in bytes and counts `www/` only. */
export class Sites {
  /** which folders of a site are upload folders */
  readonly folders: Folders;
  readonly #parts: SitesParts;
  readonly #store: SiteStore;

  constructor(parts: SitesParts) {
    this.#parts = parts;
    this.folders = new Folders(parts);
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
        drained_at: null,
        host_kind: 'folders',
        host_command: null,
        ftp_host: null,
        ftp_port: null,
        checked_at: null,
        check_fault: null,
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

  /** @returns of those the ones that the member's place is for */
  async forMember({ customerId, siteIds }: Member): Promise<Site[]> {
    const all = await this.#store.forCustomer(customerId);
    return all.filter(({ id }) => siteIds === null || siteIds.includes(id));
  }

  /** @returns names by id, of sites that are terminated as well: for what happened there */
  namesOf(customerId: string): Promise<ReadonlyMap<string, string>> {
    return this.#store.namesOf(customerId);
  }

  /** @throws PanelError 404 when the customer has no such site, or the member's place is not for it */
  async find({ customerId, siteIds }: Member, name: string): Promise<Site> {
    const site = await this.#store.byName(customerId, name);
    if (!site || (siteIds !== null && !siteIds.includes(site.id))) throw notFound();
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

  /** @returns the files of one site; errors as promised by the port (404, 409, 503) */
  storageFor(site: Site): SiteStorage {
    return this.#parts.host.storageFor(site);
  }

  /** @returns where the site lies on its server, for FTP and the like; errors as promised by the port */
  homeOf(site: Site): Promise<SiteHome> {
    return this.#parts.host.homeOf(site);
  }

  /** What makes and removes the places of sites, for jobs that need more than files. */
  get host(): SiteHost {
    return this.#parts.host;
  }

  /** Has the site's files counted anew, in the transaction of the cause; one count waits at a time. */
  async queueCount(tx: Tx, { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    const later = runAt === undefined ? {} : { runAt };
    await this.#parts.queue.add(tx, 'sites.count', { siteId, customerId }, { key: `sites.count:${siteId}`, ...later });
  }

  /**
   * The job `sites.count`: counts the site's files and keeps the result for pages and quota. While files are changed, and when they
   * were changed meanwhile, nothing is kept and the count comes again a lease later.
   */
  async count(siteId: string): Promise<void> {
    const { connection, host, clock, leaseMilliseconds } = this.#parts;
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt === null || site.terminatedAt !== null) return;
    const changes = await this.#store.usageChanges(siteId);
    const usage = changes === undefined ? undefined : await host.usage(site);
    await connection.write(async (tx) => {
      const now = clock.now();
      const kept = usage && (await this.#store.setUsage(tx, siteId, { ...usage, changes: changes ?? 0, now }));
      if (!kept) await this.queueCount(tx, site, now + leaseMilliseconds);
    });
  }

  /** @returns an act on the site's files, which is announced before the first of them changes */
  act(site: Site, kind: ActKind, actor: Actor): FileAct {
    return new FileAct(site, { kind, actor }, this.#parts, this.#store);
  }

  /** Gives back what acts hold whose process died, writes down that they were cut off, and has their sites counted. */
  async recoverActs(): Promise<void> {
    const { clock, leaseMilliseconds } = this.#parts;
    const now = clock.now();
    for (const { id, siteId } of await this.#store.actsNotHeld(now, now + 10 * leaseMilliseconds)) await this.#giveUp(id, siteId);
  }

  async #giveUp(id: string, siteId: string): Promise<void> {
    const { connection, audit } = this.#parts;
    await connection.write(async (tx) => {
      const act = await this.#store.removeAct(tx, id);
      if (!act) return;
      await this.#store.release(tx, siteId, act.bytes, act.files);
      const { customer_id: customerId, kind } = act;
      const about = { actor: systemActor, customerId, siteId, subjectId: id };
      await audit.record(tx, { action: 'files.cutOff', ...about, details: { kind } });
      await this.queueCount(tx, { id: siteId, customerId });
    });
  }

  /** Takes the site's row until the end of the transaction, so that two acts at once are decided one after the other. */
  take(tx: Tx, siteId: string): Promise<void> {
    return this.#store.release(tx, siteId, 0, 0);
  }
}
