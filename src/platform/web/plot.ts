// A figure of bytes a day as a filled line, under the line of a quota where there is one. Geometry only; words and colours stand in the page.

export const plotWidth = 900;
export const plotHeight = 220;

export type Plot = {
  /** of the filled line, one piece for each stretch of days without a gap */
  readonly pieces: readonly { readonly line: string; readonly area: string }[];
  /** of the quota's line; undefined where it lies above the figure */
  readonly quota: string | undefined;
  /** bytes at the upper edge */
  readonly top: number;
};

/** `day` is local, `YYYY-MM-DD`; both sizes in bytes. */
export type PlotDay = { readonly day: string; readonly bytes: number; readonly quotaBytes?: number };

/** Below this part of the quota its line would leave nothing of the rest to see. */
const leastShare = 0.2;

/**
 * @param dates every day of the figure, oldest first
 * @param days what is known of them; of a day without a row nothing is drawn
 */
export function plotOf(dates: readonly string[], days: readonly PlotDay[]): Plot {
  const byDay = new Map(days.map((day) => [day.day, day]));
  const most = Math.max(0, ...days.map(({ bytes }) => bytes));
  const quota = Math.max(0, ...days.map(({ quotaBytes = 0 }) => quotaBytes));
  const showsQuota = quota > 0 && most >= quota * leastShare;
  const top = showsQuota ? Math.max(quota, most) : roundUp(most);
  const x = (at: number) => rounded(dates.length > 1 ? (at * plotWidth) / (dates.length - 1) : 0);
  const y = (bytes: number) => rounded(plotHeight - (top > 0 ? (bytes * plotHeight) / top : 0));
  return {
    pieces: stretches(dates, byDay).map((stretch) => pieceOf(stretch, x, y)),
    quota: showsQuota ? quotaLine(dates, byDay, x, y) : undefined,
    top,
  };
}

type Stretch = readonly { readonly at: number; readonly bytes: number }[];
type Scale = (value: number) => number;

function stretches(dates: readonly string[], byDay: ReadonlyMap<string, PlotDay>): Stretch[] {
  const found: { at: number; bytes: number }[][] = [[]];
  for (const [at, date] of dates.entries()) {
    const day = byDay.get(date);
    if (day) found.at(-1)?.push({ at, bytes: day.bytes });
    else if (found.at(-1)?.length !== 0) found.push([]);
  }
  return found.filter(({ length }) => length > 0);
}

function pieceOf(stretch: Stretch, x: Scale, y: Scale): { line: string; area: string } {
  const points = stretch.map(({ at, bytes }) => `${x(at)} ${y(bytes)}`);
  const [first, last] = [stretch[0]?.at ?? 0, stretch.at(-1)?.at ?? 0];
  // A day by itself is a dot: a line of no length with round ends.
  const line = points.length > 1 ? `M${points.join('L')}` : `M${points[0]}h0.01`;
  return { line, area: `M${x(first)} ${plotHeight}L${points.join('L')}L${x(last)} ${plotHeight}Z` };
}

/** A plan may have changed: the line has a step there. */
function quotaLine(dates: readonly string[], byDay: ReadonlyMap<string, PlotDay>, x: Scale, y: Scale): string {
  const known = dates.flatMap((date, at) => {
    const quota = byDay.get(date)?.quotaBytes;
    return quota === undefined ? [] : [{ at, quota }];
  });
  const steps = known.map(({ at, quota }, index) => (index === 0 ? `M0 ${y(quota)}` : `H${x(at)}V${y(quota)}`));
  return `${steps.join('')}H${plotWidth}`;
}

const rounded = (value: number) => Math.round(value * 10) / 10;

/** @returns a size above it that is one, two or five of a power of 1024 times a power of ten */
function roundUp(bytes: number): number {
  if (bytes <= 0) return 1024;
  const unit = 1024 ** Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024));
  const count = bytes / unit;
  const power = 10 ** Math.floor(Math.log10(count));
  const factor = [1, 2, 5, 10].find((one) => one * power >= count) ?? 10;
  return factor * power * unit;
}
