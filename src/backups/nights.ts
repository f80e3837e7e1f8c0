// The nights of all sites: who is whose turn in the window, how many at once, and what becomes of those whose turn did not come.
import { hour } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { nextDaily } from './days.ts';
import type { Failures } from './failures.ts';
import type { Keeping } from './keeping.ts';
import { type Candidate, nightOrder } from './night-order.ts';
import { type NightReport, nightReport } from './night-report.ts';
import { type NightStore, noPlace } from './night-store.ts';
import type { Backup } from './states.ts';
import type { BackupStore } from './store.ts';

const sitesAtOnce = 200;
const rowsAtOnce = 100;

type Rooms = {
  readonly store: BackupStore;
  readonly nightStore: NightStore;
  readonly keeping: Keeping;
  readonly failures: Failures;
};

/** What becomes of a backup that somebody wants to begin. `over`: its night is. `later`: too many are under way, or one of the same site. */
export type Verdict = 'begin' | 'later' | 'over';

export class Nights {
  readonly #parts: BackupsParts;
  readonly #rooms: Rooms;
  /** Later sites of a day that is begun were opened after it was due, so there is nothing left to find. */
  #plannedDay = '';

  constructor(parts: BackupsParts, rooms: Rooms) {
    this.#parts = parts;
    this.#rooms = rooms;
  }

  /**
   * One nightly row for each open site, in the order of their turns; asked every minute, it then only gives out the places that are free
   * and, once the window is over, writes down whose turn did not come (*missing*). Rows whose work was lost for 26 hours become *missing*
   * (never begun) or *failed*.
   * @param day local day, `YYYY-MM-DD`
   * @param dueAt epoch milliseconds; sites opened later wait for the next night
   */
  async keep(day: string, dueAt: number): Promise<void> {
    if (this.#plannedDay !== day) {
      await this.#rooms.keeping.closeAbandoned();
      await this.#plan(day, dueAt);
      this.#plannedDay = day;
    }
    await this.#reopenAhead();
    await this.#closeOver();
    await this.feed();
  }

  /** The clock was set back into a night that was thought over. */
  async #reopenAhead(): Promise<void> {
    const { connection, clock } = this.#parts;
    const { nightStore: nights } = this.#rooms;
    const now = clock.now();
    for (const { day } of await nights.closedAhead(now)) await connection.write((tx) => nights.reopen(tx, day, now));
  }

  async #plan(day: string, dueAt: number): Promise<void> {
    const { connection, choices } = this.#parts;
    const { nightStore: nights } = this.#rooms;
    // Without an end of its own a night ends when the next one begins; an hour more or less where clocks are changed does no harm.
    const until = choices.backupUntil;
    const ends_at = until === undefined ? dueAt + 24 * hour : nextDaily(dueAt, until, choices.timeZone);
    await connection.write((tx) => nights.begin(tx, { day, due_at: dueAt, ends_at }));
    const inTurn = nightOrder(await this.#candidates(day, dueAt), dueAt);
    for (let from = 0; from < inTurn.length; from += rowsAtOnce) {
      const some = inTurn.slice(from, from + rowsAtOnce);
      await connection.write(async (tx) => {
        for (const [index, one] of some.entries()) await this.#addRow(tx, one, day, from + index);
      });
    }
  }

  /** Open sites that have no backup of this night yet. */
  async #candidates(day: string, dueAt: number): Promise<Candidate[]> {
    const { sites, clock } = this.#parts;
    const { store, nightStore: nights } = this.#rooms;
    const all: Candidate[] = [];
    for (let after = ''; ; ) {
      const page = await sites.openSites(after, sitesAtOnce);
      const last = page.at(-1);
      if (!last) return all;
      after = last.id;
      const due = page.filter(({ openedAt }) => openedAt !== null && openedAt < dueAt);
      const begun = await store.sitesWithNightly(
        due.map(({ id }) => id),
        day,
      );
      const missing = due.filter(({ id }) => !begun.has(id));
      const chances = await nights.chances(
        missing.map(({ id }) => id),
        clock.now(),
      );
      for (const { id: siteId, customerId } of missing)
        all.push({ siteId, customerId, ...(chances.get(siteId) ?? { goodAt: null, triedAt: null }) });
    }
  }

  /** The unique row of site and day makes a night once-only, also with several workers. */
  async #addRow(tx: Tx, { siteId, customerId }: Candidate, day: string, place: number): Promise<void> {
    const now = this.#parts.clock.now();
    const row = { id: newId(now), site_id: siteId, customer_id: customerId, actor_person_id: null, kind: 'nightly' } as const;
    await this.#rooms.store.add(tx, { ...row, day, queued_at: now, place });
  }

  /** For the operator: the window, how the last nights went, and at that pace how long the next one takes. */
  report(): Promise<NightReport> {
    return nightReport(this.#parts);
  }

  /** Gives the free places of the night that is open to those whose turn it is. Asked after each backup that ended, and every minute. */
  async feed(): Promise<void> {
    const { connection, clock, queue } = this.#parts;
    const { nightStore: nights } = this.#rooms;
    if (!(await nights.isAnyWaiting())) return;
    const now = clock.now();
    await connection.write(async (tx) => {
      const night = await nights.take(tx, now);
      if (!night) return;
      const places = await this.#places(tx, '', now, await nights.handed(tx, now));
      for (let free = places.free(); free > 0; free = places.free()) {
        const next = await nights.next(tx, night.day, places.full(), free);
        if (next.length === 0) return;
        for (const { id, customerId, serverId } of next) {
          if (!places.take(serverId)) continue;
          await nights.hand(tx, id, now);
          const payload = { backupId: id, customerId, actorPersonId: null };
          await queue.add(tx, 'backups.make', payload, { key: `backups.make:${id}`, lane: 'long' });
        }
      }
    });
  }

  async #places(tx: Tx, besides: string, now: number, handed?: Map<string, number>): Promise<Places> {
    const { backupsAtOnce, backupsPerServer } = this.#parts.choices;
    const places = new Places(backupsAtOnce, backupsPerServer);
    for (const counts of [await this.#rooms.nightStore.running(tx, besides, now), handed ?? []])
      for (const [server, count] of counts) places.add(server, count);
    return places;
  }

  /**
   * In the transaction that begins a backup: whether it may. Those that are under way are counted one after the other, so neither limit is
   * passed, whatever was tried again or given out. What was begun before its window ended, and was cut off, may go on.
   */
  async judge(tx: Tx, backup: Backup, site: Site): Promise<Verdict> {
    const { clock } = this.#parts;
    const { nightStore: nights } = this.#rooms;
    // What is there before a restore is kept at once, whoever else reads the site.
    if (backup.kind === 'safety') return 'begin';
    const now = clock.now();
    if (backup.isInOrder) {
      const night = await nights.takeDay(tx, backup.day, now);
      const isNew = backup.startedAt === null || backup.reason !== null;
      if (night && isNew && (now >= night.ends_at || night.closed_at !== null)) return 'over';
      const places = await this.#places(tx, backup.id, now);
      if (!places.take(site.serverId)) return 'later';
    }
    return (await nights.isBusy(tx, backup, now)) ? 'later' : 'begin';
  }

  /** Nights that are over: each site that found no place in one is told so, and is among the first of the next. */
  async #closeOver(): Promise<void> {
    const { connection, clock, log } = this.#parts;
    const { nightStore: nights } = this.#rooms;
    for (const { day, due_at } of await nights.over(clock.now())) {
      // A night of a clock that was days ahead is nobody's loss.
      const untold = due_at > clock.now();
      while (await this.#someMissed(await nights.left(day, rowsAtOnce), untold));
      const leftOver = await connection.write((tx) => nights.close(tx, day, clock.now()));
      if (leftOver > 0) log.warn({ night: day, leftOver }, 'sites found no place in the window of backups');
    }
  }

  /** @returns whether any of them could be written down: of the others nobody makes an end before a day has passed */
  async #someMissed(ids: readonly string[], untold: boolean): Promise<boolean> {
    const { sites, log } = this.#parts;
    let some = false;
    for (const id of ids) {
      try {
        const backup = await this.#rooms.store.anyById(id);
        if (backup) await this.over(backup, await sites.byId(backup.siteId), untold);
        some = true;
      } catch (error) {
        log.warn({ backup: id, err: error }, 'that a backup found no place could not be noted');
      }
    }
    return some;
  }

  /** Writes down that a backup did not begin before its night was over, or failed in it and was not tried again. */
  async over(backup: Backup, site: Site, untold = false): Promise<void> {
    const { failures } = this.#rooms;
    if (backup.reason !== null) return failures.record(backup, site, { state: 'failed', reason: backup.reason, untold });
    await failures.record(backup, site, { state: 'missing', reason: noPlace, untold });
  }
}

/** How many more may be under way, on all servers and on each. */
class Places {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  add(server: string, count: number): void {
    this.#taken.set(server, (this.#taken.get(server) ?? 0) + count);
    this.#all += count;
  }

  free(): number {
    return Math.max(0, this.#most - this.#all);
  }

  full(): string[] {
    return [...this.#taken].filter(([, count]) => count >= this.#mostOfOne).map(([server]) => server);
  }

  /** @returns false when there is no place */
  take(server: string): boolean {
    if (this.free() === 0 || (this.#taken.get(server) ?? 0) >= this.#mostOfOne) return false;
    this.add(server, 1);
    return true;
  }
}
