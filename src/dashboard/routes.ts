// The HTTP of the dashboard: all sites of the customer, or one; each card as it could be read.
import { type Request, type Response, Router } from 'express';
import { dayCell } from '../backups/backups.ts';
import type { Choices } from '../options.ts';
import { documentOf } from '../orders/orders.ts';
import { LocalTime } from '../platform/clock.ts';
import { goTo } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import { tierLines } from '../tiers/tiers.ts';
import { Dashboard, type DashboardParts, type Overview, type SiteOverview } from './dashboard.ts';
import { momentWords } from './words.ts';

export type DashboardRouteParts = DashboardParts & { readonly choices: Choices };

export function dashboardRoutes(parts: DashboardRouteParts, guards: Guards): Router {
  const router = Router();
  const dashboard = new Dashboard(parts);
  const { choices } = parts;
  const shown = { ...parts, local: new LocalTime(choices.timeZone) };

  if (!choices.features.includes('home')) router.get('/', (req, res) => goTo(req, res, '/dashboard'));

  router.get('/dashboard', guards.signedIn, async (req, res) => {
    const person = signedIn(req);
    const overview = await dashboard.ofMember(person, { mayChange: can(person, 'change') });
    await show(req, res, overview, shown);
  });

  router.get('/sites/:site', guards.signedIn, guards.site, async (req: Request, res: Response) => {
    const { words } = req.visit;
    const person = signedIn(req);
    const overview = await dashboard.ofSite(person, req.site, { mayChange: req.mayChange });
    await show(req, res, overview, shown, words.t('dashboard.siteTitle', { site: req.site.name }));
  });
  return router;
}

async function show(
  req: Request,
  res: Response,
  overview: Overview,
  { choices, clock, local, tiers }: DashboardRouteParts & { readonly local: LocalTime },
  siteTitle?: string,
): Promise<void> {
  const { words, person } = req.visit;
  const now = clock.now();
  const { features } = choices;
  await res.page('dashboard/dashboard', {
    title: siteTitle ?? words.t('dashboard.title'),
    section: 'dashboard',
    isOneSite: siteTitle !== undefined,
    sites: overview.sites.map((site) => ({ ...site, ...cardOf(req, site, { now, local }) })),
    activity: overview.activity,
    zone: words.zoneAt(now),
    mayChange: person !== undefined && can(person, 'change'),
    backupAt: choices.backupAt,
    promise: { tiersReady: tiers.areReady, longTermIsFar: tiers.longTermIsFar, days: choices.keepWeekly * 7 },
    has: Object.fromEntries(
      (['backups', 'files', 'home', 'consent', 'ssh'] as const).map((name) => [name, features.includes(name)]),
    ),
  });
}

/** What the view cannot know by itself: the cells of the band, when the next backup begins, which text the customer agreed to. */
function cardOf(req: Request, { site, backup, order }: SiteOverview, moment: { now: number; local: LocalTime }) {
  const variant = order.value?.order.backupVariant ?? 'none';
  return {
    variant,
    dutyDocument: documentOf('agree_backup', variant),
    tierLines: backup?.value?.tiers && tierLines(req.visit, backup.value.tiers),
    nextAt: backup?.value && momentWords(req.visit.words, backup.value.next, moment),
    cells: (backup?.value?.days ?? []).map((day) => dayCell(req.visit, day, site.name)),
  };
}
