// Arithmetic with local days and months as text (`YYYY-MM-DD`, `YYYY-MM`), and when the next nightly backup begins.
import { Cron } from 'croner';
import { day as dayMilliseconds } from '../platform/clock.ts';

/** Noon in UTC: far from both ends of the day, and no zone is involved. */
export const noon = (day: string) => Date.parse(`${day}T12:00:00Z`);
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** @param count may be negative */
export function plusDays(day: string, count: number): string {
  return dayOf(noon(day) + count * dayMilliseconds);
}

/** @returns the last `count` days up to `day`, oldest first */
export function lastDays(day: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => plusDays(day, index + 1 - count));
}

/** @param count may be negative */
export function plusMonths(month: string, count: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 7);
}

/** @returns the month when it is one, with a year of four digits */
export function asMonth(text: unknown): string | undefined {
  return typeof text === 'string' && /^20\d\d-(0[1-9]|1[0-2])$/.test(text) ? text : undefined;
}

/** @returns every day of the month */
export function daysOf(month: string): string[] {
  const next = plusMonths(month, 1);
  const length = Math.round((noon(`${next}-01`) - noon(`${month}-01`)) / dayMilliseconds);
  return Array.from({ length }, (_, index) => plusDays(`${month}-01`, index));
}

/** @returns the days in rows from Monday to Sunday, with `undefined` where another month lies */
export function weeksOf(month: string): (string | undefined)[][] {
  const days: (string | undefined)[] = daysOf(month);
  const before = (new Date(noon(`${month}-01`)).getUTCDay() + 6) % 7;
  const cells = [...Array.from({ length: before }, () => undefined), ...days];
  while (cells.length % 7 > 0) cells.push(undefined);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/**
 * @param time `HH:MM` as clocks in `zone` show it
 * @returns the next such moment after `now`, in epoch milliseconds
 */
export function nextDaily(now: number, time: string, zone: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  const next = new Cron(`${minutes} ${hours} * * *`, { timezone: zone, paused: true }).nextRun(new Date(now));
  if (!next) throw new Error(`no ${time} was found after ${now}`);
  return next.getTime();
}
