// Small words of the dashboard that depend on the moment and the zone.
import { localDay } from '../platform/clock.ts';
import type { Language, Words } from '../platform/web/words.ts';

/** @returns `오늘 03:00`, `tomorrow at 03:00`; a date for what is further away */
export function momentWords(
  words: Pick<Words, 't' | 'clock' | 'time'>,
  at: number,
  { now, zone }: { now: number; zone: string },
): string {
  const today = localDay(now, zone);
  const day = localDay(at, zone);
  if (day === today) return words.t('dashboard.when.today', { time: words.clock(at) });
  // Noon of the day after today: no change of daylight saving reaches it.
  const tomorrow = new Date(Date.parse(`${today}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return day === tomorrow ? words.t('dashboard.when.tomorrow', { time: words.clock(at) }) : words.time(at);
}

/** @returns the zone as its people call it: `한국 표준시`, `Korean Standard Time` */
export function zoneName(language: Language, zone: string, now: number): string {
  const parts = new Intl.DateTimeFormat(language === 'ko' ? 'ko-KR' : 'en-GB', {
    timeZone: zone,
    timeZoneName: 'long',
  }).formatToParts(now);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}
