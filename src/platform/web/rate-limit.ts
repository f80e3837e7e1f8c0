// express-rate-limit on the shared counters: a limit holds over all processes and survives a restart.
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import type { Counters } from '../counters/port.ts';
import { PanelError } from '../errors.ts';
import type { Secrets } from '../secrets.ts';

export type Limit = { readonly count: number; readonly windowMilliseconds: number };

type LimitOptions = {
  readonly counters: Counters;
  /** keeps the counts of two limits apart */
  readonly name: string;
  readonly limit: Limit;
  /** keyed digest of a network address, so that the counters hold no personal value */
  readonly digest: (address: string) => string;
};

class CounterStore implements Store {
  readonly localKeys = false;
  readonly prefix: string;
  readonly #counters: Counters;
  readonly #windowMilliseconds: number;

  constructor(counters: Counters, name: string, windowMilliseconds: number) {
    this.#counters = counters;
    this.prefix = `limit:${name}:`;
    this.#windowMilliseconds = windowMilliseconds;
  }

  async increment(key: string) {
    const { count, resetAt } = await this.#counters.hit(this.prefix + key, this.#windowMilliseconds);
    return { totalHits: count, resetTime: new Date(resetAt) };
  }

  decrement(key: string): Promise<void> {
    return this.#counters.refund(this.prefix + key, this.#windowMilliseconds);
  }

  resetKey(key: string): Promise<void> {
    return this.#counters.clear(this.prefix + key);
  }
}

/**
 * Limits by network (IPv6 by /56): each refuses with 429 and the clock time of the end of the wait. Counters that do not answer refuse
 * as well (503).
 * @returns a limit by its name, which keeps its counts apart from those of others
 */
export function limitsByAddress({ counters, secrets }: { counters: Counters; secrets: Secrets }) {
  const digest = (address: string) => secrets.digest('limit.address', address);
  return (name: string, limit: Limit): RequestHandler => limited({ counters, name, limit, digest });
}

function limited({ counters, name, limit, digest }: LimitOptions): RequestHandler {
  return rateLimit({
    windowMs: limit.windowMilliseconds,
    limit: limit.count,
    standardHeaders: false,
    legacyHeaders: false,
    store: new CounterStore(counters, name, limit.windowMilliseconds),
    keyGenerator: (req) => digest(ipKeyGenerator(req.ip ?? '')),
    // X-Forwarded-For of strangers is ignored on purpose where TRUST_PROXY names nobody.
    validate: { xForwardedForHeader: false, keyGeneratorIpFallback: false },
    handler: (req, _res, next) => {
      const resetAt = (req as Request & { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime?.getTime() ?? 0;
      next(new PanelError(429, 'error.wait', { until: req.visit.words.clock(resetAt) }));
    },
  });
}
