// The first check of every change: it must come from a page of ours (ruling 5; ASVS 3.5.1).
import type { RequestHandler } from 'express';
import { forbidden } from '../errors.ts';
import type { Addresses } from './addresses.ts';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

export const isChange = (method: string) => !harmless.has(method);

/** `Sec-Fetch-Site: same-origin`, or else an `Origin` that is ours; a request with neither is refused. */
export function fromOurPages(addresses: Addresses): RequestHandler {
  return (req, _res, next) => {
    if (!isChange(req.method)) return next();
    const site = req.get('sec-fetch-site');
    const origin = req.get('origin') ?? '';
    // A browser that says "cross-site" is believed, whatever Origin stands beside it.
    const ours = site === 'same-origin' || (site !== 'cross-site' && site !== 'same-site' && addresses.isOurs(origin));
    next(ours ? undefined : forbidden('error.foreignOrigin'));
  };
}
