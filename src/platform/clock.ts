// The injected clock: times are epoch milliseconds everywhere, a local day is text in the configured zone.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Now, in epoch milliseconds. */
  now(): number;
  /** Milliseconds that only grow, for waits and time limits; a stopped clock's runs on. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A clock that stands still until a test moves it. */
export class StoppedClock implements Clock {
  #now: number;

  constructor(start: number | string = '2026-11-22T00:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return performance.now();
  }

  /** @param milliseconds may be negative: clocks of servers do jump back */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** Waits for a moment of `monotonic()`: answers of one moment do not tell by their time what was found out. */
export async function waitUntil(clock: Clock, moment: number): Promise<void> {
  await sleep(Math.max(0, moment - clock.monotonic()));
}

const parts = (at: number, zone: string) =>
  Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );

/** @returns the local day as `YYYY-MM-DD` in `zone` (an IANA name) */
export function localDay(at: number, zone: string): string {
  const p = parts(at, zone);
  return `${p.year}-${p.month}-${p.day}`;
}

/** @returns the local minute as `YYYYMMDD-HHMM`, as file names of backups carry it */
export function localStamp(at: number, zone: string): string {
  const p = parts(at, zone);
  return `${p.year}${p.month}${p.day}-${p.hour}${p.minute}`;
}

/** @returns the local time of day as `HH:MM` */
export function localTime(at: number, zone: string): string {
  const p = parts(at, zone);
  return `${p.hour}:${p.minute}`;
}

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
