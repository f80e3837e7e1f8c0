// The door of the dashboard: is my site up, is my backup good, am I near a limit? Composed from other doors, without SQL of its own.
import type { Audit, AuditRow } from '../audit/audit.ts';
import type { BackupCard, Backups } from '../backups/backups.ts';
import type { Files } from '../files/files.ts';
import type { Incoming } from '../incoming/incoming.ts';
import type { Moves } from '../moves/moves.ts';
import type { Choices } from '../options.ts';
import type { Order, Orders, Plan } from '../orders/orders.ts';
import type { People } from '../people/people.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { Tiers, TierView } from '../tiers/tiers.ts';
import { type Activity, activityOf, told } from './activity.ts';
import { amberPercent, type Usage, usageOf } from './usage.ts';

/** A card reads for itself: what could not be read is said there, and the others stand. */
export type Read<T> = { readonly value: T; readonly failed?: false } | { readonly failed: true; readonly value?: undefined };

export type BackupPart = BackupCard & {
  /** backups by hand that are left today */
  readonly left: number;
  /** what the tiers have of the site; undefined: this panel keeps none, or they could not be read */
  readonly tiers?: readonly TierView[];
};

/** Something that really is to be done. */
export type Task = 'preparing' | 'suspicious' | 'room' | 'protect' | 'upload' | 'download';

export type SiteOverview = {
  readonly site: Site;
  readonly order: Read<{ order: Order; plan: Plan }>;
  /** undefined: this panel makes no backups */
  readonly backup: Read<BackupPart> | undefined;
  readonly tasks: Read<readonly Task[]>;
  readonly usage: Usage;
  /** whether it is moving to another server, or has moved lately */
  readonly move: Read<Awaited<ReturnType<Moves['newsOf']>>>;
};

export type Overview = { readonly sites: readonly SiteOverview[]; readonly activity: Read<readonly Activity[]> };

export type DashboardParts = {
  readonly sites: Sites;
  readonly orders: Orders;
  readonly files: Files;
  readonly incoming: Incoming;
  readonly backups: Backups;
  readonly tiers: Pick<Tiers, 'of' | 'areReady' | 'longTermIsFar'>;
  readonly moves: Pick<Moves, 'newsOf'>;
  readonly audit: Audit;
  readonly people: People;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly choices: Pick<Choices, 'features'>;
};

const activityRows = 5;
/** Rows that are looked at to find those five: some are of other sites. */
const activityReach = 20;
/** A copy of one's own this old is worth a reminder. */
const downloadDays = 30;

/** What a customer sees first. A card that cannot be read fails alone; only without the list of sites there is no page (PanelError 503). */
export class Dashboard {
  readonly #parts: DashboardParts;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
  }

  /** @returns all sites that the member's place is for, oldest first, and what happened lately */
  async ofMember(person: SignedIn, { mayChange }: { mayChange: boolean }): Promise<Overview> {
    return this.#overview(person, await this.#parts.sites.forMember(person), mayChange);
  }

  /** The same for one site. */
  ofSite(person: SignedIn, site: Site, { mayChange }: { mayChange: boolean }): Promise<Overview> {
    return this.#overview(person, [site], mayChange);
  }

  async #overview(person: SignedIn, sites: readonly Site[], mayChange: boolean): Promise<Overview> {
    const [overviews, activity] = await Promise.all([
      Promise.all(sites.map((site) => this.#site(site, mayChange))),
      this.#read('activity', () => this.#activity(person, sites)),
    ]);
    return { sites: overviews, activity };
  }

  async #site(site: Site, mayChange: boolean): Promise<SiteOverview> {
    const makesBackups = this.#parts.choices.features.includes('backups');
    const order = await this.#read('order', () => this.#order(site));
    const backup = makesBackups ? await this.#read('backup', () => this.#backup(site, order.value?.order)) : undefined;
    const tasks = await this.#read('tasks', () => this.#tasks(site, mayChange, backup?.value));
    const move = await this.#read('move', () => this.#parts.moves.newsOf(site));
    return { site, order, backup, tasks, usage: usageOf(site), move };
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

  /** Without the order nobody knows how many may be made, and none is offered. */
  async #backup(site: Site, order: Order | undefined): Promise<BackupPart> {
    const card = await this.#parts.backups.card(site);
    const tiers = await this.#read('tiers', () => this.#parts.tiers.of(site));
    const left = Math.max(0, (order?.manualBackups ?? 0) - card.madeByHand);
    return { ...card, left, ...(tiers.value && tiers.value.length > 0 && { tiers: tiers.value }) };
  }

  async #tasks(site: Site, mayChange: boolean, backup: BackupPart | undefined): Promise<Task[]> {
    if (site.openedAt === null) return ['preparing'];
    const { files, incoming, audit, clock, choices } = this.#parts;
    const tasks: Task[] = [];
    const looksAtFiles = choices.features.includes('files') || choices.features.includes('ftp');
    if (looksAtFiles && (await incoming.open(site)) > 0) tasks.push('suspicious');
    if (usageOf(site).percent >= amberPercent) tasks.push('room');
    if (looksAtFiles && mayChange && (await incoming.protection.waiting(site)) > 0) tasks.push('protect');
    const mayUpload = mayChange && choices.features.includes('files');
    if (mayUpload && site.usedFiles === 0 && !(await files.hasUploads(site))) tasks.push('upload');
    if (!backup?.latest) return tasks;
    const since = clock.now() - downloadDays * day;
    const downloadedAt = await audit.lastAt(site.customerId, { siteId: site.id, action: 'backups.downloaded', since });
    // An empty site has nothing worth carrying away yet.
    if (downloadedAt === undefined && !tasks.includes('upload')) tasks.push('download');
    return tasks;
  }

  /** Who only has a place here sees their sites and themselves, not the owner's sign-ins. Names are told once there is more than one. */
  async #activity({ customerId, personId, role }: SignedIn, sites: readonly Site[]): Promise<Activity[]> {
    const { audit, people } = this.#parts;
    const names = new Map(sites.map(({ id, name }) => [id, name]));
    const [rows, called] = await Promise.all([audit.recent(customerId, activityReach, told), people.history.called(customerId)]);
    const own = (row: AuditRow) => role === 'owner' || row.siteId !== null || row.personId === personId;
    const activities = rows.filter(own).flatMap((row) => {
      const who = row.personId === null ? undefined : called?.get(row.personId);
      const activity = activityOf(row, names);
      return activity ? [{ ...activity, ...(who !== undefined && { who }) }] : [];
    });
    return activities.slice(0, activityRows);
  }
}
