// One line a request when it ended: its route and outcome, never its address, fields, cookies or whoever sent it in clear.
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Secrets } from '../secrets.ts';

/** What is known of a request that ended; every text in it is from a short list. */
export type EndedRequest = {
  readonly method: string;
  /** the pattern of the route: tokens and names stand in addresses */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
  /** sent on the connection meanwhile, headers included */
  readonly bytes: number;
  /** the visitor left, or was cut off, before the answer was complete */
  readonly aborted: boolean;
};

export type RequestLogParts = {
  readonly log: Log;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** told of each ended request, for figures */
  readonly ended?: (request: EndedRequest) => void;
};

const known = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Asked every few seconds by machines. */
const byMachines = new Set(['/healthz', '/readyz', '/metrics']);

/** Stands behind `welcome`, before anything that may refuse. */
export function requestLog({ log, secrets, clock, ended }: RequestLogParts): RequestHandler {
  return (req, res, next) => {
    const { socket } = req;
    const begun = { at: clock.monotonic(), sent: socket.bytesWritten };
    res.once('close', () => {
      const request: EndedRequest = {
        method: known.has(req.method) ? req.method : 'other',
        route: routeOf(req),
        status: res.statusCode,
        milliseconds: Math.round((clock.monotonic() - begun.at) * 10) / 10,
        bytes: Math.max(0, socket.bytesWritten - begun.sent),
        aborted: !res.writableFinished,
      };
      ended?.(request);
      const { requestId, person } = req.visit;
      const who = person && { person: secrets.digest('log.person', person.personId).slice(0, 16) };
      log[levelOf(request)]({ requestId, ...request, ...who }, 'request');
    });
    next();
  };
}

/** @returns the pattern a request was answered by; `none` where no route took it, a refused one (403, 413) too */
export function routeOf(req: Request): string {
  const { path } = (req.route ?? {}) as { path?: unknown };
  if (typeof path === 'string') return path;
  return req.visit.path.startsWith('/assets/') && req.visit.language === 'ko' ? '/assets/*file' : 'none';
}

function levelOf({ status, route }: Pick<EndedRequest, 'status' | 'route'>): 'debug' | 'info' | 'warn' | 'error' {
  if (status === 503) return 'warn';
  if (status >= 500) return 'error';
  return byMachines.has(route) ? 'debug' : 'info';
}

const wellFormed = /^[0-9A-Za-z][0-9A-Za-z_-]{7,63}$/;

/**
 * @param own the number this panel made up
 * @returns the number of the request in logs and on error pages: `X-Request-Id` of a trusted proxy where it is one, else our own.
 * A visitor's own is never taken, or anybody could write into the log and let two requests look like one.
 */
export function requestIdOf(req: Request, own: string): string {
  const trusts = req.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  const sent = req.get('x-request-id');
  return sent && wellFormed.test(sent) && trusts(req.socket.remoteAddress ?? '', 0) ? sent : own;
}
