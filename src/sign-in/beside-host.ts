// The panel's session stands beside the session of a host program it is mounted in (docs/decisions/0004).
import type { Request, RequestHandler, Response } from 'express';

type Held = Pick<Request, 'session' | 'sessionID' | 'sessionStore'>;
const fields = ['session', 'sessionID', 'sessionStore'] as const;

/**
 * express-session does nothing where `req.session` is there already, so the panel would live in its host's cookie and store.
 * The host's session is set aside while the panel handles the request, and put back whenever the host's own wrappers of
 * `writeHead` and `end` run.
 * @param own the panel's session middleware
 */
export function besideHost(own: RequestHandler): RequestHandler {
  return (req, res, next) => {
    if (!('session' in req) || !req.session) return own(req, res, next);
    const sides = new Sides(req);
    wrap(res, (act) => sides.on('host', act));
    sides.turn('own');
    own(req, res, (error?: unknown) => {
      // The host's end may send the headers while its session is in place; the panel's cookie is then still made from its own.
      wrapHead(res, (act) => sides.on('own', act));
      next(error);
    });
  };
}

type Side = 'host' | 'own';

/** Which of the two sessions the request carries now. */
class Sides {
  readonly #req: Request;
  readonly #aside: Record<Side, Partial<Held>>;
  #side: Side = 'host';

  constructor(req: Request) {
    this.#req = req;
    this.#aside = { host: {}, own: {} };
  }

  turn(side: Side): void {
    if (side === this.#side) return;
    this.#aside[this.#side] = Object.fromEntries(fields.map((field) => [field, this.#req[field]]));
    for (const field of fields) delete (this.#req as Partial<Held>)[field];
    Object.assign(this.#req, this.#aside[side]);
    this.#side = side;
  }

  /** Runs an act with one side in place and turns back. */
  on<T>(side: Side, act: () => T): T {
    const before = this.#side;
    this.turn(side);
    try {
      return act();
    } finally {
      this.turn(before);
    }
  }
}

type Run = <T>(act: () => T) => T;

function wrapHead(res: Response, run: Run): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = ((...args: unknown[]) => run(() => writeHead(...args))) as typeof res.writeHead;
}

function wrap(res: Response, run: Run): void {
  wrapHead(res, run);
  const end = res.end.bind(res) as (...args: unknown[]) => Response;
  res.end = ((...args: unknown[]) => run(() => end(...args))) as typeof res.end;
}
