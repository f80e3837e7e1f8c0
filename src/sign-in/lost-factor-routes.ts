// The HTTP of a lost second factor: stopping its removal, by a letter's link or signed in.
import { Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import { act, form } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type LostFactorRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets };

export function lostFactorRoutes({ signIn, choices, counters, secrets }: LostFactorRouteParts, guards: Guards): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const { lostFactors } = signIn;

  const stop = form({
    view: 'sign-in/lost-factor',
    fields: z.object({}),
    show: async (req) => {
      await lostFactors.checkStop(String(req.params.token));
      return { title: req.visit.words.t('lostFactor.title'), section: 'login' };
    },
    submit: async ({ req }) => {
      await lostFactors.stop(req, String(req.params.token));
      say(req, 'lostFactor.stopped');
      return '/login';
    },
  });
  router.get('/account/lost-factor/:token', stop.get);
  router.post('/account/lost-factor/:token', limit('login', choices.limits.login), stop.post);

  router.post(
    '/account/security/lost-factor/stop',
    guards.signedInAt(() => '/account/security'),
    act({
      fields: z.object({}),
      submit: async ({ req }) => {
        await lostFactors.stopOwn(req);
        say(req, 'lostFactor.stopped');
        return '/account/security';
      },
    }),
  );
  return router;
}
