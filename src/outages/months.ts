// Months as the calendar of one zone has them, in epoch milliseconds.
import { day, endOfDay, LocalTime } from '../platform/clock.ts';
import type { Interval } from './intervals.ts';

export class Months {
  readonly #zone: string;
  readonly #local: LocalTime;
  readonly #known = new Map<string, Interval>();

  /** @param zone an IANA name */
  constructor(zone: string) {
    this.#zone = zone;
    this.#local = new LocalTime(zone);
  }

  /** @returns `YYYY-MM` */
  of(at: number): string {
    return this.#local.day(at).slice(0, 7);
  }

  /** @param month `YYYY-MM`. @returns from its first moment to the first of the next */
  span(month: string): Interval {
    const known = this.#known.get(month);
    if (known) return known;
    const first = Date.parse(`${month}-01T00:00:00Z`);
    const dayBefore = (at: number) => new Date(at - day).toISOString().slice(0, 10);
    const next = new Date(first);
    next.setUTCMonth(next.getUTCMonth() + 1);
    const edge = (at: number) => endOfDay(dayBefore(at), this.#zone);
    const span = { startedAt: edge(first), endedAt: edge(next.getTime()) };
    this.#known.set(month, span);
    return span;
  }

  /** @returns every month that has a part of these, in order */
  touched(all: readonly Interval[]): string[] {
    const found = new Set<string>();
    for (const { startedAt, endedAt } of all)
      for (let at = startedAt; at < endedAt; at = this.span(this.of(at)).endedAt) found.add(this.of(at));
    return [...found].sort();
  }
}
