// The HTTP of programs' tokens: the list, making one, showing it once, ending one.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { act, form, text } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import { signedIn as personOf } from '../platform/web/visit.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import type { Site } from '../sites/sites.ts';
import { lifetimes, type Tokens } from './api.ts';
import { commandsFor } from './commands.ts';

export type TokenRouteParts = { readonly tokens: Tokens; readonly accounts: Accounts; readonly addresses: Addresses };

declare module 'express-session' {
  interface SessionData {
    /** a token that was made a moment ago, until its page was shown */
    apiToken: { siteId: string; token: string };
  }
}

const longestName = 60;
const at = (site: Pick<Site, 'name'>) => `/sites/${site.name}/backups/tokens`;

export function tokenRoutes(parts: TokenRouteParts, { signedIn, signedInAt, site, fresh }: Guards): Router {
  const { tokens } = parts;
  const router = Router();
  const page = listForm(parts);
  router.get('/sites/:site/backups/tokens', signedIn, site, page.get);
  router.post('/sites/:site/backups/tokens', signedIn, site, fresh, page.post);
  router.get('/sites/:site/backups/tokens/once', signedIn, site, (req, res) => showOnce(parts, req, res));
  const list = signedInAt((req) => `/sites/${req.params.site}/backups/tokens`);
  const end = act({
    fields: z.object({}),
    submit: async ({ req }) => {
      await tokens.end(req.site, String(req.params.id), lookerOf(req), actorOf(req));
      say(req, 'api.ended');
      return at(req.site);
    },
  });
  router.post('/sites/:site/backups/tokens/:id/end', list, site, end);
  return router;
}

const lookerOf = (req: Request) => {
  const person = personOf(req);
  return { personId: person.personId, seesAll: can(person, 'people') };
};

function listForm({ tokens, accounts, addresses }: TokenRouteParts) {
  const days = z.enum(lifetimes.map(String) as [string, ...string[]], 'api.days.missing').transform(Number);
  return form({
    view: 'api/tokens',
    fields: z.object({
      name: text('api.name.missing', longestName),
      reach: z.enum(['site', 'all'], 'api.reach.missing'),
      days,
    }),
    show: async (req) => {
      const looker = lookerOf(req);
      const found = await tokens.of(req.site, looker);
      const names = await accounts.memberships.names([...new Set(found.map(({ personId }) => personId))]);
      const whoOf = (personId: string) => names.get(personId)?.name ?? names.get(personId)?.email ?? '–';
      return {
        title: req.visit.words.t('api.title'),
        section: 'backups',
        ...{ site: req.site, mayChange: req.mayChange, back: req.visit.url(`/sites/${req.site.name}/backups`) },
        ...{ lifetimes, seesAll: looker.seesAll, description: addresses.absolute('ko', '/api/v1/openapi.json') },
        tokens: found.map((one) => ({ ...one, who: whoOf(one.personId) })),
        commands: commandsFor(addresses.absolute('ko', '/api/v1'), req.site.name),
      };
    },
    submit: async ({ req, values }) => {
      const token = await tokens.make(req.site, personOf(req), values, actorOf(req));
      req.session.apiToken = { siteId: req.site.id, token };
      return `${at(req.site)}/once`;
    },
  });
}

async function showOnce({ addresses }: TokenRouteParts, req: Request, res: Response): Promise<void> {
  const made = req.session.apiToken;
  delete req.session.apiToken;
  if (made?.siteId !== req.site.id) return goTo(req, res, at(req.site));
  await res.page('api/once', {
    title: req.visit.words.t('api.once.title'),
    section: 'backups',
    scripts: ['behaviours/copy.js'],
    ...{ site: req.site, token: made.token, back: req.visit.url(at(req.site)) },
    commands: commandsFor(addresses.absolute('ko', '/api/v1'), req.site.name),
  });
}
