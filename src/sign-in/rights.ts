// A session whose person got other rights, or acts for another customer, goes on under a new id (security.md F.4; ASVS 7.2.4).
import type { RequestHandler } from 'express';
import { renewedHolding } from './sessions.ts';

declare module 'express-session' {
  interface SessionData {
    /** customer and role as of the last request */
    rights: string;
  }
}

/** After `recognise`. Rights themselves are read anew with each request; this makes an id that somebody may have seen before worthless. */
export const newIdWithNewRights: RequestHandler = async (req, _res, next) => {
  const { person } = req.visit;
  if (!person) return next();
  const rights = `${person.customerId} ${person.role}`;
  const before = req.session.rights;
  if (before !== undefined && before !== rights) await renewedHolding(req);
  if (before !== rights) req.session.rights = rights;
  next();
};
