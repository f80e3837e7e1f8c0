// The injected clock: times are epoch milliseconds everywhere, a local day is text in the configured zone.
import { setTimeout as sleep } from 'node:timers/promises';

/** Where every time comes from, so that tests can stop it and a jump of the system's clock can be lived through. */
export interface Clock {
  /** Now, in epoch milliseconds. */
  now(): number;
  /** Milliseconds that only grow, for waits and time limits; a stopped clock's runs on. */
  monotonic(): number;
  /** Waits for a moment of `monotonic()`: answers of one moment do not tell by their time what was found out. */
  until(moment: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // Timers know whole milliseconds, and cut off what is more.
  until: (moment) => sleep(Math.ceil(Math.max(0, moment - performance.now()))),
};

/** A clock that stands still until a test moves it. */
export class StoppedClock implements Clock {
  #now: number;
  #skipped = 0;

  constructor(start: number | string = '2026-11-22T00:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start);
  }

  /** The moment it was set to, in epoch milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Runs on, and is ahead by every wait that was skipped. */
  monotonic(): number {
    return performance.now() + this.#skipped;
  }

  /** Nobody waits: the moment has come. */
  async until(moment: number): Promise<void> {
    this.#skipped += Math.max(0, moment - this.monotonic());
  }

  /** @param milliseconds may be negative: clocks of servers do jump back */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** Days and times as clocks of one zone show them. Making one takes far longer than asking it, so whoever asks often keeps it. */
export class LocalTime {
  static readonly #made = new Map<string, LocalTime>();

  /** @returns the one of this zone, which is made once: it takes half a millisecond, and every page asks. Zones are as few as settings. */
  static of(zone: string): LocalTime {
    const known = LocalTime.#made.get(zone) ?? new LocalTime(zone);
    LocalTime.#made.set(zone, known);
    return known;
  }

  readonly #format: Intl.DateTimeFormat;
  #lately: { quarter: number; day: string } | undefined;

  /** @param zone an IANA name */
  constructor(zone: string) {
    const digits = '2-digit';
    const date = { year: 'numeric', month: digits, day: digits } as const;
    // Swedish writes times as ISO 8601 does: 2026-11-22 03:10:00.
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      hourCycle: 'h23',
      ...date,
      hour: digits,
      minute: digits,
      second: digits,
    });
  }

  /** @returns `YYYY-MM-DD` */
  day(at: number): string {
    // Days begin on a full quarter of an hour in every zone, and the present one is asked for by every page.
    const quarter = Math.floor(at / (15 * minute));
    if (this.#lately?.quarter !== quarter) this.#lately = { quarter, day: this.#format.format(at).slice(0, 10) };
    return this.#lately.day;
  }

  /** @returns `HH:MM` */
  time(at: number): string {
    return this.#format.format(at).slice(11, 16);
  }
}

/** @returns the local day as `YYYY-MM-DD` in `zone` (an IANA name) */
export function localDay(at: number, zone: string): string {
  return LocalTime.of(zone).day(at);
}

/** @returns the local minute as `YYYYMMDD-HHMM`, as file names of backups carry it */
export function localStamp(at: number, zone: string): string {
  const local = LocalTime.of(zone);
  return `${local.day(at).replaceAll('-', '')}-${local.time(at).replace(':', '')}`;
}

/** @returns the local time of day as `HH:MM` */
export function localTime(at: number, zone: string): string {
  return LocalTime.of(zone).time(at);
}

/**
 * @param localDay `YYYY-MM-DD`
 * @returns the first moment after that day in `zone`, in epoch milliseconds
 */
export function endOfDay(localDay: string, zone: string): number {
  const local = LocalTime.of(zone);
  const quarter = 15 * minute;
  // Clocks differ from UTC by 14 hours at most, in quarters of an hour; some skip midnight when daylight saving begins.
  let at = Date.parse(`${localDay}T00:00:00Z`) - 14 * hour;
  while (local.day(at) <= localDay) at += quarter;
  return at;
}

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
