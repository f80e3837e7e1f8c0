// The HTTP of the ways back: forgotten password, new password by letter, "this was not me".
import { Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import { form, optionalText } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { SignIn } from './sign-in.ts';

export type RecoveryRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets };

export function recoveryRoutes({ signIn, choices, counters, secrets }: RecoveryRouteParts): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const { recovery } = signIn;

  const forgot = form({
    view: 'sign-in/forgot',
    fields: z.object({
      email: z.string({ error: 'login.emailMissing' }).min(1, 'login.emailMissing').max(254, 'error.tooLongField'),
    }),
    show: ({ visit: { words } }) => ({
      title: words.t('reset.forgot.title'),
      description: words.t('reset.forgot.intro'),
      section: 'login',
    }),
    submit: async ({ req, values }) => {
      await recovery.mailReset(req, values.email);
      say(req, 'reset.mailed');
      return '/login';
    },
  });
  router.get('/password/forgot', forgot.get);
  router.post('/password/forgot', limit('mailedLink', choices.limits.mailedLink), forgot.post);

  const reset = form({
    view: 'sign-in/reset',
    fields: z.object({ password: optionalText(4096) }),
    show: async (req) => {
      await recovery.checkReset(String(req.params.token));
      return { title: req.visit.words.t('reset.title'), section: 'login', scripts: ['behaviours/show-password.js'] };
    },
    submit: async ({ req, res, values }) => {
      signIn.remember(res, await recovery.reset(req, String(req.params.token), values.password));
      say(req, 'reset.done');
      return '/login';
    },
  });
  router.get('/password/reset/:token', reset.get);
  router.post('/password/reset/:token', limit('login', choices.limits.login), reset.post);

  const notMe = form({
    view: 'sign-in/not-me',
    fields: z.object({}),
    show: async (req) => {
      await recovery.checkNotMe(String(req.params.token));
      return { title: req.visit.words.t('notMe.title'), section: 'login' };
    },
    submit: async ({ req }) => {
      await recovery.disown(req, String(req.params.token));
      say(req, 'notMe.done');
      return '/login';
    },
  });
  router.get('/account/not-me/:token', notMe.get);
  router.post('/account/not-me/:token', limit('login', choices.limits.login), notMe.post);
  return router;
}
