// The HTTP of backups: month and list, one backup, its checksum, and making one now.
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act, form } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import type { Backups } from './backups.ts';
import { checksumLine } from './checking.ts';
import { backupPage, backupsPage, backupTitle, type PageParts } from './page.ts';
import { jobState } from './words.ts';

export type BackupRouteParts = {
  backups: Backups;
  orders: Orders;
  sites: Sites;
  clock: Clock;
  choices: Choices;
  idempotency: Idempotency;
  browse: PageParts['browse'];
  tierLines: PageParts['tierLines'];
  isRestorable: PageParts['isRestorable'];
};

/** Two behaviours at most, within the requests of a page (ux.md 5.1): while work runs, its progress rather than the courtesy of sending once. */
const withScripts = <Shown extends { readonly job?: unknown }>(shown: Shown) => ({
  scripts: ['behaviours/copy.js', shown.job ? 'behaviours/poll-job.js' : 'behaviours/submit-once.js'],
  ...shown,
});

export function backupRoutes(
  { backups, orders, sites, clock, choices, idempotency, ...shown }: BackupRouteParts,
  { signedIn, signedInAt, site }: Guards,
): Router {
  const router = Router();
  const { timeZone, backupAt, brand, features } = choices;
  const hasDocuments = features.includes('consent');
  const support = brand.support;
  const parts: PageParts = { backups, orders, clock, timeZone, backupAt, hasDocuments, support, ...shown };

  const found = (req: Request) => backups.byId(req.site, String(req.params.id));

  router.get('/backups', signedIn, async (req, res) => {
    const all = req.visit.person ? await sites.forMember(req.visit.person) : [];
    const last = all.find(({ name }) => name === req.session.siteName) ?? all[0];
    goTo(req, res, last ? `/sites/${last.name}/backups` : '/dashboard');
  });

  const page = form({
    view: 'backups/index',
    fields: z.object({}),
    idempotency,
    show: async (req) => ({
      title: req.visit.words.t('backups.title'),
      section: 'backups',
      ...withScripts(await backupsPage(req, parts, req.mayChange)),
    }),
    submit: async ({ req, once }) => {
      const id = await backups.makeNow(req.site, actorOf(req), once);
      say(req, 'backups.make.begun');
      return `/sites/${req.site.name}/backups/${id}`;
    },
  });
  router.get('/sites/:site/backups', signedIn, site, page.get);
  router.post('/sites/:site/backups', signedIn, site, page.post);

  router.get('/sites/:site/backups/:id', signedIn, site, async (req, res) => {
    const backup = await found(req);
    await res.page('backups/one', {
      title: backupTitle(req.visit, backup),
      section: 'backups',
      ...withScripts(await backupPage(req, parts, backup)),
    });
  });

  const pageOf = (req: Request) => `/sites/${req.params.site}/backups/${req.params.id}`;
  const again = act({
    fields: z.object({}),
    idempotency,
    submit: async ({ req, once }) => {
      await backups.rechecking.ask(req.site, await found(req), actorOf(req), once);
      say(req, 'backups.recheck.begun');
      return pageOf(req);
    },
  });
  router.post('/sites/:site/backups/:id/verification', signedInAt(pageOf), site, again);

  const stopping = act({
    fields: z.object({}),
    idempotency,
    submit: async ({ req, once }) => {
      await backups.stop(req.site, await found(req), actorOf(req), once);
      say(req, 'backups.stop.done');
      return `/sites/${req.site.name}/backups`;
    },
  });
  router.post('/sites/:site/backups/:id/stop', signedInAt(pageOf), site, stopping);

  router.get('/sites/:site/backups/:id/sha256', signedIn, site, async (req, res) => {
    const backup = backups.downloadable(await found(req));
    asAttachment(res, `${backup.fileName}.sha256`);
    res.type('text/plain').send(checksumLine(backup.sha256, backup.fileName));
  });

  router.get('/sites/:site/backups/:id/state', signedIn, site, async (req, res) => {
    const backup = await found(req);
    res.json(jobState(req.visit, backup, clock));
  });
  return router;
}
