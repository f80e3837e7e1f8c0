// Who may enter: guards stand outside the line of features; only routes.ts files and app.ts import them.
import type { Request, RequestHandler } from 'express';
import { type Clock, minute } from '../platform/clock.ts';
import { forbidden, notSignedIn } from '../platform/errors.ts';
import { typed } from '../platform/web/form.ts';
import { isChange } from '../platform/web/origin.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Site, Sites } from '../sites/sites.ts';

declare global {
  namespace Express {
    interface Request {
      /** the site of `:site`, once `guards.site` has let the person in */
      site: Site;
    }
  }
}

/** What a person may do at a site; `look` covers reading and downloading. */
export type Action = 'look' | 'change' | 'restore' | 'close';

const allowed: Readonly<Record<SignedIn['role'], readonly Action[]>> = {
  owner: ['look', 'change', 'restore', 'close'],
  developer: ['look', 'change', 'restore'],
  viewer: ['look'],
};

/** Membership of the site's customer was checked before (a stranger's site is 404); this is about the role. */
export function can(person: SignedIn, action: Action, _site?: Site): boolean {
  return allowed[person.role].includes(action);
}

export type Guards = {
  /** Without a session: GET goes 303 to the login, JSON 401, a POST keeps its fields and goes to the login. */
  readonly signedIn: RequestHandler;
  /** The same for a change whose form stands on another page: `pageOf` tells its path, without mount and language. */
  readonly signedInAt: (pageOf: (req: Request) => string) => RequestHandler;
  /** After `signedIn`: a sign-in older than CONFIRM_MINUTES goes 303 to `/confirm`. */
  readonly fresh: RequestHandler;
  /** After `signedIn`: puts `req.site`; a stranger's or unknown site is 404. Reading needs `look`, everything else `change` (403). */
  readonly site: RequestHandler;
};

export function newGuards({ sites, clock, confirmMinutes }: { sites: Sites; clock: Clock; confirmMinutes: number }): Guards {
  return {
    signedIn: signedInAt((req) => req.visit.path),
    signedInAt,
    fresh: (req, res, next) => {
      const { visit } = req;
      const freshAt = visit.person?.freshAt ?? 0;
      if (clock.now() - freshAt < confirmMinutes * minute) return next();
      if (visit.wantsJson) return next(forbidden('error.notFresh'));
      res.redirect(
        303,
        `${visit.url('/confirm')}?next=${encodeURIComponent(visit.url(isChange(req.method) ? visit.path : visit.pathAndQuery))}`,
      );
    },
    site: async (req, _res, next) => {
      const { person } = req.visit;
      if (!person) throw notSignedIn();
      const site = await sites.find(person.customerId, String(req.params.site));
      if (!can(person, isChange(req.method) ? 'change' : 'look', site)) throw forbidden('error.role');
      req.site = site;
      req.session.siteName = site.name;
      next();
    },
  };
}

/** Lets in who is signed in; a small form whose session died is kept, and shown again on its page for a new submit. */
function signedInAt(pageOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    const { visit } = req;
    if (visit.person) return next();
    if (visit.wantsJson) return next(notSignedIn());
    const isLost = isChange(req.method);
    const page = isLost ? pageOf(req) : visit.pathAndQuery;
    if (isLost && req.is('application/x-www-form-urlencoded')) req.session.kept = { path: page, values: typed(req.body) };
    res.redirect(303, `${visit.url('/login')}?next=${encodeURIComponent(visit.url(page))}`);
  };
}

declare module 'express-session' {
  interface SessionData {
    /** the site used last, for addresses without one */
    siteName: string;
  }
}
