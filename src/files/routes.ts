// The HTTP of files: folders, downloads, and what may be done with entries.
import { type NextFunction, type Request, type Response, Router } from 'express';
import { notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { keptFor } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import { download, previewing, zipping } from './downloading.ts';
import { entryPage } from './entry-page.ts';
import type { Files } from './files.ts';
import { chosen, folderForm, moveForm, pathOf, removeForm, requireChange, rightsForm } from './forms.ts';
import { fileAddress, listing, searched } from './listing.ts';

export type FileRouteParts = { readonly files: Files; readonly sites: Sites; readonly idempotency: Idempotency };

export function fileRoutes({ files, sites, idempotency }: FileRouteParts, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];
  // These forms stand on the page of their folder.
  const changing = [guards.signedInAt(folderOf), guards.site];

  router.get('/files{/*path}', guards.signedIn, async (req, res) => {
    const known = req.visit.person ? await sites.forMember(req.visit.person) : [];
    const site = known.find(({ name }) => name === req.session.siteName) ?? known[0];
    const path = site && pathOf(req);
    goTo(req, res, site && path ? fileAddress(site.name, path.length > 0 ? path : ['www']) : '/dashboard');
  });

  router.post('/sites/:site/files/folder', changing, folderForm(files, idempotency).post);
  router.post('/sites/:site/files/move', changing, moveForm(files, idempotency).post);
  router.post('/sites/:site/files/delete', changing, removeForm(files, idempotency).post);
  const zipped = zipping(files);
  const previewed = previewing(files);
  const rights = rightsForm(files, idempotency);
  router.post('/sites/:site/files/rights', guards.signedInAt(rightsPageOf), guards.site, rights.post);

  router.get('/sites/:site/files{/*path}', inSite, async (req: Request, res: Response, next: NextFunction) => {
    const path = pathOf(req);
    if (!path) throw notFound();
    if (req.query.do === 'delete' || req.query.do === 'move') {
      requireChange(req);
      return choose(files, req, res, path, req.query.do);
    }
    if (req.query.do === 'rights') {
      requireChange(req);
      return rights.get(req, res, next);
    }
    if (req.query.do === 'zip') return zipped(req, res, path);
    if (req.query.do === 'preview') return previewed(req, res, path);
    if (req.query.q !== undefined) return res.page('files/search', await searched(files, req, path));
    const entry = path.length === 0 ? undefined : await files.stat(req.site, path);
    if (entry && req.query.do === 'view') {
      const versions = entry.kind === 'file' ? await files.trash.versionsOf(req.site, path) : [];
      return res.page('files/file', entryPage(req, path, entry, versions));
    }
    if (!entry || entry.kind === 'folder')
      return res.page('files/folder', { form: true, ...keptFor(req), ...(await listing(files, req, path)) });
    if (path[0] === 'backup') return goTo(req, res, `/sites/${req.site.name}/backups`);
    await download(files, req, res, path);
  });
  return router;
}

/** @returns the page of the folder that a lost form was about */
function folderOf(req: Request): string {
  const named = (req.body as { path?: unknown } | undefined)?.path;
  const path = typeof named === 'string' ? parsePath(named) : undefined;
  return fileAddress(String(req.params.site), path?.[0] === 'www' ? path : ['www']);
}

/** @returns the page of the form of rights; the folder, where none is named */
function rightsPageOf(req: Request): string {
  const named = (req.body as { path?: unknown } | undefined)?.path;
  const path = typeof named === 'string' ? parsePath(named) : undefined;
  const isBelow = path !== undefined && path[0] === 'www' && path.length > 1;
  return `${fileAddress(String(req.params.site), isBelow ? path : ['www'])}${isBelow ? '?do=rights' : ''}`;
}

/** Which entries, before they are moved or removed. */
async function choose(files: Files, req: Request, res: Response, folder: SitePath, what: 'move' | 'delete'): Promise<void> {
  const data = await chosen(files, req, what, req.query.path, folder);
  if (data.entries.length > 0) return res.page(`files/${what}`, data);
  say(req, 'files.nothingChosen', undefined, 'bad');
  goTo(req, res, fileAddress(req.site.name, folder));
}
