// The HTTP of termination: closing one's account, undoing it by a letter's link, and the certificate of what was destroyed.

import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import { conflict, Invalid } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { goTo, say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import { type ClosePageParts, closePage } from './page.ts';
import { destroyedThings, type SignedCertificate, type Termination } from './termination.ts';

export type TerminationRouteParts = ClosePageParts & {
  readonly counters: Counters;
  readonly secrets: Secrets;
  readonly choices: Choices;
};

declare module 'express-session' {
  interface SessionData {
    /** of an account that this browser has just closed: shown once */
    closed: { number: string; eraseAt: number; isHeld: boolean };
  }
}

const address = '/account/close';
const fields = z.object({
  when: z.string().catch('').default(''),
  reason: z.string().catch('').default(''),
  confirm: z.string({ error: 'termination.confirm.missing' }).min(1, 'termination.confirm.missing'),
});

export function terminationRoutes(parts: TerminationRouteParts, guards: Guards): Router {
  const { termination, counters, secrets, choices } = parts;
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const may = guards.may('close');

  const closing = form({
    view: 'termination/close',
    fields,
    show: (req) => closePage(req, parts),
    submit: async ({ req, values }) => {
      const { customerId } = signedIn(req);
      if (await isForLater(termination, customerId, values.when)) {
        await termination.wishes.ask(customerId, values.reason, actorOf(req));
        say(req, 'termination.asked.done');
        return address;
      }
      const closed = await termination.close(customerId, { because: 'customer', said: values.reason }, actorOf(req));
      // The session has gone with the account.
      await new Promise<void>((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve())));
      req.session.closed = { number: closed.id, eraseAt: closed.eraseAt, isHeld: closed.heldAt !== null };
      return '/account/closed';
    },
  });
  router.get(address, guards.signedIn, may, closing.get);
  router.post(address, guards.signedIn, may, guards.fresh, closing.post);

  const withdrawal = form({
    view: 'termination/close',
    fields: z.object({}),
    show: (req) => closePage(req, parts),
    submit: async ({ req }) => {
      await termination.wishes.withdraw(signedIn(req).customerId, actorOf(req));
      say(req, 'termination.withdrawal.done');
      return address;
    },
  });
  router.post(
    `${address}/withdrawal`,
    guards.signedInAt(() => address),
    may,
    withdrawal.post,
  );

  router.get('/account/closed', async (req, res) => {
    const { closed } = req.session ?? {};
    if (!closed) return goTo(req, res, '/login');
    await res.page('termination/closed', { title: req.visit.words.t('termination.closed.title'), section: 'login', ...closed });
  });

  const reopening = form({
    view: 'termination/reopen',
    fields: z.object({}),
    show: async (req) => {
      const { eraseAt } = await termination.ofToken(tokenIn(req));
      return { title: req.visit.words.t('termination.reopen.title'), section: 'login', eraseAt };
    },
    submit: async ({ req }) => {
      const { address: from, agent } = req.visit;
      await termination.reopenByToken(tokenIn(req), { address: from, agent });
      delete req.session.closed;
      say(req, 'termination.reopen.done');
      return '/login';
    },
  });
  router.get('/account/reopen/:token', reopening.get);
  router.post('/account/reopen/:token', limit('login', choices.limits.login), reopening.post);

  router.get('/certificates/:token', async (req, res) => {
    const certificate = await termination.certificate(tokenIn(req));
    await res.page('termination/certificate', {
      ...certificatePage(req, certificate),
      json: `/certificates/${tokenIn(req)}/json`,
    });
  });
  router.get('/certificates/:token/json', async (req, res) => {
    const certificate = await termination.certificate(tokenIn(req));
    asAttachment(res, `certificate-${certificate.number}.json`);
    res.json(certificate);
  });
  return router;
}

/** @throws Invalid on `when`: two ways are shown, and neither is chosen for anybody */
async function isForLater({ wishes }: Termination, customerId: string, when: string): Promise<boolean> {
  const isChoice = !(await wishes.of(customerId)) && (await wishes.laterAt(customerId)) !== undefined;
  if (isChoice && when !== 'now' && when !== 'later') throw new Invalid({ when: [{ key: 'termination.choice.missing' }] });
  if (!isChoice && when === 'later') throw conflict('termination.choice.gone');
  return isChoice && when === 'later';
}

const tokenIn = (req: Request) => String(req.params.token);

function certificatePage({ visit }: Request, certificate: SignedCertificate) {
  const { t, number, bytes } = visit.words;
  const amount = (name: (typeof destroyedThings)[number]) =>
    name === 'bytes' ? bytes(certificate.destroyed.bytes) : number(certificate.destroyed[name]);
  return {
    title: t('termination.certificate.title'),
    section: 'login',
    certificate,
    rows: destroyedThings.map((name) => ({ what: t(`termination.certificate.what.${name}`), amount: amount(name) })),
  };
}
