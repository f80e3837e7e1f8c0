// The HTTP of another e-mail address: asked for on one's own page, confirmed and undone by mailed links. A GET changes nothing.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import { act, form } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import { confirmHours, undoDays } from './address-change.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type AddressRouteParts = { signIn: SignIn; accounts: Accounts; choices: Choices; counters: Counters; secrets: Secrets };

const page = '/account/security/address';
const security = '/account/security';

export function addressRoutes(parts: AddressRouteParts, guards: Guards): Router {
  const router = Router();
  const { signIn, accounts, choices } = parts;
  const { addressChanges } = signIn;
  const limit = limitsByAddress(parts)('login', choices.limits.login);

  const ask = form({
    view: 'sign-in/address',
    fields: z.object({ email: z.string({ error: 'signup.email.missing' }).max(1016, 'error.tooLongField') }),
    show: async (req) => ({
      title: req.visit.words.t('address.title'),
      section: 'account',
      present: (await accounts.person(req.visit.person?.personId ?? '')).email,
      waiting: await addressChanges.waiting(req),
      hours: confirmHours,
      days: undoDays,
    }),
    submit: async ({ req, values }) => {
      await addressChanges.ask(req, values.email);
      say(req, 'address.mailed', { hours: confirmHours });
      return page;
    },
  });
  const entered = [guards.signedIn, guards.fresh];
  router.get(page, ...entered, ask.get);
  router.post(page, ...entered, limit, ask.post);
  const cancel = act({
    fields: z.object({}),
    submit: async ({ req }) => {
      await addressChanges.cancel(req);
      say(req, 'address.cancelled');
      return page;
    },
  });
  router.post(
    `${page}/cancel`,
    guards.signedInAt(() => page),
    guards.fresh,
    cancel,
  );

  for (const side of ['old', 'new'] as const) {
    const link = linkForm(parts, side);
    router.get(`/account/address/${side}/:token`, link.get);
    router.post(`/account/address/${side}/:token`, limit, link.post);
  }

  const undo = form({
    view: 'sign-in/address-undo',
    fields: z.object({}),
    show: async (req) => {
      const { oldAddress } = await addressChanges.byUndo(String(req.params.token));
      return { title: req.visit.words.t('address.undo.title'), section: 'login', oldAddress };
    },
    submit: async ({ req }) => {
      await addressChanges.undo(req, String(req.params.token));
      say(req, 'address.undo.done');
      return '/login';
    },
  });
  router.get('/account/address/undo/:token', undo.get);
  router.post('/account/address/undo/:token', limit, undo.post);
  return router;
}

/** The page of a mailed link: says what it does, and does it with its button. */
function linkForm({ signIn, accounts }: AddressRouteParts, side: 'old' | 'new'): { get: RequestHandler; post: RequestHandler } {
  const { addressChanges, devices } = signIn;
  /** The device cookie is signed over the login name, and would be a stranger's from now on. */
  const rememberDevice = async (req: Request, res: Response) => {
    const { person } = req.visit;
    if (person) devices.remember(res, accounts.loginIndex((await accounts.person(person.personId)).loginName));
  };
  return form({
    view: 'sign-in/address-link',
    fields: z.object({}),
    show: async (req) => {
      const change = await addressChanges.byLink(side, String(req.params.token));
      const early = side === 'new' && addressChanges.isEarly(change);
      const title = req.visit.words.t(`address.link.title.${side}`);
      return { title, section: 'login', side, wanted: change.newAddress, from: early ? change.waitsUntil : undefined };
    },
    submit: async ({ req, res }) => {
      const isDone = await addressChanges.confirm(req, side, String(req.params.token));
      if (isDone) await rememberDevice(req, res);
      say(req, isDone ? 'address.done' : 'address.half');
      return req.visit.person ? security : '/login';
    },
  });
}
