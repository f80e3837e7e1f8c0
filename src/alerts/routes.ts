// The HTTP of alerts: what a customer is told by letter, and where their programs are told.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { actorOf } from '../platform/web/actor.ts';
import { act, checkbox, form } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import { signedIn as personOf } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Alerts } from './alerts.ts';
import { alertsPage } from './page.ts';
import { longestUrl } from './webhooks.ts';

export type AlertRouteParts = { readonly alerts: Alerts };

declare module 'express-session' {
  interface SessionData {
    /** of a webhook that was set a moment ago, until its page was shown */
    webhookSecret: { customerId: string; secret: string };
  }
}

const page = '/account/alerts';

export function alertRoutes(parts: AlertRouteParts, { signedIn, signedInAt, fresh, may }: Guards): Router {
  const { alerts } = parts;
  const router = Router();
  const owner = may('people');

  const choices = form({
    view: 'alerts/index',
    fields: z.object({ digest: checkbox, reminder: checkbox }),
    show: (req) => alertsPage(req, alerts),
    submit: async ({ req, values }) => {
      await alerts.choose(personOf(req).customerId, values, actorOf(req));
      say(req, 'alerts.saved');
      return page;
    },
  });
  router.get(page, signedIn, owner, choices.get);
  router.post(page, signedIn, owner, choices.post);

  const webhook = webhookForm(parts);
  router.get(`${page}/webhook`, signedIn, owner, fresh, webhook.get);
  router.post(`${page}/webhook`, signedIn, owner, fresh, webhook.post);
  router.get(`${page}/webhook/once`, signedIn, owner, showSecret);

  const back = signedInAt(() => page);
  const nothing = z.object({});
  const trial = act({
    fields: nothing,
    submit: async ({ req }) => {
      await alerts.webhooks.trial(personOf(req).customerId);
      say(req, 'alerts.webhook.trialSent');
      return page;
    },
  });
  const removal = act({
    fields: nothing,
    submit: async ({ req }) => {
      await alerts.webhooks.remove(personOf(req).customerId, actorOf(req));
      say(req, 'alerts.webhook.removed');
      return page;
    },
  });
  router.post(`${page}/webhook/trial`, back, owner, trial);
  router.post(`${page}/webhook/removal`, back, owner, removal);
  return router;
}

function webhookForm({ alerts }: AlertRouteParts) {
  return form({
    view: 'alerts/webhook',
    fields: z.object({ url: z.string({ error: 'alerts.webhook.refused' }).trim().max(longestUrl, 'error.tooLongField') }),
    show: async (req) => ({
      title: req.visit.words.t('alerts.webhook.title'),
      section: 'account',
      webhook: await alerts.webhooks.of(personOf(req).customerId),
      most: longestUrl,
    }),
    submit: async ({ req, values }) => {
      const { customerId } = personOf(req);
      req.session.webhookSecret = { customerId, secret: await alerts.webhooks.set(customerId, values.url, actorOf(req)) };
      return `${page}/webhook/once`;
    },
  });
}

async function showSecret(req: Request, res: Response): Promise<void> {
  const made = req.session.webhookSecret;
  delete req.session.webhookSecret;
  if (made?.customerId !== personOf(req).customerId) return goTo(req, res, page);
  const title = req.visit.words.t('alerts.webhook.once');
  await res.page('alerts/once', { title, section: 'account', scripts: ['behaviours/copy.js'], secret: made.secret });
}
