// The door of usage: how full sites are, kept day by day and set right every night by a count of what is really there (KHADA 5.3).
import type { Backups } from '../backups/backups.ts';
import type { Databases } from '../databases/databases.ts';
import { type Clock, day as dayMilliseconds, LocalTime } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type LargeFolder, type UsageDay, UsageStore } from './store.ts';

export type { LargeFolder, UsageDay } from './store.ts';

export type UsageParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly sites: Sites;
  readonly databases: Pick<Databases, 'bytesOf'>;
  readonly backups: Pick<Backups, 'keptBytes'>;
  /** an IANA name: days are local */
  readonly timeZone: string;
};

/** More than a year, so that the same month of the year before can be looked at. */
export const keptDays = 400;
const together = 500;

/**
 * What acts change is counted with them (`Sites.act`); what comes past the panel, by FTP or by a site's own program, is found by the
 * count of each night, and by the one a minute after FTP told of something.
 */
export class Usage {
  readonly #parts: UsageParts;
  readonly #store: UsageStore;
  readonly #local: LocalTime;
  #begunFor = Number.NEGATIVE_INFINITY;

  constructor(parts: UsageParts) {
    this.#parts = parts;
    this.#store = new UsageStore(parts.connection);
    this.#local = new LocalTime(parts.timeZone);
  }

  /**
   * By the clock: the day's row of every open site, as it is known now, and the job that counts anew. Asked every minute, it does nothing
   * once a night is begun.
   * @param dueAt when it was last to begin, epoch milliseconds
   */
  async startNightly(dueAt: number): Promise<void> {
    if (this.#begunFor === dueAt) return;
    const { connection, queue, sites } = this.#parts;
    const day = this.#local.day(dueAt);
    for (let after = ''; ; ) {
      const some = await sites.openSites(after, together);
      const begun = await this.#store.begun(
        some.map(({ id }) => id),
        day,
      );
      for (const site of some.filter(({ id }) => !begun.has(id))) {
        const row = await this.#row(site, day);
        await connection.write(async (tx) => {
          if (!(await this.#store.begin(tx, row))) return;
          const payload = { siteId: site.id, customerId: site.customerId, day };
          await queue.add(tx, 'usage.measure', payload, { key: `usage.measure:${site.id}`, lane: 'long' });
        });
      }
      const last = some.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    this.#begunFor = dueAt;
  }

  async #row(site: Site, day: string) {
    const [database_bytes, backup_bytes] = await Promise.all([
      this.#parts.databases.bytesOf(site),
      this.#parts.backups.keptBytes(site),
    ]);
    const { id: site_id, customerId: customer_id, usedBytes: bytes, usedFiles: files, quotaBytes: quota_bytes } = site;
    return { site_id, day, customer_id, bytes, files, database_bytes, backup_bytes, quota_bytes, counted_at: null };
  }

  /**
   * The job `usage.measure`: counts the site anew and writes the result into the row of its day, unless that is over by now. May be
   * repeated. @throws PanelError 503 when the site's server does not answer; then the row stays as acts had kept it
   */
  async measure(siteId: string, day: string): Promise<void> {
    const { connection, clock, sites } = this.#parts;
    if (!(await this.count(siteId))) return;
    const site = await sites.byId(siteId).catch(whenMissing);
    if (!site || day !== this.#local.day(clock.now())) return;
    const row = { ...(await this.#row(site, day)), counted_at: site.countedAt };
    await connection.write((tx) => this.#store.set(tx, row));
  }

  /** The job `sites.count`: as `Sites.count`, and keeps which folders are the largest. */
  count(siteId: string): Promise<boolean> {
    return this.#parts.sites.count(siteId, (tx, site, { folders = [] }) => this.#store.setFolders(tx, site, folders));
  }

  /** @returns the rows of the last days that there are, oldest first. @param days how many, today included */
  days(site: Site, days: number): Promise<UsageDay[]> {
    return this.#store.since(site, this.#local.day(this.#parts.clock.now() - (days - 1) * dayMilliseconds));
  }

  /** @returns at most twenty folders, largest first, as the last count found them; none where the server does not tell */
  folders(site: Site): Promise<LargeFolder[]> {
    return this.#store.folders(site);
  }

  /** By the clock: forgets what is older than 400 days. */
  sweep(): Promise<void> {
    return this.#store.forgetBefore(this.#local.day(this.#parts.clock.now() - keptDays * dayMilliseconds));
  }
}
