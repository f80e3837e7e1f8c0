// The HTTP of a person's own list of networks, and of the mailed link that lifts it.
import { Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import { form } from '../platform/web/form.ts';
import { longestNetworkList } from '../platform/web/networks.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type NetworkRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets };

const page = '/account/security/networks';

export function networkRoutes({ signIn, choices, counters, secrets }: NetworkRouteParts, guards: Guards): Router {
  const router = Router();
  const { networks } = signIn;
  const limit = limitsByAddress({ counters, secrets })('login', choices.limits.login);

  const list = form({
    view: 'sign-in/networks',
    fields: z.object({
      // What is missing or too long empties no list.
      networks: z.string({ error: 'error.invalid' }).max(20_000, 'error.tooLongField'),
      with_present: z.string().optional().catch(undefined),
    }),
    show: async (req) => ({
      title: req.visit.words.t('networks.title'),
      section: 'account',
      own: await networks.of(req.visit.person?.personId ?? ''),
      address: req.visit.address,
      most: longestNetworkList,
    }),
    submit: async ({ req, values }) => {
      const count = await networks.set(req, values.networks, values.with_present !== undefined);
      say(req, count > 0 ? 'networks.done' : 'networks.lifted', { count });
      return page;
    },
  });
  const entered = [guards.signedIn, guards.fresh];
  router.get(page, ...entered, list.get);
  router.post(page, ...entered, list.post);

  const lift = form({
    view: 'sign-in/networks-lift',
    fields: z.object({}),
    show: async (req) => {
      await networks.checkLift(String(req.params.token));
      return { title: req.visit.words.t('networks.lift.title'), section: 'login' };
    },
    submit: async ({ req }) => {
      await networks.lift(req, String(req.params.token));
      say(req, 'networks.lift.done');
      return '/login';
    },
  });
  router.get('/account/networks/:token', lift.get);
  router.post('/account/networks/:token', limit, lift.post);
  return router;
}
