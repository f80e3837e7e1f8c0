// The HTTP of SSH: what it means, asking for it, agreeing again, taking the request back, ending the access. Only owners act.
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import { type Clock, day, localDay } from '../platform/clock.ts';
import { act, form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import { isShut, type Sites } from '../sites/sites.ts';
import { consentFields, requestFields, requireConsent, takenRequest, usualDays } from './fields.ts';
import { withoutPrivateKey } from './keys.ts';
import { wordingOf } from './requests.ts';
import type { Ssh } from './ssh.ts';

export type SshRouteParts = {
  readonly ssh: Ssh;
  readonly sites: Sites;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
  readonly choices: Pick<Choices, 'timeZone' | 'features'>;
};

const pageOf = (req: Request) => `/sites/${req.params.site}/ssh`;

export function sshRoutes(parts: SshRouteParts, guards: Guards): Router {
  const { ssh, sites } = parts;
  const router = Router();
  const may = guards.may('people');
  const here = guards.signedInAt(pageOf);

  router.get('/ssh', guards.signedIn, async (req, res) => {
    const all = await sites.forMember(signedIn(req));
    const last = all.find(({ name }) => name === req.session.siteName) ?? all[0];
    goTo(req, res, last ? `/sites/${last.name}/ssh` : '/dashboard');
  });

  const request = requestForm(parts);
  router.get('/sites/:site/ssh', guards.signedIn, guards.site, request.get);
  router.post('/sites/:site/ssh', forgetPrivateKey, here, guards.site, may, guards.fresh, request.post);

  const again = form({
    view: 'ssh/index',
    fields: z.object(consentFields),
    show: (req) => shown(parts, req),
    submit: async ({ req, values }) => {
      requireConsent(values, ssh.requests.document(req.visit.language).version);
      await ssh.requests.agreeAgain(req, signedIn(req), req.site);
      say(req, 'ssh.done.agreed');
      return pageOf(req);
    },
  });
  router.post('/sites/:site/ssh/consent', here, guards.site, may, guards.fresh, again.post);

  const withdraw = act({
    fields: z.object({}),
    submit: async ({ req }) => {
      await ssh.requests.withdraw(req, signedIn(req), req.site);
      say(req, 'ssh.done.withdrawn');
      return pageOf(req);
    },
  });
  router.post('/sites/:site/ssh/withdrawal', here, guards.site, may, withdraw);

  const end = form({
    view: 'ssh/end',
    fields: z.object({}),
    show: async (req) => {
      const { inForce } = await ssh.requests.of(req.site);
      const title = req.visit.words.t('ssh.end.title');
      return { title, section: 'ftp', siteName: req.site.name, isInForce: inForce !== undefined };
    },
    submit: async ({ req }) => {
      await ssh.requests.end(req, req.site);
      say(req, 'ssh.done.ended');
      return pageOf(req);
    },
  });
  // No fresh sign-in: who sees a stranger at work must be able to stop it at once.
  router.get('/sites/:site/ssh/end', guards.signedIn, guards.site, may, end.get);
  router.post('/sites/:site/ssh/end', here, guards.site, may, end.post);
  return router;
}

/** Before anything may keep what was typed, for a new sign-in or to show it again: a private key must not be kept anywhere. */
const forgetPrivateKey: RequestHandler = (req, _res, next) => {
  const body = req.body as Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(body ?? {})) {
    if (body && typeof value === 'string') body[name] = withoutPrivateKey(value);
    else if (body && Array.isArray(value)) body[name] = value.map((one) => withoutPrivateKey(String(one)));
  }
  next();
};

function requestForm(parts: SshRouteParts) {
  const { ssh, clock, idempotency, choices } = parts;
  return form({
    view: 'ssh/index',
    fields: z.object(requestFields),
    idempotency,
    show: (req) => shown(parts, req),
    submit: async ({ req, values, once }) => {
      const { version } = ssh.requests.document(req.visit.language);
      const known = { now: clock.now(), zone: choices.timeZone, address: req.visit.address, version };
      const wanted = await takenRequest(values, known);
      await ssh.requests.ask(req, signedIn(req), req.site, wanted, once);
      say(req, 'ssh.done.asked');
      return pageOf(req);
    },
  });
}

async function shown({ ssh, clock, choices }: SshRouteParts, req: Request) {
  const { words, language, address } = req.visit;
  const document = ssh.requests.document(language);
  const overview = await ssh.requests.of(req.site);
  const isOwner = can(signedIn(req), 'people');
  const isOpen = req.site.openedAt !== null && !isShut(req.site);
  return {
    title: words.t('ssh.title'),
    section: 'ftp',
    siteName: req.site.name,
    ...overview,
    isOwner,
    isOpen,
    isPreparing: req.site.openedAt === null,
    isMoving: req.site.frozenAt !== null,
    mayAsk: isOwner && isOpen && overview.isOffered && !overview.waiting,
    address,
    usual: { until: localDay(clock.now() + usualDays * day, choices.timeZone) },
    documentVersion: document.version,
    documentsAreShown: choices.features.includes('consent'),
    item: {
      name: 'agree_ssh',
      label: wordingOf(words),
      summary: [words.t('ssh.consent.summary'), { text: words.t('ssh.consent.important'), strong: true }],
      documents: [document],
    },
  };
}
