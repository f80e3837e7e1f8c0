// The HTTP of restores: choosing, preview and confirmation; then the page of the restore, its progress, and undoing it.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Backups } from '../backups/backups.ts';
import type { Clock } from '../platform/clock.ts';
import { Invalid } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act, form, keptFor, parse } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import { orderFields, orderOf, queryOf } from './asking.ts';
import { choosePage, previewPage, restorePage, restoresPage } from './page.ts';
import { type RestoreOrder, type Restores, restoreAddress } from './restores.ts';
import { restoreState } from './words.ts';

export type RestoreRouteParts = {
  readonly restores: Restores;
  readonly backups: Backups;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
};

/** To be asked before the routes of backups, where `restorations` would be an id. */
export function restoreRoutes(parts: RestoreRouteParts, guards: Guards): Router {
  const { restores, backups, clock, idempotency } = parts;
  const { signedIn, signedInAt, fresh, site, mayChange } = guards;
  const router = Router();
  const top = '/sites/:site/backups/:id/restoration';
  const asked = (req: Request) => backups.byId(req.site, String(req.params.id));
  const find = (req: Request) => restores.find(req.site, String(req.params.id));

  /** A stranger's backup is not there, whatever else is wrong. */
  const isThere: RequestHandler = async (req, _res, next) => {
    await asked(req);
    next();
  };

  router.get(top, signedIn, site, mayChange, async (req, res) => {
    const data = await choosePage(req, parts, await asked(req), keptFor(req).values ?? typedOf(req));
    await res.page('restores/choose', data);
  });

  router.get(`${top}/preview`, signedIn, site, mayChange, unlessWrong(parts), async (req, res) => {
    const order = orderIn(req.query);
    const backup = await asked(req);
    await res.page('restores/preview', await previewPage(req, restores, { backup, order }));
  });

  const confirmation = form({
    view: 'restores/confirm',
    fields: orderFields.extend({
      plan_hash: z.string({ error: 'restores.fault.plan' }).regex(/^[0-9a-f]{64}$/, 'restores.fault.plan'),
    }),
    idempotency,
    show: async (req) => {
      const order = orderIn(req.method === 'GET' ? req.query : req.body);
      const page = await previewPage(req, restores, { backup: await asked(req), order });
      return { ...page, title: req.visit.words.t('restores.confirm.title') };
    },
    submit: async ({ req, values, once }) => {
      const order = orderOf(values);
      const backup = await asked(req);
      const seen = { backup, order, seen: values.plan_hash };
      const id = await restores.begin(req.site, actorOf(req), seen, once);
      if (id !== undefined) return restoreAddress(req.site, id);
      say(req, 'restores.changed', undefined, 'bad');
      return `${askingAddress(req)}/preview?${queryOf(order)}`;
    },
  });
  router.get(`${top}/confirmation`, signedIn, site, mayChange, fresh, unlessWrong(parts), confirmation.get);
  router.post(top, signedInAt(askingAddress), site, isThere, fresh, confirmation.post);

  router.get('/sites/:site/backups/restorations', signedIn, site, async (req, res) => {
    await res.page('restores/list', await restoresPage(req, parts));
  });
  router.get('/sites/:site/backups/restorations/:id', signedIn, site, async (req, res) => {
    await res.page('restores/one', await restorePage(req, parts, await find(req)));
  });
  router.get('/sites/:site/backups/restorations/:id/state', signedIn, site, async (req, res) => {
    res.json(restoreState(await find(req), req.visit.words, clock));
  });
  const pageOf = (req: Request) => restoreAddress({ name: String(req.params.site) }, String(req.params.id));
  const undoing = act({
    fields: z.object({}),
    idempotency,
    submit: async ({ req, once }) => {
      const id = await restores.undo(req.site, await find(req), actorOf(req), once);
      return restoreAddress(req.site, id);
    },
  });
  router.post('/sites/:site/backups/restorations/:id/undo', signedInAt(pageOf), site, fresh, undoing);
  return router;
}

/** @returns the first of the three pages, without mount and language */
const askingAddress = (req: Request): string => `/sites/${req.params.site}/backups/${req.params.id}/restoration`;

/** @throws Invalid */
const orderIn = (fields: unknown): RestoreOrder => orderOf(parse(orderFields, fields));

/** An address that asks for nothing that could be done is the first page, with what is wrong. */
function unlessWrong(parts: RestoreRouteParts): RequestHandler {
  return async (req: Request, res: Response, next) => {
    const backup = await parts.backups.byId(req.site, String(req.params.id));
    if (req.query.scope === undefined) return goTo(req, res, askingAddress(req));
    try {
      orderIn(req.query);
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      const page = await choosePage(req, parts, backup, typedOf(req));
      return res.page('restores/choose', { ...page, faults: error.fields }, 422);
    }
    next();
  };
}

/** What stands in the address, as far as a form may show it again. */
function typedOf(req: Request): Record<string, string | string[]> {
  const known = ['scope', 'paths', 'more', 'databases', 'dest', 'mode'];
  const isText = (value: unknown): value is string | string[] =>
    typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
  const entries = known.map((name) => [name, req.query[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string | string[]] => isText(entry[1])));
}
