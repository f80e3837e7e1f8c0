// The figure of how large backups were, day by day, and the same as a table.
import { day as dayMilliseconds, LocalTime } from '../platform/clock.ts';
import { plotHeight, plotOf, plotWidth } from '../platform/web/plot.ts';
import type { Visit } from '../platform/web/visit.ts';
import { lastDays, noon } from './days.ts';

/** The newest backup of a day that was read back; its archive may be gone since. */
export type SizeDay = {
  /** local, `YYYY-MM-DD` */
  readonly day: string;
  /** of the archive, and of what is inside */
  readonly bytes: number;
  readonly originalBytes: number;
  readonly files: number;
};

export const shownDays = 90;
/** Of a young site: a line needs some room. */
const leastDays = 14;

/** For `views/shared/_plot.ejs` and the table below it. @param days oldest first. @returns undefined where there is nothing to draw */
export function sizeView({ words }: Pick<Visit, 'words'>, days: readonly SizeDay[], now: number, timeZone: string) {
  const { t, bytes, shortDateOf } = words;
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return undefined;
  const today = new LocalTime(timeZone).day(now);
  const known = Math.round((noon(today) - noon(first.day)) / dayMilliseconds) + 1;
  const dates = lastDays(today, Math.min(shownDays, Math.max(leastDays, known)));
  const plot = plotOf(dates, days);
  const most = Math.max(...days.map((day) => day.bytes));
  const ends = { from: shortDateOf(first.day), first: bytes(first.bytes), to: shortDateOf(last.day), last: bytes(last.bytes) };
  return {
    figure: {
      ...plot,
      ...{ width: plotWidth, height: plotHeight, topText: bytes(plot.top) },
      ...{ from: shortDateOf(dates[0] ?? today), to: shortDateOf(today) },
      text: t('backups.sizes.text', { ...ends, most: bytes(most) }),
      legend: t('backups.sizes.bytes'),
    },
    days: days.toReversed(),
  };
}
