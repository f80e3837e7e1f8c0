// The HTTP of files: folders, downloads, uploads without JavaScript, and what may be done with entries.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { forbidden, notFound, PanelError, tooMany, unsupported } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { keptFor, ownerOf, requireToken } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import { send } from '../platform/web/sending.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import type { Files } from './files.ts';
import { chosen, doerOf, folderForm, moveForm, removeForm } from './forms.ts';
import { fileAddress, listing } from './listing.ts';
import type { Conflict } from './publishing.ts';
import { receive } from './receiving.ts';
import { resultRows } from './results.ts';

export type FileRouteParts = { readonly files: Files; readonly sites: Sites; readonly idempotency: Idempotency };

/** The routes that read their own body (multipart). @param path without mount and language */
export const isUpload = (path: string): boolean => /^\/sites\/[^/]+\/files\/upload\/?$/.test(path);

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

  router.get('/sites/:site/files/results/:id', inSite, async (req: Request, res: Response) => {
    const upload = await files.upload(req.site, String(req.params.id));
    if (req.visit.wantsJson) return void res.json(inJson(req, upload.id, upload.results));
    const { words } = req.visit;
    const rows = resultRows(upload.results, words);
    const title = words.t('files.resultsTitle');
    await res.page('files/results', {
      title,
      section: 'files',
      site: req.site,
      upload,
      rows,
      back: req.visit.url(fileAddress(req.site.name, upload.folder.split('/'))),
    });
  });

  router.post('/sites/:site/files/upload', changing, uploading(files, idempotency));

  router.post('/sites/:site/files/folder', changing, folderForm(files, idempotency).post);
  router.post('/sites/:site/files/move', changing, moveForm(files, idempotency).post);
  router.post('/sites/:site/files/delete', changing, removeForm(files, idempotency).post);

  router.get('/sites/:site/files{/*path}', inSite, async (req: Request, res: Response) => {
    const path = pathOf(req);
    if (!path) throw notFound();
    if (req.query.do === 'delete' || req.query.do === 'move') {
      if (!req.mayChange) throw forbidden(req.visit.person?.restriction ? 'error.restricted' : 'files.readOnly');
      return choose(files, req, res, path, req.query.do);
    }
    const entry = path.length === 0 ? undefined : await files.stat(req.site, path);
    if (!entry || entry.kind === 'folder')
      return res.page('files/folder', { form: true, ...keptFor(req), ...(await listing(files, req, path)) });
    if (req.query.do === 'view') return view(req, res, path, entry);
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

/** @returns the path of the address; undefined for what no path may hold (404 on GET) */
function pathOf(req: Request): SitePath | undefined {
  const segments = (req.params.path ?? []) as string | string[];
  return parsePath([segments].flat().join('/'));
}

/** Which entries, before they are moved or removed. */
async function choose(files: Files, req: Request, res: Response, folder: SitePath, what: 'move' | 'delete'): Promise<void> {
  const data = await chosen(files, req, what, req.query.path, folder);
  if (data.entries.length > 0) return res.page(`files/${what}`, data);
  say(req, 'files.nothingChosen', undefined, 'bad');
  goTo(req, res, fileAddress(req.site.name, folder));
}

async function view(req: Request, res: Response, path: SitePath, entry: Awaited<ReturnType<Files['stat']>>): Promise<void> {
  const name = path.at(-1) ?? '';
  const parent = path.slice(0, -1);
  const address = req.visit.url(fileAddress(req.site.name, path));
  const back = req.visit.url(fileAddress(req.site.name, parent));
  await res.page('files/file', {
    title: name,
    section: 'files',
    site: req.site,
    entry,
    path: path.join('/'),
    address,
    back,
    folder: parent.join('/'),
    isWritable: path[0] === 'www' && req.mayChange,
  });
}

async function download(files: Files, req: Request, res: Response, path: SitePath): Promise<void> {
  const { entry, stream } = await files.open(req.site, path);
  asAttachment(res, entry.name);
  res.set({ 'Content-Type': 'application/octet-stream', 'Content-Length': String(entry.size) });
  if (req.method === 'HEAD') {
    stream.destroy();
    return void res.end();
  }
  await send(stream, res);
}

function uploading(files: Files, idempotency: Idempotency) {
  const active = new Map<string, number>();
  return async (req: Request, res: Response): Promise<void> => {
    const { person } = req.visit;
    if (!person) throw forbidden();
    if (!req.is('multipart/form-data')) throw unsupported();
    const running = active.get(person.personId) ?? 0;
    if (running >= files.limits.uploadsAtOnce) throw tooMany('files.tooManyUploads');
    active.set(person.personId, running + 1);
    try {
      const answer = await inQuarantine(files, (folder) => upload(files, idempotency, req, res, folder));
      answer();
    } finally {
      active.set(person.personId, (active.get(person.personId) ?? 1) - 1);
      if (active.get(person.personId) === 0) active.delete(person.personId);
    }
  };
}

async function inQuarantine<T>(files: Files, work: (folder: string) => Promise<T>): Promise<T> {
  const { folder, remove } = await files.quarantine.open();
  return work(folder).finally(remove);
}

const conflicts = z.enum(['skip', 'rename', 'replace']).catch('skip');

/** @returns how to answer, once the quarantine is empty again */
async function upload(files: Files, idempotency: Idempotency, req: Request, res: Response, folder: string): Promise<() => void> {
  const target = () => {
    const to = parsePath(String(req.body?.to ?? 'www'));
    if (to?.[0] !== 'www') throw new PanelError(422, 'files.onlyWww');
    return to;
  };
  const freeBytes = Math.max(0, req.site.quotaBytes - req.site.usedBytes);
  const limits = { fileBytes: files.limits.uploadFileBytes, files: files.limits.uploadFiles, freeBytes };
  const received = await receive(req, res, { folder, rules: files.rules, limits, target });
  requireToken(req);
  const to = target();
  if (received.length === 0) {
    say(req, 'files.noFiles', undefined, 'bad');
    return () => goTo(req, res, fileAddress(req.site.name, to));
  }
  const claim = await idempotency.claim(req, ownerOf(req), req.body?._idem);
  if ('repeated' in claim) return () => goTo(req, res, claim.repeated);
  try {
    const conflict: Conflict = conflicts.parse(req.body?.conflict);
    const id = await files.receive(req.site, doerOf(req), { folder: to, conflict, received, once: claim.once });
    if (!req.visit.wantsJson) return () => goTo(req, res, `/sites/${req.site.name}/files/results/${id}`);
    const { results } = await files.upload(req.site, id);
    return () => res.json(inJson(req, id, results));
  } catch (error) {
    await claim.release();
    throw error;
  }
}

function inJson(req: Request, id: string, results: Awaited<ReturnType<Files['upload']>>['results']) {
  return { id, files: resultRows(results, req.visit.words) };
}
