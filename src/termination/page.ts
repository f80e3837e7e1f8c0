// What the page of closing an account shows: what happens when, what to download before, and what a law keeps (ux.md 2.14).
import type { Request } from 'express';
import type { Backups } from '../backups/backups.ts';
import type { Databases } from '../databases/databases.ts';
import type { Choices } from '../options.ts';
import { type Order, type Orders, unusedOf } from '../orders/orders.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { PageData } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { contractYears, yearsAfter } from './kept.ts';
import type { Termination } from './termination.ts';

export type ClosePageParts = {
  readonly sites: Sites;
  readonly backups: Backups;
  readonly databases: Databases;
  readonly orders: Orders;
  readonly termination: Termination;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'eraseAfterDays' | 'features' | 'timeZone'>;
};

/** What of one site can be taken along, each with its own link. */
type Takeable = {
  readonly site: string;
  readonly backup: { readonly href: string; readonly at: number; readonly bytes: number } | undefined;
  /** one is being made now */
  readonly isBackingUp: boolean;
  readonly databases: { readonly href: string; readonly names: readonly string[] } | undefined;
  readonly files: string | undefined;
};

/** What happens when, for one choice; epoch milliseconds. */
type Dates = {
  readonly when: 'now' | 'later';
  readonly closeAt: number;
  readonly eraseAt: number;
  readonly contractUntil: number;
};

/** What of a payment is left when the account is closed now; undefined: nobody has said what is paid. */
type Left = { readonly plan: string; readonly until: number | undefined; readonly days: number; readonly won: number };

/** @returns everything of the page; nothing is promised that the settings do not hold */
export async function closePage(req: Request, parts: ClosePageParts): Promise<PageData> {
  const { customerId, restriction } = signedIn(req);
  const { sites, clock, choices, termination } = parts;
  const now = clock.now();
  const wish = await termination.wishes.of(customerId);
  const laterAt = wish?.closeAt ?? (await termination.wishes.laterAt(customerId));
  const own = await sites.forCustomer(customerId);
  const days = choices.eraseAfterDays;
  const dates = (when: Dates['when'], closeAt: number): Dates => ({
    ...{ when, closeAt, eraseAt: closeAt + days * day, contractUntil: yearsAfter(closeAt, contractYears) },
  });
  const later = laterAt === undefined ? [] : [dates('later', laterAt)];
  return {
    title: req.visit.words.t('termination.title'),
    section: 'account',
    days,
    // Also of what is not asked for: it is offered still, and nobody agrees to dates that were not shown.
    dates: wish ? [...later, dates('now', now)] : [dates('now', now), ...later],
    laterAt,
    wish,
    left: await leftOf(req, customerId, parts),
    isHeld: restriction?.because === 'authority',
    takeable: await Promise.all(own.map((site) => takeable(req, site, parts))),
  };
}

/** Of every order that is open now. */
async function leftOf(req: Request, customerId: string, { orders, clock, choices }: ClosePageParts): Promise<Left[]> {
  const open = (await orders.forCustomer(customerId)).filter(({ endedAt }) => endedAt === null);
  const { language } = req.visit;
  const one = async ({ plan, paid }: Order): Promise<Left> => ({
    plan: (await orders.plan(plan)).name[language],
    until: paid?.until,
    ...(paid ? unusedOf(paid, clock.now(), choices.timeZone) : { days: 0, won: 0 }),
  });
  return Promise.all(open.map(one));
}

async function takeable(req: Request, site: Site, { backups, databases, choices }: ClosePageParts): Promise<Takeable> {
  const { url } = req.visit;
  const has = (feature: (typeof choices.features)[number]) => choices.features.includes(feature);
  const at = (path: string) => url(`/sites/${site.name}${path}`);
  const [newest] = has('backups') ? await backups.held(site) : [];
  const { running } = has('backups') ? await backups.card(site) : { running: undefined };
  const names = has('databases') ? (await databases.list(site)).map(({ name }) => name) : [];
  return {
    site: site.name,
    backup: newest && {
      href: at(`/backups/${newest.id}/download`),
      at: newest.dataAt ?? newest.queuedAt,
      bytes: newest.bytes ?? 0,
    },
    isBackingUp: running !== undefined,
    databases: names.length > 0 ? { href: at('/databases'), names } : undefined,
    files: has('files') ? at('/files/www') : undefined,
  };
}
