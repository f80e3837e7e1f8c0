// What the page of usage shows: how full the site is now, the last ninety days as a figure and a table, and where its bytes lie.
import type { Request } from 'express';
import { type Clock, day as dayMilliseconds, LocalTime } from '../platform/clock.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { PageData } from '../platform/web/page.ts';
import { plotHeight, plotOf, plotWidth } from '../platform/web/plot.ts';
import { fullIn } from './forecast.ts';
import type { LargeFolder, Usage, UsageDay } from './usage.ts';

export type UsagePageParts = {
  readonly usage: Usage;
  readonly clock: Clock;
  readonly timeZone: string;
  /** whether there is a file manager to look into folders with */
  readonly hasFiles: boolean;
};

export const shownDays = 90;

export async function usagePage(req: Request, { usage, clock, timeZone, hasFiles }: UsagePageParts): Promise<PageData> {
  const { site } = req;
  const [days, folders] = await Promise.all([usage.days(site, shownDays), usage.folders(site)]);
  const newest = days.at(-1);
  return {
    title: req.visit.words.t('usage.title'),
    section: 'dashboard',
    site,
    share: percentOf(site.usedBytes, site.quotaBytes),
    databaseBytes: newest?.databaseBytes,
    backupBytes: newest?.backupBytes,
    days: days.toReversed(),
    figure: days.length > 0 ? figureOf(req, days, new LocalTime(timeZone).day(clock.now())) : undefined,
    fullIn: fullIn(days),
    folders: folders.map((folder) => folderRow(req, folder, hasFiles)),
  };
}

/** @returns whole percent, rounded down, and at most 100 */
export const percentOf = (bytes: number, of: number): number => (of > 0 ? Math.min(100, Math.floor((bytes * 100) / of)) : 100);

function figureOf(req: Request, days: readonly UsageDay[], today: string) {
  const { t, bytes, shortDateOf } = req.visit.words;
  const noon = Date.parse(`${today}T12:00:00Z`);
  const dates = Array.from({ length: shownDays }, (_, at) =>
    new Date(noon - (shownDays - 1 - at) * dayMilliseconds).toISOString().slice(0, 10),
  );
  const plot = plotOf(dates, days);
  const [first, last] = [days[0], days.at(-1)];
  const most = Math.max(...days.map((day) => day.bytes));
  return {
    ...plot,
    ...{ width: plotWidth, height: plotHeight },
    topText: bytes(plot.top),
    from: shortDateOf(dates[0] ?? today),
    to: shortDateOf(today),
    legend: t('usage.figure.bytes'),
    quotaLegend: t(plot.quota ? 'usage.figure.quota' : 'usage.figure.quotaAbove', { quota: bytes(req.site.quotaBytes) }),
    text: t('usage.figure.text', {
      from: shortDateOf(first?.day ?? today),
      first: bytes(first?.bytes ?? 0),
      to: shortDateOf(last?.day ?? today),
      last: bytes(last?.bytes ?? 0),
      most: bytes(most),
      quota: bytes(last?.quotaBytes ?? 0),
    }),
  };
}

function folderRow({ site, visit }: Request, { path, bytes, files }: LargeFolder, hasFiles: boolean) {
  const isTrash = path[0] === 'trash';
  const place = parsePath(path.join('/'));
  const address = isTrash
    ? `/sites/${site.name}/files/trash`
    : place && `/sites/${site.name}/files/${place.map(encodeURIComponent).join('/')}`;
  return {
    name: isTrash ? visit.words.t('usage.folders.trash') : `/${path.join('/')}`,
    ...{ bytes, files, share: percentOf(bytes, site.quotaBytes) },
    href: hasFiles && address ? visit.url(address) : undefined,
  };
}
