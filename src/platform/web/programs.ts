// What every API for programs has in common: a token in the header (RFC 6750), and how long to wait when it is asked too often.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Clock } from '../clock.ts';
import type { Counters } from '../counters/port.ts';
import { notFound, PanelError } from '../errors.ts';
import type { Limit } from './rate-limit.ts';

/** One address, not one a language. */
export const oneAddress: RequestHandler = (req, _res, next) => next(req.visit.language === 'ko' ? undefined : notFound());

/** A limit by address is asked before the token: who guesses waits. */
export function withRetryAfter(clock: Clock, limit: RequestHandler): RequestHandler {
  return (req, res, next: NextFunction) =>
    limit(req, res, (error?: unknown) => {
      const until = (req as Request & { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime?.getTime();
      if (error instanceof PanelError && error.status === 429) sayRetryAfter(res, until ?? clock.now(), clock);
      next(error);
    });
}

/** @throws PanelError 429, with `Retry-After`, when the token asks too often */
export async function countByToken(
  { counters, clock }: { readonly counters: Counters; readonly clock: Clock },
  { key, limit }: { readonly key: string; readonly limit: Limit },
  req: Request,
  res: Response,
): Promise<void> {
  const { count, resetAt } = await counters.hit(key, limit.windowMilliseconds);
  if (count <= limit.count) return;
  sayRetryAfter(res, resetAt, clock);
  throw new PanelError(429, 'error.wait', { until: req.visit.words.clock(resetAt) });
}

const sayRetryAfter = (res: Response, until: number, clock: Clock) =>
  res.set('Retry-After', String(Math.max(1, Math.ceil((until - clock.now()) / 1000))));

/** @param header `Authorization` as it came. @returns the token; empty without one */
export const bearerOf = (header: string | undefined): string => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';

/** Says what token is needed (RFC 6750, section 3). */
export function challenge(
  res: Response,
  error: unknown,
  { realm, isNamed, scope }: { readonly realm: string; readonly isNamed: boolean; readonly scope?: string },
): void {
  if (!(error instanceof PanelError)) return;
  if (error.status === 401) res.set('WWW-Authenticate', `Bearer realm="${realm}"${isNamed ? ', error="invalid_token"' : ''}`);
  if (error.key === 'api.refused.scope')
    res.set('WWW-Authenticate', `Bearer realm="${realm}", error="insufficient_scope", scope="${scope}"`);
}
