// The HTTP of second factors: the second step of signing in, an authenticator app, recovery codes.
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import { qrCode } from '../platform/qr.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { act, form, optionalText } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type FactorRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets; addresses: Addresses };

const shortText = optionalText(100);
const security = '/account/security';

export function factorRoutes({ signIn, choices, counters, secrets, addresses }: FactorRouteParts, guards: Guards): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const { factors } = signIn;

  const secondStep = form({
    view: 'sign-in/second-factor',
    fields: z.object({ code: shortText, recovery: shortText, next: z.string().max(2000).optional().catch(undefined) }),
    show: async (req) => ({
      title: req.visit.words.t('factors.step.title'),
      section: 'login',
      scripts: ['behaviours/passkey.js'],
      has: await factors.kinds(req.session.half?.personId ?? ''),
      next: addresses.localPath(req.query.next ?? (req.body as { next?: unknown } | undefined)?.next) ?? '',
    }),
    submit: async ({ req, res, values }) => {
      await signIn.enterBySecondFactor(req, res, values);
      return addresses.localPath(values.next) ?? '/dashboard';
    },
  });
  const halfIn: RequestHandler = (req, res, next) => (signIn.owesSecondFactor(req) ? next() : goTo(req, res, '/login'));
  router.get('/login/second-factor', halfIn, secondStep.get);
  router.post('/login/second-factor', limit('login', choices.limits.login), secondStep.post);

  const app = form({
    view: 'sign-in/app',
    fields: z.object({ code: shortText }),
    show: async (req) => {
      const { secret, uri } = await factors.begin(req);
      const groups = (secret.match(/.{1,4}/g) ?? []).join(' ');
      return { title: req.visit.words.t('factors.app.title'), section: 'account', secret: groups, uri, qr: qrCode(uri) };
    },
    submit: async ({ req, values }) => {
      await factors.confirm(req, values.code);
      say(req, 'factors.added');
      return req.session.newCodes ? `${security}/recovery-codes` : security;
    },
  });
  const entered = [guards.signedIn, guards.fresh];
  router.get(`${security}/app`, ...entered, app.get);
  router.post(`${security}/app`, ...entered, app.post);

  router.get(`${security}/recovery-codes`, ...entered, async (req, res) => {
    const codes = factors.takeNewCodes(req);
    if (codes.length === 0) return goTo(req, res, security);
    const title = req.visit.words.t('factors.codes.title');
    await res.page('sign-in/recovery-codes', { title, section: 'account', scripts: ['behaviours/copy.js'], codes });
  });
  const here = guards.signedInAt(() => security);
  router.post(
    `${security}/recovery-codes`,
    here,
    guards.fresh,
    act({
      fields: z.object({}),
      submit: async ({ req }) => {
        await factors.renewCodes(req);
        return `${security}/recovery-codes`;
      },
    }),
  );

  const removal = form({
    view: 'sign-in/app-removal',
    fields: z.object({}),
    show: (req) => ({ title: req.visit.words.t('factors.removal.title'), section: 'account' }),
    submit: async ({ req }) => {
      await factors.remove(req);
      say(req, 'factors.removal.done');
      return security;
    },
  });
  router.get(`${security}/app/removal`, ...entered, removal.get);
  router.post(`${security}/app/removal`, ...entered, removal.post);
  return router;
}
