// The share of a payment for days that were not used, when a contract ends early (the terms, article 13; the company's billing settles it).
import { day, localDay } from '../platform/clock.ts';

/** What an order is paid for; epoch milliseconds, `until` is the first moment that is not paid any more. */
export type PaidTime = { readonly from: number; readonly until: number; readonly won: number };

export type Unused = { readonly days: number; readonly won: number };

const dayNumber = (at: number, zone: string) => Date.parse(`${localDay(at, zone)}T00:00:00Z`) / day;

/**
 * Whole local days: the day of the end counts as used, and a broken won is the customer's.
 * @param endsAt epoch milliseconds, when the contract ends
 */
export function unusedOf({ from, until, won }: PaidTime, endsAt: number, zone: string): Unused {
  // A period that ends within a day has paid for that day.
  const [first, last] = [dayNumber(from, zone), dayNumber(until - 1, zone)];
  const total = Math.max(1, Math.ceil((until - from) / day));
  const days = Math.min(total, Math.max(0, last - Math.max(first - 1, dayNumber(endsAt, zone))));
  return { days, won: Math.ceil((won * days) / total) };
}
