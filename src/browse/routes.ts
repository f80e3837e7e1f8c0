// The HTTP of browsing: the inside of a backup, and what changed between two.
import { type Request, Router } from 'express';
import type { Backups } from '../backups/backups.ts';
import { notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Browse } from './browse.ts';
import { changesPage } from './changes-page.ts';
import { differencePage, filePage, folderPage } from './page.ts';

export type BrowseRouteParts = { readonly browse: Browse; readonly backups: Backups };

export function browseRoutes(parts: BrowseRouteParts, { signedIn, site }: Guards): Router {
  const { browse, backups } = parts;
  const router = Router();
  const found = (req: Request) => backups.byId(req.site, String(req.params.id));

  router.get('/sites/:site/backups/:id/browse{/*path}', signedIn, site, async (req, res) => {
    const path = parsePath([req.params.path ?? []].flat().join('/'));
    if (!path) throw notFound();
    const backup = await found(req);
    const entry = path.length === 0 ? undefined : await browse.entry(req.site, backup, path);
    const isFile = entry !== undefined && entry.kind !== 'folder';
    const page = !isFile ? folderPage : req.query.with === undefined ? filePage : differencePage;
    const { view, ...shown } = await page(req, parts, backup, path);
    await res.page(String(view), { ...shown, title: shown.title });
  });

  router.get('/sites/:site/backups/:id/changes', signedIn, site, async (req, res) => {
    await res.page('browse/changes', await changesPage(req, parts, await found(req)));
  });
  return router;
}
