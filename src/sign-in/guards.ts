// Who may enter: guards stand outside the line of features; only routes.ts files and app.ts import them.
import type { Request, RequestHandler } from 'express';
import { type Clock, minute } from '../platform/clock.ts';
import { forbidden, notSignedIn, type PanelError } from '../platform/errors.ts';
import { typed } from '../platform/web/form.ts';
import { isChange } from '../platform/web/origin.ts';
import { type SignedIn, signedIn } from '../platform/web/visit.ts';
import type { Site, Sites } from '../sites/sites.ts';

declare global {
  namespace Express {
    interface Request {
      /** the site of `:site`, once `guards.site` has let the person in */
      site: Site;
      /** beside `site`: the person may change it, and is shown how */
      mayChange: boolean;
      /** where the form of this change stands, when that is another page (`signedInAt`) */
      formPage?: string;
    }
  }
}

/**
 * What a person may do. At a site: `look` covers reading and downloading. Of the customer as a whole: `people` covers who has access,
 * what they did, and everything that only an owner may decide.
 */
export type Action = 'look' | 'change' | 'restore' | 'close' | 'people';

const allowed: Readonly<Record<SignedIn['role'], readonly Action[]>> = {
  owner: ['look', 'change', 'restore', 'close', 'people'],
  developer: ['look', 'change', 'restore'],
  viewer: ['look'],
};

/** What is left to a restricted customer, and at a site whose order waits for consent (architecture §6): reading, downloading and leaving. */
const leftWhenRestricted: readonly Action[] = ['look', 'close'];

/**
 * The one place that decides on rights (KHADA 3.4): role, a restriction, and where a site is named, whether the place is for it. That it
 * belongs to the customer was checked before (`Sites.find`: what a place is not for is 404, as a stranger's).
 */
export function can(person: SignedIn, action: Action, site?: Pick<Site, 'id' | 'orderId'>): boolean {
  const reaches = site === undefined || person.siteIds === null || person.siteIds.includes(site.id);
  const isLeft = !(person.restriction || waitsForConsent(person, site)) || leftWhenRestricted.includes(action);
  return reaches && isLeft && allowed[person.role].includes(action);
}

const waitsForConsent = ({ pendingOrders }: SignedIn, site?: Pick<Site, 'orderId'>) =>
  site !== undefined && pendingOrders?.has(site.orderId) === true;

/** What stands before a route. `site` and `fresh` come after `signedIn`. */
export type Guards = {
  /** Without a session: GET goes 303 to the login, JSON 401, a POST keeps its fields and goes to the login. */
  readonly signedIn: RequestHandler;
  /** The same for a change whose form stands on another page: `pageOf` tells its path, without mount and language. */
  readonly signedInAt: (pageOf: (req: Request) => string) => RequestHandler;
  /** After `signedIn`: a sign-in older than CONFIRM_MINUTES goes 303 to `/confirm`, and back to the page with what was typed there. */
  readonly fresh: RequestHandler;
  /** Whether `fresh` would let this request pass. */
  readonly isFresh: (req: Request) => boolean;
  /** After `signedIn`: puts `req.site`; a stranger's or unknown site is 404. Reading needs `look`, everything else `change` (403). */
  readonly site: RequestHandler;
  /** After `site`, for a page that begins a change: for who may finish it, others 403. */
  readonly mayChange: RequestHandler;
  /** After `signedIn`: what concerns the customer as a whole, for whose role may do it; others 403. */
  readonly may: (action: Action) => RequestHandler;
};

export function newGuards({ sites, clock, confirmMinutes }: { sites: Sites; clock: Clock; confirmMinutes: number }): Guards {
  const isFresh = (req: Request) => {
    const age = clock.now() - (req.visit.person?.freshAt ?? 0);
    // After a jump of the clock back an old sign-in would be fresh for a day.
    return age < confirmMinutes * minute && age > -minute;
  };
  return {
    isFresh,
    signedIn: signedInAt((req) => req.visit.path),
    signedInAt,
    fresh: (req, res, next) => {
      const { visit } = req;
      if (isFresh(req)) return next();
      if (visit.wantsJson) return next(forbidden('error.notFresh'));
      res.redirect(303, `${visit.url('/confirm')}?next=${encodeURIComponent(visit.url(comeBackTo(req)))}`);
    },
    site: async (req, _res, next) => {
      const person = signedIn(req);
      const site = await sites.find(person, String(req.params.site));
      req.mayChange = can(person, 'change', site);
      if (!(isChange(req.method) ? req.mayChange : can(person, 'look', site))) throw refusalOf(person, site);
      req.site = site;
      req.session.siteName = site.name;
      next();
    },
    mayChange: (req, _res, next) => next(req.mayChange ? undefined : refusalOf(signedIn(req), req.site)),
    may: (action) => (req, _res, next) => {
      const person = signedIn(req);
      next(can(person, action) ? undefined : refusalOf(person));
    },
  };
}

function refusalOf(person: SignedIn, site?: Site): PanelError {
  if (person.restriction) return forbidden('error.restricted');
  return forbidden(waitsForConsent(person, site) && person.role !== 'viewer' ? 'agreement.first' : 'error.role');
}

/** Lets in who is signed in; a small form whose session died is kept, and shown again on its page for a new submit. */
function signedInAt(pageOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    const { visit } = req;
    req.formPage = pageOf(req);
    if (visit.person) return next();
    if (visit.isElsewhere) return next(forbidden('error.elsewhere', { address: visit.address }));
    if (visit.wantsJson) return next(notSignedIn());
    res.redirect(303, `${visit.url('/login')}?next=${encodeURIComponent(visit.url(comeBackTo(req)))}`);
  };
}

/** @returns the page to come back to after `/login` or `/confirm`; what was typed in a small form waits there for a new submit */
function comeBackTo(req: Request): string {
  const { visit } = req;
  if (!isChange(req.method)) return visit.pathAndQuery;
  const path = req.formPage ?? visit.path;
  if (req.is('application/x-www-form-urlencoded')) req.session.kept = { path, values: typed(req.body) };
  return path;
}

declare module 'express-session' {
  interface SessionData {
    /** the site used last, for addresses without one */
    siteName: string;
  }
}
