// What pages show of backups: lists, days, the dashboard's card and the band of the whole service.
import { LocalTime, minute } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { type BackupDay, dayOf } from './calendar.ts';
import { lastDays, nextDaily, plusDays } from './days.ts';
import { type FreshnessLevel, freshness } from './freshness.ts';
import { type Backup, cancelled, countsByHand, isAside, isFailed, isGood, isOpen } from './states.ts';
import type { BackupStore } from './store.ts';

/** What the dashboard needs of a site's backups, read at once. */
export type BackupCard = {
  /** the last fourteen, oldest first, today included */
  readonly days: readonly BackupDay[];
  /** of today that a person asked for and that did not fail */
  readonly madeByHand: number;
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
const cardDays = 14;
/** Rows that are looked at where the days of the card hold no outcome: of a site that was closed for weeks. */
const recentLength = 10;

export class Overview {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #local: LocalTime;
  #nextNight: { from: number; at: number } | undefined;
  #service: { until: number; key: string; days: readonly ServiceDay[] } | undefined;

  constructor(parts: BackupsParts, store: BackupStore) {
    this.#parts = parts;
    this.#store = store;
    this.#local = new LocalTime(parts.choices.timeZone);
  }

  today(): string {
    return this.#local.day(this.#parts.clock.now());
  }

  async list(site: Site, page: number): Promise<BackupList> {
    const total = await this.#store.count(site);
    const pages = Math.max(1, Math.ceil(total / listLength));
    if (!(Number.isInteger(page) && page >= 1 && page <= pages)) throw notFound();
    return { backups: await this.#store.page(site, (page - 1) * listLength, listLength), page, pages, total };
  }

  async days(site: Site, days: readonly string[]): Promise<BackupDay[]> {
    return this.#daysOf(site, days, await this.#store.between(site, days[0] ?? '', days.at(-1) ?? ''));
  }

  #daysOf(site: Site, days: readonly string[], backups: readonly Backup[]): BackupDay[] {
    const expected = { first: this.#firstNight(site), today: this.today() };
    return days.map((day) =>
      dayOf(
        day,
        backups.filter((backup) => backup.day === day && isOfADay(backup)),
        expected,
      ),
    );
  }

  /** The first day on which the site was there when its nightly backup was due. */
  #firstNight({ openedAt }: Site): string {
    if (openedAt === null) return '9999-12-31';
    const opened = this.#local.day(openedAt);
    return this.#local.time(openedAt) < this.#parts.choices.backupAt ? opened : plusDays(opened, 1);
  }

  async service(count: number): Promise<readonly ServiceDay[]> {
    const now = this.#parts.clock.now();
    const today = this.today();
    const key = `${today} ${count}`;
    // The home page asks for it at every visit, and a minute changes nothing.
    if (this.#service?.key === key && now < this.#service.until) return this.#service.days;
    const days = lastDays(today, count);
    const found = new Map((await this.#store.nightlyByDay(days[0] ?? '', today)).map((one) => [one.day, one]));
    const counted = days.map((day) => found.get(day) ?? { day, total: 0, verified: 0 });
    this.#service = { until: now + minute, key, days: counted };
    return counted;
  }

  async card(site: Site): Promise<BackupCard> {
    const now = this.#parts.clock.now();
    const today = this.today();
    const days = lastDays(today, cardDays);
    const all = await this.#store.between(site, days[0] ?? '', today);
    const shown = all.filter(isOfADay);
    const recent = shown.every(isOpen) ? (await this.#store.page(site, 0, recentLength)).filter(isOfADay) : shown.toReversed();
    const latest = newestGood(shown) ?? (await this.#store.good(site, 1))[0];
    const running = recent.find((backup) => isOpen(backup) || backup.state === 'made');
    const newest = recent.find((backup) => !isOpen(backup));
    const failed = newest && isFailed(newest) ? newest : undefined;
    const { level, ageMilliseconds } = freshness(latest, recent, { openedAt: site.openedAt, now });
    const madeByHand = all.filter((backup) => backup.day === today && countsByHand(backup)).length;
    const outcome = { latest, ageMilliseconds, level, running, failed };
    return { days: this.#daysOf(site, days, shown), madeByHand, ...outcome, next: this.#next(now) };
  }

  /** Looked up again when the moment has come, or the clock was set back. */
  #next(now: number): number {
    const known = this.#nextNight;
    if (known && known.from <= now && now < known.at) return known.at;
    const { backupAt, timeZone } = this.#parts.choices;
    const at = nextDaily(now, backupAt, timeZone);
    this.#nextNight = { from: now, at };
    return at;
  }
}

/** What says something of a day: neither what stands aside, nor what somebody stopped. */
const isOfADay = (backup: Backup) => !isAside(backup) && backup.reason !== cancelled;

/** By the age of their data, and the later one of two of the same moment. */
function newestGood(backups: readonly Backup[]): Backup | undefined {
  return backups.filter(isGood).reduce<Backup | undefined>((best, one) => {
    return best === undefined || (one.dataAt ?? 0) >= (best.dataAt ?? 0) ? one : best;
  }, undefined);
}
