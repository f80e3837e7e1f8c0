// When a site would be full if it went on as it did: told only where the last month was steady enough for the answer to mean something.
import { day as dayMilliseconds } from '../platform/clock.ts';
import type { UsageDay } from './store.ts';

const lookedAtDays = 30;
const leastDays = 21;
/** Part of the differences that a straight line explains (its coefficient of determination). */
const leastFit = 0.9;
/** Of what is further away nobody knows anything. */
const furthestDays = 180;

const at = (day: string) => Date.parse(`${day}T12:00:00Z`) / dayMilliseconds;

/**
 * A straight line by least squares through the last 30 days.
 * @param days oldest first, the newest one last
 * @returns the local month in which the quota would be reached, `YYYY-MM`; undefined where that cannot honestly be said
 */
export function fullIn(days: readonly UsageDay[]): string | undefined {
  const last = days.at(-1);
  if (!last || last.bytes >= last.quotaBytes) return undefined;
  const points = days
    .filter(({ day }) => at(last.day) - at(day) < lookedAtDays)
    .map(({ day, bytes }) => [at(day) - at(last.day), bytes] as const);
  if (points.length < leastDays) return undefined;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const sum = (of: (x: number, y: number) => number) => points.reduce((all, [x, y]) => all + of(x - meanX, y - meanY), 0);
  const [xx, xy, yy] = [sum((x) => x * x), sum((x, y) => x * y), sum((_x, y) => y * y)];
  const growth = xy / xx;
  if (!(growth > 0) || (xy * xy) / (xx * yy) < leastFit) return undefined;
  const daysLeft = (last.quotaBytes - last.bytes) / growth;
  if (daysLeft > furthestDays) return undefined;
  return new Date((at(last.day) + daysLeft) * dayMilliseconds).toISOString().slice(0, 7);
}
