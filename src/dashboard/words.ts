// Small words of the dashboard that depend on the moment and the zone.
import type { LocalTime } from '../platform/clock.ts';
import type { Words } from '../platform/web/words.ts';

/** @returns `오늘 03:00`, `tomorrow at 03:00`; a date for what is further away */
export function momentWords(
  words: Pick<Words, 't' | 'clock' | 'time'>,
  at: number,
  { now, local }: { now: number; local: LocalTime },
): string {
  const today = local.day(now);
  const day = local.day(at);
  if (day === today) return words.t('dashboard.when.today', { time: words.clock(at) });
  // Noon of the day after today: no change of daylight saving reaches it.
  const tomorrow = new Date(Date.parse(`${today}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return day === tomorrow ? words.t('dashboard.when.tomorrow', { time: words.clock(at) }) : words.time(at);
}
