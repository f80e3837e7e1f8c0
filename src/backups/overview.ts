// What pages show of backups: lists, days, the dashboard's card and the band of the whole service.
import { localDay, localTime, minute } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { type BackupDay, dayOf } from './calendar.ts';
import { lastDays, nextDaily, plusDays } from './days.ts';
import { type FreshnessLevel, freshness } from './freshness.ts';
import { type Backup, isFailed, isOpen } from './states.ts';
import type { BackupStore } from './store.ts';

/** What the dashboard needs of a site's backups. */
export type BackupCard = {
  /** the last good one: read back, its archive there */
  readonly latest: Backup | undefined;
  /** since the moment whose data the last good one holds */
  readonly ageMilliseconds: number | undefined;
  readonly level: FreshnessLevel;
  /** waits, is being made, or waits to be checked */
  readonly running: Backup | undefined;
  /** the newest outcome, where that is a failure */
  readonly failed: Backup | undefined;
  /** when the next nightly backup begins, epoch milliseconds */
  readonly next: number;
};

export type ServiceDay = { readonly day: string; readonly total: number; readonly verified: number };

export type BackupList = {
  readonly backups: readonly Backup[];
  readonly page: number;
  readonly pages: number;
  readonly total: number;
};

const listLength = 30;
/** Rows that are looked at to find what runs and what came of the last ones. */
const recentLength = 10;

export class Overview {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  #service: { until: number; key: string; days: readonly ServiceDay[] } | undefined;

  constructor(parts: BackupsParts, store: BackupStore) {
    this.#parts = parts;
    this.#store = store;
  }

  today(): string {
    return localDay(this.#parts.clock.now(), this.#parts.choices.timeZone);
  }

  async list(site: Site, page: number): Promise<BackupList> {
    const total = await this.#store.count(site);
    const pages = Math.max(1, Math.ceil(total / listLength));
    if (!(Number.isInteger(page) && page >= 1 && page <= pages)) throw notFound();
    return { backups: await this.#store.page(site, (page - 1) * listLength, listLength), page, pages, total };
  }

  async days(site: Site, days: readonly string[]): Promise<BackupDay[]> {
    const backups = await this.#store.between(site, days[0] ?? '', days.at(-1) ?? '');
    const expected = { first: this.#firstNight(site), today: this.today() };
    return days.map((day) =>
      dayOf(
        day,
        backups.filter((backup) => backup.day === day),
        expected,
      ),
    );
  }

  /** The first day on which the site was there when its nightly backup was due. */
  #firstNight({ openedAt }: Site): string {
    const { timeZone, backupAt } = this.#parts.choices;
    if (openedAt === null) return '9999-12-31';
    const opened = localDay(openedAt, timeZone);
    return localTime(openedAt, timeZone) < backupAt ? opened : plusDays(opened, 1);
  }

  async service(count: number): Promise<readonly ServiceDay[]> {
    const now = this.#parts.clock.now();
    const days = lastDays(this.today(), count);
    const [first = '', last = ''] = [days[0], days.at(-1)];
    const key = `${first} ${last}`;
    // The home page asks for it at every visit, and a minute changes nothing.
    if (this.#service?.key === key && now < this.#service.until) return this.#service.days;
    const found = new Map((await this.#store.nightlyByDay(first, last)).map((one) => [one.day, one]));
    const counted = days.map((day) => found.get(day) ?? { day, total: 0, verified: 0 });
    this.#service = { until: now + minute, key, days: counted };
    return counted;
  }

  async card(site: Site): Promise<BackupCard> {
    const { clock, choices } = this.#parts;
    const now = clock.now();
    const [latest] = await this.#store.good(site, 1);
    const recent = await this.#store.page(site, 0, recentLength);
    const running = recent.find((backup) => isOpen(backup) || backup.state === 'made');
    const newest = recent.find((backup) => !isOpen(backup));
    const failed = newest && isFailed(newest) ? newest : undefined;
    const { level, ageMilliseconds } = freshness(latest, recent, { openedAt: site.openedAt, now });
    return { latest, ageMilliseconds, level, running, failed, next: nextDaily(now, choices.backupAt, choices.timeZone) };
  }
}
