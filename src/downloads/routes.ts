// The HTTP of downloads: backups whole or in part, a link for an hour, and who took what.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Backups } from '../backups/backups.ts';
import type { Clock } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { form } from '../platform/web/form.ts';
import { goTo } from '../platform/web/page.ts';
import { signedIn as personOf } from '../platform/web/visit.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import type { Downloads, Part } from './downloads.ts';
import { downloaderOf, freshOrGranted, type HandingOut } from './handing-out.ts';
import { historyPage } from './page.ts';

export type DownloadRouteParts = {
  readonly downloads: Downloads;
  readonly backups: Backups;
  readonly accounts: Accounts;
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** one for all doors: a customer's downloads are counted together */
  readonly handingOut: HandingOut;
};

declare module 'express-session' {
  interface SessionData {
    /** a link that was made a moment ago, until its page was shown */
    backupLink: { backupId: string; url: string; fileName: string; expiresAt: number };
  }
}

const partOf = (text: unknown): Part => {
  if (text !== 'files' && text !== 'databases') throw notFound();
  return text;
};

export function downloadRoutes(parts: DownloadRouteParts, guards: Guards): Router {
  const { downloads, backups, handingOut } = parts;
  const { signedIn, site, fresh, mayChange } = guards;
  const router = Router();
  const granted = freshOrGranted(backups, fresh);

  const hand = async (req: Request, res: Response, part: Part, path = '') => {
    const { backup, isGranted } = req.wanted;
    const taken = await downloads.open(req.site, backup, part, path);
    const begin = () => downloads.begin(req.site, backup, taken, { ...downloaderOf(req), isGranted });
    await handingOut.send(req, res, { site: req.site, backup, taken, begin });
  };
  router.get('/sites/:site/backups/:id/download', signedIn, site, granted, (req, res) => hand(req, res, 'whole'));
  router.get('/sites/:site/backups/:id/download/:part', signedIn, site, granted, (req, res) =>
    hand(req, res, partOf(req.params.part)),
  );
  router.get('/sites/:site/backups/:id/file/*path', signedIn, site, granted, (req, res) => {
    const path = parsePath([req.params.path ?? []].flat().join('/'));
    if (!path || path.length === 0) throw notFound();
    return hand(req, res, 'file', path.join('/'));
  });

  router.get('/sites/:site/backups/downloads', signedIn, site, async (req, res) => {
    const person = personOf(req);
    await res.page('downloads/index', await historyPage(req, parts, can(person, 'people') ? undefined : person.personId));
  });

  const link = linkForm(parts);
  router.get('/sites/:site/backups/:id/link', signedIn, site, mayChange, fresh, link.get);
  router.post('/sites/:site/backups/:id/link', signedIn, site, fresh, link.post);
  router.get('/sites/:site/backups/:id/link/once', signedIn, site, (req, res) => showLink(parts, req, res));

  router.get('/backup-links/:token/:name', async (req, res) => {
    // One address, not one a language.
    if (req.visit.language !== 'ko') throw notFound();
    const opened = await downloads.links.open(String(req.params.token), req.visit.address);
    const taken = await downloads.open(opened.site, opened.backup, 'whole');
    const begin = () => downloads.beginByLink(opened.site, opened.backup, taken, opened.link, actorOf(req));
    await handingOut.send(req, res, { ...opened, taken, begin });
  });
  return router;
}

function linkForm({ downloads, backups, addresses }: DownloadRouteParts) {
  return form({
    view: 'downloads/link',
    fields: z.object({}),
    show: async (req) => {
      const backup = backups.downloadable(await backups.byId(req.site, String(req.params.id)));
      const { words, url } = req.visit;
      const back = url(`/sites/${req.site.name}/backups/${backup.id}`);
      return { title: words.t('downloads.link.title'), section: 'backups', site: req.site, backup, back };
    },
    submit: async ({ req }) => {
      const backup = await backups.byId(req.site, String(req.params.id));
      const { personId } = personOf(req);
      const { token, fileName, expiresAt } = await downloads.links.make(req.site, backup, personId, actorOf(req));
      const url = addresses.absolute('ko', `/backup-links/${token}/${fileName}`);
      req.session.backupLink = { backupId: backup.id, url, fileName, expiresAt };
      return `/sites/${req.site.name}/backups/${backup.id}/link/once`;
    },
  });
}

async function showLink({ backups }: DownloadRouteParts, req: Request, res: Response): Promise<void> {
  const { id } = await backups.byId(req.site, String(req.params.id));
  const link = req.session.backupLink;
  delete req.session.backupLink;
  const here = `/sites/${req.site.name}/backups/${id}`;
  if (link?.backupId !== id) return goTo(req, res, here);
  const title = req.visit.words.t('downloads.link.once');
  const shown = { title, section: 'backups', scripts: ['behaviours/copy.js'], site: req.site, link, back: req.visit.url(here) };
  await res.page('downloads/once', shown);
}
