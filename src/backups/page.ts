// The page of backups as its view needs it: freshness, month, chosen backup, list, and making one now (ux.md 2.8).
import type { Request } from 'express';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import { localDay } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import type { Site } from '../sites/sites.ts';
import type { Backup, BackupCard, Backups } from './backups.ts';
import { dayCell } from './calendar.ts';
import { asMonth, plusMonths, weeksOf } from './days.ts';
import { adviceOf, freshView } from './fresh-view.ts';
import { sizeView } from './sizes.ts';
import { isStoppable } from './starting.ts';
import { isAside, isDownloadable, isGood } from './states.ts';
import { backupView, jobView, momentOf } from './words.ts';

/** What tiers say of a site; the door that knows stands to the right (architecture §3). */
export type TierLines = (visit: Speaker, site: Site) => Promise<readonly { readonly text: string; readonly state: string }[]>;

type Speaker = Pick<Visit, 'words' | 'url'>;

type Counts = { readonly added: number; readonly changed: number; readonly removed: number };

export type PageParts = {
  readonly backups: Backups;
  readonly orders: Pick<Orders, 'byId'>;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly backupAt: string;
  /** documents are shown by this panel */
  readonly hasDocuments: boolean;
  /** what differs from the good backup before; undefined where it was not compared */
  readonly browse: { compared(site: Site, backup: Backup): Promise<Counts | undefined> };
  readonly support: { phone: string; email: string };
  readonly tierLines: TierLines;
  /** whether something can be restored from it, from wherever it is held */
  readonly isRestorable: (site: Site, backup: Backup) => Promise<boolean>;
};

const legendStates = [
  ...(['verified', 'proven', 'warned', 'shrunken', 'made', 'queued', 'running'] as const),
  ...(['failed', 'damaged', 'missing', 'expired'] as const),
];

/** Everything of `/sites/:site/backups`, but the title. */
export async function backupsPage(req: Request, parts: PageParts, canChange: boolean) {
  const { site, visit } = req;
  const { backups, clock } = parts;
  const card = await backups.card(site);
  const list = await backups.list(site, { page: pageOf(req.query.page) });
  const chosen = card.latest ?? list.backups.find(isDownloadable);
  const allowance = await backups.allowance(site);
  const { backupVariant } = await parts.orders.byId(site.orderId);
  return {
    siteName: site.name,
    zone: zoneWords(visit, parts),
    fresh: freshView(visit, site, card, parts),
    tiers: [copyLine(visit, card), ...(await parts.tierLines(visit, site))],
    ...(card.running && {
      job: jobView(visit, card.running, { siteName: site.name, clock, refresh: visit.url(`/sites/${site.name}/backups`) }),
      ...stopView(req, card.running),
    }),
    month: await monthView(req, parts, { chosen }),
    ...(chosen && { chosen: await wholeView(req, parts, chosen, card.latest) }),
    sizes: sizeView(visit, await backups.sizes(site), clock.now(), parts.timeZone),
    list: listView(visit, site, list),
    canChange,
    make: makeView(visit, { card, canChange, allowance }),
    documentHref: parts.hasDocuments ? visit.url(`/documents/${backupVariant === 'separate' ? 'backup-service' : 'backup'}`) : '',
    explanation: visit.words.t(`backups.explanation.${backupVariant}`, { time: parts.backupAt, ...backups.kept }),
  };
}

/** Everything of the page of one backup. */
export async function backupPage(req: Request, parts: PageParts, backup: Backup) {
  const { site, visit } = req;
  const { backups, clock } = parts;
  const latest = await backups.latestGood(site);
  const sameDay = (await backups.ofDay(site, backup.day)).filter(({ id }) => id !== backup.id);
  const runs = backup.state === 'queued' || backup.state === 'running' || backup.state === 'made';
  const here = visit.url(`/sites/${site.name}/backups/${backup.id}`);
  const view = (one: Backup) => backupView(visit, one, { siteName: site.name, isShown: one.id === latest?.id });
  return {
    siteName: site.name,
    zone: zoneWords(visit, parts),
    backup: await wholeView(req, parts, backup, latest),
    ...(runs && { job: jobView(visit, backup, { siteName: site.name, clock, refresh: here }), ...stopView(req, backup) }),
    check: checkView(req, parts, backup),
    sameDay: sameDay.map(view),
    month: await monthView(req, parts, { chosen: backup, month: backup.day.slice(0, 7) }),
  };
}

/** The one that the page is about, with what changed since the one before. */
async function wholeView(
  { site, visit, mayChange }: Request,
  { backups, browse, isRestorable }: PageParts,
  backup: Backup,
  latest: Backup | undefined,
) {
  const counts = isDownloadable(backup) ? await browse.compared(site, backup) : undefined;
  // Only what was read back may be restored from, and only by whom it is allowed to.
  const isOffered = mayChange && (await isRestorable(site, backup));
  return {
    ...backupView(visit, backup, { siteName: site.name, isShown: backup.id === latest?.id }),
    advice: adviceOf(visit, site, backup, { latest, before: await wholeBefore(backups, site, backup) }),
    mayLink: mayChange,
    restoreHref: isOffered ? visit.url(`/sites/${site.name}/backups/${backup.id}/restoration`) : '',
    ...(counts && { compared: comparedText(visit, counts) }),
  };
}

/** @returns what to go back to from one that is much smaller */
async function wholeBefore(backups: Backups, site: Site, backup: Backup): Promise<Backup | undefined> {
  if (backup.state !== 'shrunken') return undefined;
  const isWhole = (one: Backup) => isGood(one) && one.state !== 'shrunken' && !isAside(one) && momentOf(one) < momentOf(backup);
  return (await backups.held(site)).find(isWhole);
}

/** Stopping one that a person asked for, for who may change the site. */
function stopView({ site, visit, mayChange }: Request, running: Backup): { stopAction?: string } {
  return mayChange && isStoppable(running) ? { stopAction: visit.url(`/sites/${site.name}/backups/${running.id}/stop`) } : {};
}

/** Reading one back once more, and when that happens by itself. */
function checkView({ site, visit, mayChange }: Request, { backups }: PageParts, backup: Backup) {
  if (!isGood(backup) || backup.expiredAt !== null) return undefined;
  const isUnderWay = backups.rechecking.isUnderWay(backup);
  const action = visit.url(`/sites/${site.name}/backups/${backup.id}/verification`);
  return { isUnderWay, action: mayChange && !isUnderWay ? action : '' };
}

function comparedText({ words: { t, number } }: Speaker, { added, changed, removed }: Counts): string {
  if (added + changed + removed === 0) return t('browse.changes.nothing');
  return t('browse.changes.summary', { added: number(added), changed: number(changed), removed: number(removed) });
}

function pageOf(text: unknown): number {
  return typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}

const zoneWords = ({ words }: Speaker, { clock }: PageParts) => words.t('backups.zone', { zone: words.zoneAt(clock.now()) });

/** The copy in the customer's reach is no tier (KHADA 8.5, SL 9-2). */
function copyLine({ words }: Speaker, { latest }: BackupCard): { text: string; state: string } {
  const { t, time, ago } = words;
  if (!latest) return { text: t('backups.tier.noCopy'), state: 'plain' };
  return { text: t('backups.tier.copy', { time: time(momentOf(latest)), ago: ago(momentOf(latest)) }), state: 'ok' };
}

async function monthView(
  req: Request,
  { backups, clock, timeZone }: PageParts,
  { chosen, month }: { chosen?: Backup | undefined; month?: string },
) {
  const { site, visit } = req;
  const current = localDay(clock.now(), timeZone).slice(0, 7);
  const shown = asMonth(req.query.month) ?? month ?? current;
  const days = new Map((await backups.month(site, shown)).map((one) => [one.day, one]));
  const cell = (day: string | undefined) => {
    const of = day === undefined ? undefined : days.get(day);
    if (!of) return null;
    return {
      number: Number(of.day.slice(8)),
      ...(of.state && { day: { ...dayCell(visit, of, site.name), current: of.day === chosen?.day } }),
    };
  };
  const link = (to: string) => ({
    href: `${visit.url(`/sites/${site.name}/backups`)}?month=${to}`,
    text: visit.words.monthOf(to),
  });
  const opened = site.openedAt === null ? current : localDay(site.openedAt, timeZone).slice(0, 7);
  return {
    caption: visit.words.t('backups.month.caption', { month: visit.words.monthOf(shown) }),
    weekdays: visit.words.weekdays,
    weeks: weeksOf(shown).map((week) => week.map(cell)),
    ...(shown > opened && { previous: link(plusMonths(shown, -1)) }),
    ...(shown < current && { next: link(plusMonths(shown, 1)) }),
    legend: legendStates
      .filter((state) => [...days.values()].some((one) => one.state === state))
      .map((state) => ({ state, text: visit.words.t(`backups.state.${state}`) })),
  };
}

function listView(speaker: Speaker, site: Site, { backups, page, pages, total }: Awaited<ReturnType<Backups['list']>>) {
  const { t, number } = speaker.words;
  const link = (to: number, key: string) => ({ href: `${speaker.url(`/sites/${site.name}/backups`)}?page=${to}`, text: t(key) });
  const first = (page - 1) * 30 + 1;
  return {
    rows: backups.map((backup) => backupView(speaker, backup, { siteName: site.name, isShown: false })),
    ...(pages > 1 && {
      pages: {
        label: t('backups.list.pages'),
        text: `${number(first)}–${number(first + backups.length - 1)} / ${number(total)}`,
        ...(page > 1 && { previous: link(page - 1, 'backups.list.newer') }),
        ...(page < pages && { next: link(page + 1, 'backups.list.older') }),
      },
    }),
  };
}

type Making = { card: BackupCard; canChange: boolean; allowance: { left: number; limit: number } };

function makeView({ words }: Speaker, { card, canChange, allowance }: Making) {
  const { t, time, number } = words;
  const runs = card.running !== undefined && card.running.state !== 'made' && !card.running.waitsForTurn;
  const isAllowed = canChange && allowance.left > 0 && !runs;
  const refusal = !canChange ? 'backups.make.role' : runs ? 'backups.make.running' : 'backups.make.used';
  return {
    isAllowed,
    limit: t('backups.make.limit', { limit: number(allowance.limit), left: number(allowance.left) }),
    next: t('backups.make.next', { next: time(card.next) }),
    ...(!isAllowed && { refusal: t(refusal) }),
  };
}

/** @returns the title of the page of one backup */
export function backupTitle(visit: Speaker, backup: Backup): string {
  return visit.words.t('backups.one.title', { day: visit.words.shortDateOf(backup.day) });
}
