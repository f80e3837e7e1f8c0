// The door of the dashboard: is my site up, is my backup good, am I near a limit? Composed from other doors, without SQL of its own.
import type { Audit } from '../audit/audit.ts';
import type { BackupCard, BackupDay, Backups } from '../backups/backups.ts';
import type { Files } from '../files/files.ts';
import type { Choices } from '../options.ts';
import type { Order, Orders, Plan } from '../orders/orders.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type Activity, activityOf, told } from './activity.ts';
import { type Usage, usageOf } from './usage.ts';

/** A card reads for itself: what could not be read is said there, and the others stand. */
export type Read<T> = { readonly value: T; readonly failed?: false } | { readonly failed: true; readonly value?: undefined };

export type BackupPart = BackupCard & {
  /** oldest first */
  readonly days: readonly BackupDay[];
  /** backups by hand that are left today */
  readonly left: number;
};

/** Something that really is to be done. */
export type Task = 'preparing' | 'upload' | 'download';

export type SiteOverview = {
  readonly site: Site;
  readonly order: Read<{ order: Order; plan: Plan }>;
  /** undefined: this panel makes no backups */
  readonly backup: Read<BackupPart> | undefined;
  readonly tasks: Read<readonly Task[]>;
  readonly usage: Usage;
};

export type Overview = { readonly sites: readonly SiteOverview[]; readonly activity: Read<readonly Activity[]> };

export type DashboardParts = {
  readonly sites: Sites;
  readonly orders: Orders;
  readonly files: Files;
  readonly backups: Backups;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly choices: Pick<Choices, 'features'>;
};

const bandDays = 14;
const activityRows = 5;
/** Rows that are looked at to find those five: some are of other sites. */
const activityReach = 20;
/** A copy of one's own this old is worth a reminder. */
const downloadDays = 30;

export class Dashboard {
  readonly #parts: DashboardParts;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
  }

  /** @returns all sites of the customer, oldest first, and what happened lately */
  async ofCustomer(customerId: string, { mayChange }: { mayChange: boolean }): Promise<Overview> {
    const sites = await this.#parts.sites.forCustomer(customerId);
    return this.#overview(customerId, sites, mayChange);
  }

  /** The same for one site. */
  ofSite(site: Site, { mayChange }: { mayChange: boolean }): Promise<Overview> {
    return this.#overview(site.customerId, [site], mayChange);
  }

  async #overview(customerId: string, sites: readonly Site[], mayChange: boolean): Promise<Overview> {
    const [overviews, activity] = await Promise.all([
      Promise.all(sites.map((site) => this.#site(site, mayChange))),
      this.#read('activity', () => this.#activity(customerId, sites)),
    ]);
    return { sites: overviews, activity };
  }

  async #site(site: Site, mayChange: boolean): Promise<SiteOverview> {
    const makesBackups = this.#parts.choices.features.includes('backups');
    const [order, backup] = await Promise.all([
      this.#read('order', () => this.#order(site)),
      makesBackups ? this.#read('backup', () => this.#backup(site)) : undefined,
    ]);
    const tasks = await this.#read('tasks', () => this.#tasks(site, mayChange, backup?.value));
    return { site, order, backup, tasks, usage: usageOf(site) };
  }

  async #read<T>(card: string, read: () => Promise<T>): Promise<Read<T>> {
    try {
      return { value: await read() };
    } catch (error) {
      this.#parts.log.warn({ card, err: error }, 'a card of the dashboard could not be read');
      return { failed: true };
    }
  }

  async #order(site: Site): Promise<{ order: Order; plan: Plan }> {
    const order = await this.#parts.orders.byId(site.orderId);
    return { order, plan: await this.#parts.orders.plan(order.plan) };
  }

  async #backup(site: Site): Promise<BackupPart> {
    const { backups } = this.#parts;
    const [card, days, { left }] = await Promise.all([backups.card(site), backups.band(site, bandDays), backups.allowance(site)]);
    return { ...card, days, left };
  }

  async #tasks(site: Site, mayChange: boolean, backup: BackupPart | undefined): Promise<Task[]> {
    if (site.openedAt === null) return ['preparing'];
    const { files, audit, clock, choices } = this.#parts;
    const tasks: Task[] = [];
    const mayUpload = mayChange && choices.features.includes('files');
    if (mayUpload && site.usedFiles === 0 && !(await files.hasUploads(site))) tasks.push('upload');
    if (!backup?.latest) return tasks;
    const since = clock.now() - downloadDays * day;
    const downloadedAt = await audit.lastAt(site.customerId, { siteId: site.id, action: 'backups.downloaded', since });
    // An empty site has nothing worth carrying away yet.
    if (downloadedAt === undefined && !tasks.includes('upload')) tasks.push('download');
    return tasks;
  }

  async #activity(customerId: string, sites: readonly Site[]): Promise<Activity[]> {
    const names = new Map(sites.map(({ id, name }) => [id, name]));
    const rows = await this.#parts.audit.recent(customerId, activityReach, told);
    const activities = rows.map((row) => activityOf(row, names)).filter((activity) => activity !== undefined);
    return activities.slice(0, activityRows);
  }
}
