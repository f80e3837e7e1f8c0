// The HTTP of signing in: login with CAPTCHA, mailed link, verification, fresh sign-in, logout.
import { Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import { notFound } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { cookieFor } from '../platform/web/cookies.ts';
import { act, form, optionalText } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type SignInRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets; addresses: Addresses };

const passwordScripts = ['behaviours/show-password.js'];
const typedText = (missing: string, maximum: number) =>
  z.string({ error: missing }).min(1, missing).max(maximum, 'error.tooLongField');
const next = z.string().max(2000).optional().catch(undefined);

export function signInRoutes({ signIn, choices, counters, secrets, addresses }: SignInRouteParts, guards: Guards): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  /** Where to go after signing in: only a page of ours, without mount and language. */
  const destination = (wanted: unknown, usual: string) => addresses.localPath(wanted) ?? usual;

  const login = form({
    view: 'sign-in/login',
    fields: z.object({
      email: typedText('login.emailMissing', 254),
      password: typedText('login.passwordMissing', 4096),
      captcha: z.string().max(40).optional().catch(undefined),
      next,
    }),
    show: async (req) => ({
      title: req.visit.words.t('login.title'),
      description: req.visit.words.t('login.description'),
      section: 'login',
      scripts: [...passwordScripts, 'behaviours/passkey.js'],
      captchaDue: await signIn.defence.isDue(req),
      captchaAddress: `${addresses.base}/login/captcha`,
      signUpOn: choices.features.includes('signUp'),
      next: addresses.localPath(req.query.next ?? (req.body as { next?: unknown } | undefined)?.next) ?? '',
    }),
    submit: async ({ req, res, values }) => {
      const entered = await signIn.login(req, res, values);
      const wanted = destination(values.next, '/dashboard');
      if (entered === 'in') return wanted;
      return `/login/second-factor?next=${encodeURIComponent(req.visit.url(wanted))}`;
    },
  });
  router.get('/login', login.get);
  // Limited by the defence itself: a stranger in the same network must not use up what the owner's own browser may send.
  router.post('/login', signIn.refuseWhenBusy, login.post);

  router.get('/login/captcha', limit('captcha', choices.limits.captchaPicture), async (req, res) => {
    if (req.visit.language !== 'ko' || !(await signIn.defence.isDue(req))) throw notFound();
    const picture = await signIn.defence.draw(req);
    res.set('Cache-Control', 'no-store').type('png').send(picture);
  });

  const mailLink = act({
    fields: z.object({ email: typedText('login.emailMissing', 254) }),
    submit: async ({ req, values }) => {
      await signIn.mailLink(req, values.email);
      say(req, 'login.linkSent');
      return '/login';
    },
  });
  router.post('/login/link', limit('mailedLink', choices.limits.mailedLink), mailLink);

  const byLink = form({
    view: 'sign-in/link',
    fields: z.object({}),
    show: (req) => ({ title: req.visit.words.t('login.linkTitle'), section: 'login' }),
    submit: async ({ req, res }) => {
      const entered = await signIn.enterByLink(req, res, String(req.params.token));
      return entered === 'in' ? '/dashboard' : '/login/second-factor';
    },
  });
  router.get('/login/link/:token', byLink.get);
  router.post('/login/link/:token', limit('login', choices.limits.login), byLink.post);

  const verify = form({
    view: 'sign-in/verify',
    fields: z.object({ password: optionalText(4096) }),
    show: async (req) => ({
      title: req.visit.words.t('verify.title'),
      scripts: passwordScripts,
      needsPassword: await signIn.verificationNeedsPassword(req, String(req.params.token)),
    }),
    submit: async ({ req, res, values }) => {
      await signIn.verify(req, res, String(req.params.token), values.password);
      say(req, 'verify.done');
      return '/dashboard';
    },
  });
  router.get('/verify/:token', verify.get);
  router.post('/verify/:token', limit('login', choices.limits.login), verify.post);

  const shortText = optionalText(100);
  const confirm = form({
    view: 'sign-in/confirm',
    fields: z.object({ password: typedText('login.passwordMissing', 4096), code: shortText, recovery: shortText, next }),
    show: async (req) => ({
      title: req.visit.words.t('confirm.title'),
      scripts: [...passwordScripts, 'behaviours/passkey.js'],
      has: await signIn.factors.kinds(req.visit.person?.personId ?? ''),
      next: addresses.localPath(req.query.next ?? (req.body as { next?: unknown } | undefined)?.next) ?? '',
    }),
    submit: async ({ req, values }) => {
      await signIn.own.confirm(req, values);
      return destination(values.next, '/dashboard');
    },
  });
  router.get('/confirm', guards.signedIn, confirm.get);
  router.post('/confirm', guards.signedIn, limit('confirm', choices.limits.confirm), confirm.post);

  const logout = act({
    fields: z.object({}),
    submit: async ({ req, res }) => {
      await signIn.logout(req);
      const { name, options } = cookieFor(addresses, 'sid');
      res.clearCookie(name, { ...options, sameSite: 'lax' });
      if (addresses.base === '') res.set('Clear-Site-Data', '"cache", "storage"');
      return '/login';
    },
  });
  router.post(
    '/logout',
    guards.signedInAt(() => '/dashboard'),
    logout,
  );
  return router;
}
