// The door of sites: one document root and its databases, on a server, for an order.
import type { Accounts } from '../accounts/accounts.ts';
import { type Actor, type Audit, type AuditEntry, systemActor } from '../audit/audit.ts';
import { type Clock, hour } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { newId, newSiteName } from '../platform/ids.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { SiteHome, SiteHost } from '../platform/site-host/port.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import { type ActKind, type ActParts, FileAct, recoverActs } from './acts.ts';
import { type AlsoCounted, Counting } from './counting.ts';
import { Folders } from './folders.ts';
import { Freezing } from './freezing.ts';
import { laterStorage } from './later-storage.ts';
import { Levels } from './levels.ts';
import { Presence } from './presence.ts';
import { type FtpServer, faultText, type Hosts, Servers } from './servers.ts';
import { isShut, type Member, type Site, type SuspensionReason } from './site.ts';
import { SiteStore } from './store.ts';
import { UsageStore } from './usage-store.ts';

export type { ActKind, FileAct, Room } from './acts.ts';
export { type Area, areaOf, type ClearingReason, clearingReasons, type MarkedFolder } from './folders.ts';
export { presets, type SiteProgram, sitePrograms } from './programs.ts';
export {
  type FtpServer,
  faultText,
  type Hosts,
  type NewServer,
  ownServer,
  type Reach,
  type Server,
  type Servers,
} from './servers.ts';
export { isShut, type Member, type Site, type SuspensionReason, suspensionReasons } from './site.ts';

/** What the door of sites stands on. */
export type SitesParts = {
  connection: Connection;
  queue: Queue;
  audit: Audit;
  clock: Clock;
  /** for letters to customers; without it, or without letters, there are none */
  readonly accounts?: Pick<Accounts, 'owner'>;
  /** for letters to the operator; without both of them there are none */
  readonly letters?: Pick<Letters, 'queue'>;
  readonly operatorEmail?: string | undefined;
  /** makes the sites of the server that every panel has */
  host: SiteHost;
  /** what makes the sites of any other; without it `host` does */
  readonly hosts?: Hosts | undefined;
  /** how long an act on files stays with a process that is no longer heard of */
  leaseMilliseconds: number;
};

/** Sites by customer: a stranger's site is PanelError 404, as if it did not exist. Usage is in bytes and counts `www/` and `trash/`. */
export class Sites {
  /** which folders of a site are upload folders */
  readonly folders: Folders;
  /** whether a site's files are there at all */
  readonly presence: Presence;
  /** for a site that moves to another server */
  readonly freezing: Freezing;
  readonly #parts: SitesParts;
  readonly #store: SiteStore;
  readonly #usage: UsageStore;
  readonly #counting: Counting;
  readonly #acts: ActParts;
  /** the servers that sites are on */
  readonly servers: Servers;

  constructor(parts: SitesParts) {
    this.#parts = parts;
    this.servers = new Servers(parts);
    this.folders = new Folders(parts);
    this.freezing = new Freezing(parts);
    this.#store = new SiteStore(parts.connection);
    this.#usage = new UsageStore(parts.connection);
    const levels = new Levels(parts, this.#usage);
    this.#acts = { ...parts, freezing: this.freezing, levels, sites: this.#store };
    this.presence = new Presence(parts.connection, this.servers, this.#store);
    this.#counting = new Counting({ ...parts, levels, servers: this.servers, presence: this.presence }, this.#store, this.#usage);
  }

  /**
   * Joins the caller's transaction: a site row "being prepared" and the job that opens it, on the server of the group `web` that has the
   * fewest and is not drained. An order gets one site: one that is there stays it. @throws PanelError 503 when every server is drained
   * @returns the site's name, drawn at random and never changed (architecture §6)
   */
  async prepare(tx: Tx, order: { id: string; customerId: string; storageBytes: number }, actor: Actor): Promise<string> {
    const known = await this.#store.nameUnder(tx, order.id);
    if (known !== undefined) return known;
    const now = this.#parts.clock.now();
    const site = { id: newId(now), name: newSiteName(), customerId: order.customerId };
    const serverId = await this.servers.forNewSite(tx);
    await this.#store.add(tx, { ...site, serverId, orderId: order.id, quotaBytes: order.storageBytes, now });
    await this.#queue(tx, 'sites.open', site);
    await this.#parts.audit.record(tx, { action: 'sites.prepared', actor, customerId: site.customerId, siteId: site.id });
    return site.name;
  }

  /** Joins the caller's transaction: the site goes on under another order. @throws PanelError 409 when it is another's, or too full for it */
  async goOnUnder(tx: Tx, site: Site, order: { id: string; storageBytes: number }): Promise<void> {
    if (!(await this.#store.setOrder(tx, site, order))) throw conflict('contracts.meanwhile');
  }

  #queue(
    tx: Tx,
    job: 'sites.open' | 'sites.enforce',
    { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>,
  ): Promise<void> {
    return this.#parts.queue.add(tx, job, { siteId, customerId }, { key: `${job}:${siteId}`, lane: 'short' });
  }

  /** The job `sites.open`: makes the place, then says so. May be repeated. */
  async open(siteId: string): Promise<void> {
    const { connection, audit, clock } = this.#parts;
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt !== null || site.terminatedAt !== null) return;
    await this.#atHost(site, (host) => host.open(site));
    await connection.write(async (tx) => {
      const opened = await this.#store.markOpened(tx, siteId, clock.now());
      if (!opened) return;
      await audit.record(tx, { action: 'sites.opened', actor: systemActor, customerId: site.customerId, siteId });
      // It was suspended while it was being made.
      if (opened.suspended_at !== null) await this.#queue(tx, 'sites.enforce', site);
    });
  }

  /** What the host fails at is kept for the operator, in the host's own words; the customer sees a site that is being prepared. */
  async #atHost(site: Site, act: (host: SiteHost) => Promise<void>): Promise<void> {
    const { connection } = this.#parts;
    try {
      const host = await this.servers.host(site.serverId);
      await act(host);
      const home = await host.homeOf({ ...site, home: null });
      await connection.write((tx) => this.#store.setHome(tx, site, home));
    } catch (error) {
      await connection.write((tx) =>
        this.#store.setHostFault(tx, { siteId: site.id, serverId: site.serverId }, faultText(error)),
      );
      throw error;
    }
  }

  /**
   * The site stops answering: the job `sites.enforce` takes it from the web, and whoever hangs on it follows there (jobs.ts).
   * Its files stay, and so do its backups.
   * @returns false when it was suspended before
   */
  suspend(site: Site, actor: Actor, reason: SuspensionReason): Promise<boolean> {
    return this.#setSuspended(site, this.#parts.clock.now(), { action: 'sites.suspended', actor, details: { reason } });
  }

  /** The site answers again, with the files it had. @returns false when it was not suspended */
  resume(site: Site, actor: Actor): Promise<boolean> {
    return this.#setSuspended(site, null, { action: 'sites.resumed', actor });
  }

  #setSuspended(site: Site, suspendedAt: number | null, entry: Pick<AuditEntry, 'action' | 'actor' | 'details'>) {
    const { connection, audit } = this.#parts;
    return connection.write(async (tx) => {
      if (!(await this.#store.setSuspended(tx, site.id, suspendedAt))) return false;
      await audit.record(tx, { ...entry, customerId: site.customerId, siteId: site.id });
      await this.#queue(tx, 'sites.enforce', site);
      return true;
    });
  }

  /**
   * The job `sites.enforce`: has the host do what the site's row says now, whatever it was when the job was added, and once more when
   * the row has changed meanwhile: of two workers that run it at once the later one must not bring back what was.
   * @returns the site as it was enforced, for others that follow; undefined for one that is not open or is gone
   */
  async enforce(siteId: string): Promise<Site | undefined> {
    const site = await this.#store.byId(siteId);
    if (!site || site.openedAt === null || site.terminatedAt !== null) return undefined;
    await this.#atHost(site, (host) => (isShut(site) ? host.suspend(site) : host.resume(site)));
    const after = await this.#store.byId(siteId);
    return after && isShut(after) === isShut(site) && after.serverId === site.serverId ? after : this.enforce(siteId);
  }

  /** Keeps for the operator what a door of the site failed at, so that `tryAgain` comes back to it. */
  async noteFault(siteId: string, error: unknown): Promise<void> {
    await this.#parts.connection.write((tx) => this.#store.setHostFault(tx, { siteId }, faultText(error)));
  }

  /** Has done again what a host failed at for so long that its job gave up: every hour, until it is done. */
  async tryAgain(): Promise<void> {
    const { connection, clock } = this.#parts;
    for (const site of await this.#store.unfinished(clock.now() - hour, 1000))
      await connection.write((tx) => this.#queue(tx, site.openedAt === null ? 'sites.open' : 'sites.enforce', site));
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
    return laterStorage(async () => (await this.servers.host(site.serverId)).storageFor(site));
  }

  /** @returns where the site lies on its server, for FTP and the like; errors as promised by the port */
  async homeOf(site: Site): Promise<SiteHome> {
    return (await this.servers.host(site.serverId)).homeOf(site);
  }

  /**
   * @returns what FTP programs are told of the site's server, and whether it is this machine; undefined for a server that is not there
   */
  async ftpServer({ serverId }: Pick<Site, 'serverId'>): Promise<FtpServer | undefined> {
    return this.#store.ftpServer(serverId);
  }

  /** Shows an archive of this machine in the customer's `backup/`, as the port of hosts says. */
  async showBackup(site: Site, archive: { name: string; from: string; checksum: string }): Promise<void> {
    await (await this.servers.host(site.serverId)).showBackup(site, archive.name, archive.from, archive.checksum);
  }

  /** Opens to the panel again what the site's own programs closed to everybody else: before a backup reads it. */
  async mend(site: Site): Promise<void> {
    await (await this.servers.host(site.serverId)).mend(site);
  }

  /** Has the site's files counted anew, in the transaction of the cause; one count waits at a time. */
  queueCount(tx: Tx, site: Pick<Site, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    return this.#counting.queue(tx, site, runAt);
  }

  /**
   * Counts the site's files for pages and quota. When they are changed meanwhile, the job `sites.count` comes again a lease later.
   * @param also what else is written with the result
   * @returns whether it was kept; errors: PanelError 503 when the site's server does not answer
   */
  count(siteId: string, also?: AlsoCounted): Promise<boolean> {
    return this.#counting.count(siteId, also);
  }

  /** @returns an act on the site's files, which is announced before the first of them changes */
  act(site: Site, kind: ActKind, actor: Actor): FileAct {
    return new FileAct(site, { kind, actor }, this.#acts, this.#usage);
  }

  /** Gives back what acts hold whose process died, writes down that they were cut off, and has their sites counted. */
  recoverActs(): Promise<void> {
    return recoverActs(this.#parts, this.#usage, (tx, site) => this.queueCount(tx, site));
  }

  /** As `take`, for what would change the site. @throws PanelError 409 while it is closed because it moves */
  async takeOpen(tx: Tx, siteId: string): Promise<void> {
    await this.take(tx, siteId);
    await this.freezing.refuse(tx, siteId);
  }

  /** Takes the site's row until the end of the transaction, so that two acts at once are decided one after the other. */
  async take(tx: Tx, siteId: string): Promise<void> {
    await this.#usage.release(tx, siteId, 0, 0);
  }
}
