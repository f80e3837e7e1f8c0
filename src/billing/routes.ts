// The HTTP of the company's billing: a token in the header, JSON both ways, a key that makes a repeat harmless (RFC 6750, 9457).
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Limits } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import { badRequest, Invalid, PanelError, unsupported } from '../platform/errors.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { bearerOf, challenge, countByToken, oneAddress, withRetryAfter } from '../platform/web/programs.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Answer, Billing, OperatorToken, Scope, Sent } from './billing.ts';
import { description } from './description.ts';
import { nothingWish, orderWish, paidWish, planWish, terminationWish } from './shapes.ts';

export type BillingRouteParts = {
  readonly billing: Billing;
  readonly addresses: Addresses;
  readonly counters: Counters;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'apiByAddress' | 'apiByToken'>;
};

const root = '/api/v1/billing';
const longestName = 200;
const longestBody = 16_384;

export function billingRoutes(parts: BillingRouteParts): Router {
  const { billing, addresses, limits } = parts;
  const router = Router();
  const described = description(addresses.absolute('ko', root));
  router.get(`${root}/openapi.json`, oneAddress, (_req, res) => void res.json(described));
  const byAddress = withRetryAfter(parts.clock, limitsByAddress(parts)('billing', limits.apiByAddress));
  const first = [oneAddress, byAddress] as const;

  const reading = (answer: (name: string) => Promise<object>) => async (req: Request, res: Response) => {
    await enter(parts, req, res, 'orders:read');
    res.json(await answer(nameOf(req)));
  };
  router.get(
    `${root}/orders/:name`,
    ...first,
    reading((name) => billing.order(name)),
  );
  router.get(
    `${root}/customers/:name`,
    ...first,
    reading((name) => billing.customer(name)),
  );

  router.get(`${root}/closings`, ...first, async (req, res) => {
    await enter(parts, req, res, 'orders:read');
    const since = z.iso.datetime().safeParse(req.query.since);
    if (!since.success) throw new Invalid({ since: [{ key: 'api.refused.field' }] });
    res.json(await billing.closings(Date.parse(since.data)));
  });

  const json = express.json({ limit: longestBody, type: 'application/json' });
  const acting = <T extends z.ZodType>(path: string, wish: T, act: Act<z.output<T>>) =>
    router.post(`${root}${path}`, ...first, async (req, res) => {
      const token = await enter(parts, req, res, 'orders:write');
      await new Promise<void>((done, fail) => json(req, res, (error?: unknown) => (error ? fail(error) : done())));
      const values = wished(wish, req);
      const { status, body } = await act(sentBy(req, token), values, nameOf(req));
      res.status(status).json(body);
    });
  acting('/orders', orderWish, (sent, values) => billing.place(sent, values));
  acting('/orders/:name/plan', planWish, (sent, values, name) => billing.change(sent, name, values));
  acting('/orders/:name/payment', paidWish, (sent, values, name) => billing.paidFor(sent, name, values));
  acting('/customers/:name/non-payment', nothingWish, (sent, _values, name) => billing.unpaid(sent, name));
  acting('/customers/:name/payment', nothingWish, (sent, _values, name) => billing.paid(sent, name));
  acting('/customers/:name/termination', terminationWish, (sent, values, name) => billing.end(sent, name, values));
  return router;
}

type Act<T> = (sent: Sent, values: T, name: string) => Promise<Answer>;

function nameOf(req: Request): string {
  const name = String(req.params.name ?? '');
  if (name.length > longestName) throw badRequest();
  return name;
}

/** @throws PanelError 401, 403 or 429; the first two with what RFC 6750 wants */
async function enter(parts: BillingRouteParts, req: Request, res: Response, scope: Scope): Promise<OperatorToken> {
  const { billing, limits } = parts;
  res.vary('Authorization');
  const header = req.get('authorization');
  const token = await billing.tokens.open(bearerOf(header), { address: req.visit.address, scope }).catch((error) => {
    challenge(res, error, { realm: 'billing', isNamed: header !== undefined, scope });
    throw error;
  });
  await countByToken(parts, { key: `billing:${token.id}`, limit: limits.apiByToken }, req, res);
  return token;
}

/** @throws PanelError 415 for what is no JSON, 422 naming each field that is not as described */
function wished<T extends z.ZodType>(wish: T, req: Request): z.output<T> {
  if (!req.is('application/json')) throw unsupported('api.refused.json');
  const read = wish.safeParse(req.body);
  if (read.success) return read.data;
  const names = new Set(read.error.issues.map(({ path }) => path.map(String).join('.')));
  throw new Invalid(Object.fromEntries([...names].map((name) => [name, [{ key: 'api.refused.field' }]])));
}

/** @throws PanelError 400 without a key: a repeat could not be told from another wish */
function sentBy(req: Request, { id: tokenId }: OperatorToken): Sent {
  const key = /^"?([\w.:-]{8,100})"?$/.exec(req.get('idempotency-key') ?? '')?.[1];
  if (key === undefined) throw new PanelError(400, 'api.refused.key');
  const digest = hashToken(`${req.path}\n${JSON.stringify(req.body)}`);
  const { address, agent } = req.visit;
  return { asked: { tokenId, key, digest }, actor: { kind: 'operator', address, agent } };
}
