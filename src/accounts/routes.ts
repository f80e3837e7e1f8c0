// The HTTP of signing up: the form, the page after it, and the letter once more.
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import { type Orders, requiredItems } from '../orders/orders.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import { Invalid, tooMany } from '../platform/errors.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { checkbox, form, optionalText } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Accounts } from './accounts.ts';
import { verifyHours } from './sign-up.ts';
import { answersOf, shownItems } from './sign-up-page.ts';

declare module 'express-session' {
  interface SessionData {
    /** what this browser signed up with, and when the letter may be sent once more, in epoch milliseconds */
    signUp: { email: string; resendAt: number };
  }
}

export type AccountRouteParts = {
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly consent: Consent;
  readonly choices: Pick<Choices, 'eraseAfterDays' | 'features' | 'limits'>;
  readonly counters: Counters;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
};

// What is wrong with a field is said by the door, all at once; here a field only has to be a text.
const field = optionalText(20_000);

const fields = z.object({
  plan: field,
  age_14: checkbox,
  agree_terms: checkbox,
  agree_backup: checkbox,
  agree_sla: checkbox,
  marketing_use: checkbox,
  ads_email: checkbox,
  ads_sms: checkbox,
  ads_night: checkbox,
  terms_versions: field,
  email: field,
  password: field,
  name: field,
  phone: field,
  website: field,
});

export function accountRoutes({
  accounts,
  orders,
  consent,
  choices,
  counters,
  secrets,
  clock,
  idempotency,
}: AccountRouteParts): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const contextOf = (req: Request) => ({
    language: req.visit.language,
    actor: actorOf(req),
    sessionHash: hashToken(req.sessionID),
  });

  const signUp = form({
    view: 'accounts/sign-up',
    fields,
    idempotency,
    show: async (req) => {
      const plans = await orders.plans();
      const { words } = req.visit;
      return {
        title: words.t('signup.title'),
        description: words.t('signup.lead'),
        section: 'signUp',
        scripts: ['behaviours/show-password.js', 'behaviours/submit-once.js'],
        plans,
        chosen: chosenPlan(req),
        items: shownItems(words, consent, { plans, rule: orders.compensation() }),
        versions: accounts.shownVersions(words.language),
        documentsAreShown: choices.features.includes('consent'),
        eraseAfterDays: choices.eraseAfterDays,
      };
    },
    submit: async ({ req, values, once }) => {
      const { plan, terms_versions: versions, email, password, name, phone, website, ...ticked } = values;
      const input = { plan, versions, email, password, name, phone, website, answers: answersOf(req.visit.words, ticked) };
      const finish = (tx: Parameters<typeof once.finish>[0]) => once.finish(tx, '/signup/sent');
      await accounts.signUp(input, { ...contextOf(req), finish }).catch((error) => {
        untickChanged(req, error);
        throw error;
      });
      req.session.signUp = { email: email.trim(), resendAt: clock.now() + minute };
      return '/signup/sent';
    },
  });
  router.get('/signup', signUp.get);
  router.post('/signup', limit('signUp', choices.limits.signUp), signUp.post);

  const sent = form({
    view: 'accounts/sent',
    fields: z.object({}),
    show: (req) => ({
      title: req.visit.words.t('signup.sent.title'),
      section: 'signUp',
      email: req.session.signUp?.email ?? '',
      resendFrom: wholeMinute(req.session.signUp?.resendAt ?? 0),
      hours: verifyHours,
      letters: choices.limits.lettersPerAddress.count,
    }),
    submit: async ({ req }) => {
      const waiting = req.session.signUp;
      if (!waiting) return '/signup';
      const until = (at: number) => tooMany('signup.resend.wait', { until: req.visit.words.clock(at) });
      if (clock.now() < waiting.resendAt) throw until(wholeMinute(waiting.resendAt));
      const { refusedUntil } = await accounts.resend(waiting.email, contextOf(req));
      if (refusedUntil !== undefined) throw until(wholeMinute(refusedUntil));
      req.session.signUp = { ...waiting, resendAt: clock.now() + minute };
      say(req, 'signup.resend.done');
      return '/signup/sent';
    },
  });
  const afterSignUp: RequestHandler = (req, res, next) => (req.session.signUp ? next() : goTo(req, res, '/signup'));
  router.get('/signup/sent', afterSignUp, sent.get);
  router.post('/signup/resend', limit('mailedLink', choices.limits.mailedLink), sent.post);
  return router;
}

/** A wait is told as a clock time without seconds, which must not be too early. */
const wholeMinute = (at: number) => Math.ceil(at / minute) * minute;

/** A plan is selected only when the visitor chose it: in this form, or by the button of its page. */
function chosenPlan(req: Request): string {
  const typed = (req.body as { plan?: unknown } | undefined)?.plan ?? req.query.plan;
  return typeof typed === 'string' ? typed : '';
}

/** A box stays ticked when the form comes back, except where the text behind it has changed meanwhile. */
function untickChanged(req: Request, error: unknown): void {
  if (!(error instanceof Invalid) || !error.fields.terms_versions) return;
  const everything = error.fields.terms_versions.some(({ key }) => key === 'consent.changed.unreadable');
  const unticked = everything ? requiredItems.filter((item) => item !== 'age_14') : Object.keys(error.fields);
  for (const item of unticked) delete (req.body as Record<string, unknown>)[item];
}
