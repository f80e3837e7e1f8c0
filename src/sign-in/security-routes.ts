// The HTTP of one's own account: where it is signed in, its password, its history (ux.md 2.12).
import { Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import { deviceName } from '../platform/web/device.ts';
import { act, form, optionalText, requireToken } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from './guards.ts';
import { idleEnd } from './idle.ts';
import type { SignIn } from './sign-in.ts';

export type SecurityRouteParts = { signIn: SignIn; accounts: Accounts; choices: Choices; clock: Clock };

const secret = optionalText(4096);

export function securityRoutes({ signIn, accounts, choices, clock }: SecurityRouteParts, guards: Guards): Router {
  const router = Router();
  const { own, recovery } = signIn;

  const password = form({
    view: 'sign-in/security',
    fields: z.object({ current_password: secret, new_password: secret }),
    show: async (req) => {
      const person = await accounts.person(signedIn(req).personId);
      const [sessions, history, factor, passkeys, loss] = await Promise.all([
        own.sessions(req),
        own.history.newest(req),
        signIn.factors.overview(req),
        signIn.passkeys.own(req),
        signIn.lostFactors.ofOwn(req),
      ]);
      return {
        title: req.visit.words.t('security.title'),
        section: 'account',
        isFresh: guards.isFresh(req),
        networks: await signIn.networks.of(person.id),
        waiting: await signIn.addressChanges.waiting(req),
        scripts: ['behaviours/show-password.js', 'behaviours/passkey.js'],
        person,
        factor,
        passkeys,
        loss,
        factorDemanded: choices.secondFactor === 'demanded' && !factor.since && passkeys.length === 0,
        sessions: sessions.map((session) => ({ ...session, device: deviceName(session.agent ?? '') })),
        history: history.map((row) => ({ ...row, device: deviceName(row.agent ?? '') })),
      };
    },
    submit: async ({ req, values }) => {
      const ended = await own.changePassword(req, values.current_password, values.new_password);
      say(req, 'security.password.done', { count: ended });
      return '/account/security';
    },
  });
  router.get('/account', guards.signedIn, (req, res) => goTo(req, res, '/account/security'));
  router.get('/account/security', guards.signedIn, password.get);
  const here = guards.signedInAt(() => '/account/security');
  router.post('/account/security/password', here, guards.fresh, password.post);

  router.post(
    '/account/security/sessions/end',
    here,
    guards.fresh,
    act({
      // PostgreSQL takes no text with a NUL, not even to look it up.
      fields: z.object({
        session: z
          .string()
          .max(100)
          .regex(/^[\w-]+$/)
          .catch(''),
      }),
      submit: async ({ req, values }) => {
        await own.endSession(req, values.session);
        say(req, 'security.sessions.ended');
        return '/account/security';
      },
    }),
  );
  router.post(
    '/account/security/sessions/end-others',
    here,
    guards.fresh,
    act({
      fields: z.object({}),
      submit: async ({ req }) => {
        say(req, 'security.sessions.othersEnded', { count: await own.endOthers(req) });
        return '/account/security';
      },
    }),
  );

  // For the warning before a session ends: the request itself is the use that lets it go on.
  router.post('/account/stay', here, (req, res) => {
    requireToken(req);
    if (req.visit.wantsJson) return void res.json(idleEnd(req, choices, clock));
    goTo(req, res, '/dashboard');
  });

  const notMe = form({
    view: 'sign-in/not-me',
    fields: z.object({}),
    show: (req) => ({ title: req.visit.words.t('security.notMe'), section: 'account' }),
    submit: async ({ req }) => {
      await recovery.disownSignedIn(req, signedIn(req).personId);
      say(req, 'notMe.done');
      return '/login';
    },
  });
  router.get('/account/security/not-me', guards.signedIn, notMe.get);
  router.post('/account/security/not-me', guards.signedIn, notMe.post);
  return router;
}
