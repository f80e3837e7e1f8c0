// The HTTP of files: folders, downloads, uploads without JavaScript, and what may be done with entries.
import { pipeline } from 'node:stream/promises';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { forbidden, notFound, PanelError, tooMany } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act, type FormDefinition, form, ownerOf, requireToken } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import type { Doer, Files } from './files.ts';
import { listing } from './listing.ts';
import type { Conflict } from './publishing.ts';
import { receive } from './receiving.ts';
import { resultRows } from './results.ts';

export type FileRouteParts = { readonly files: Files; readonly sites: Sites; readonly idempotency: Idempotency };

/** The routes that read their own body (multipart). */
export const isUpload = (path: string): boolean => /^\/(en\/)?sites\/[^/]+\/files\/upload\/?$/.test(path);

/** A path in a field: refused input is 422. */
const pathField = z.string({ error: 'files.pathMissing' }).transform((text, context) => {
  const path = parsePath(text);
  if (path) return path;
  context.addIssue({ code: 'custom', message: 'files.pathBad' });
  return z.NEVER;
});
const pathsField = z.union([z.array(pathField).min(1, 'files.nothingChosen'), pathField.transform((path) => [path])], {
  error: 'files.nothingChosen',
});
const typedName = z.string({ error: 'files.nameMissing' }).min(1, 'files.nameMissing').max(1000, 'error.tooLongField');

const doerOf = (req: Request): Doer => {
  if (!req.visit.person) throw forbidden();
  return { actor: actorOf(req), personId: req.visit.person.personId };
};

/** @returns the address of a path in the site, each segment encoded by itself */
export const fileAddress = (site: string, path: SitePath) => `/sites/${site}/files/${path.map(encodeURIComponent).join('/')}`;

export function fileRoutes({ files, sites, idempotency }: FileRouteParts, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];

  router.get('/files{/*path}', guards.signedIn, async (req, res) => {
    const known = await sites.forCustomer(req.visit.person?.customerId ?? '');
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

  router.post('/sites/:site/files/upload', inSite, uploading(files, idempotency));

  router.post('/sites/:site/files/folder', inSite, act(makeFolder(files, idempotency)));
  router.post('/sites/:site/files/move', inSite, act(moving(files, idempotency)));
  router.post('/sites/:site/files/delete', inSite, act(removing(files, idempotency)));

  const folder = form({
    view: 'files/folder',
    fields: z.object({}),
    show: async (req) => listing(files, req, pathOf(req) ?? []),
    submit: async () => {
      throw notFound();
    },
  });
  router.get('/sites/:site/files{/*path}', inSite, async (req: Request, res: Response, next: NextFunction) => {
    const path = pathOf(req);
    if (!path) throw notFound();
    const chosen = [req.query.path ?? []].flat().map((text) => parsePath(String(text)));
    if (req.query.do === 'delete' || req.query.do === 'move') return choose(files, req, res, path, chosen);
    if (path.length === 0) return folder.get(req, res, next);
    const entry = await files.stat(req.site, path);
    if (entry.kind === 'folder') return folder.get(req, res, next);
    if (req.query.do === 'view') return view(req, res, path, entry);
    if (path[0] === 'backup') return goTo(req, res, `/sites/${req.site.name}/backups`);
    await download(files, req, res, path);
  });
  return router;
}

/** @returns the path of the address; undefined for what no path may hold (404 on GET) */
function pathOf(req: Request): SitePath | undefined {
  const segments = (req.params.path ?? []) as string | string[];
  return parsePath([segments].flat().join('/'));
}

async function choose(
  files: Files,
  req: Request,
  res: Response,
  folder: SitePath,
  chosen: (SitePath | undefined)[],
): Promise<void> {
  const paths = chosen.filter((path) => path !== undefined && path[0] === 'www' && path.length > 1) as SitePath[];
  if (paths.length === 0) {
    say(req, 'files.nothingChosen', undefined, 'bad');
    return goTo(req, res, fileAddress(req.site.name, folder));
  }
  const entries = await Promise.all(
    paths.map(async (path) => ({ path: path.join('/'), name: path.at(-1) ?? '', kind: (await files.stat(req.site, path)).kind })),
  );
  const what = req.query.do === 'move' ? 'move' : 'delete';
  const title = req.visit.words.t(`files.${what}Title`);
  const back = req.visit.url(fileAddress(req.site.name, folder));
  await res.page(`files/${what}`, { title, section: 'files', site: req.site, entries, folder: folder.join('/'), back });
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
  // A reader who goes away is no fault of ours.
  await pipeline(stream, res).catch((error) => {
    if (!res.destroyed) throw error;
  });
}

function uploading(files: Files, idempotency: Idempotency) {
  const active = new Map<string, number>();
  return async (req: Request, res: Response): Promise<void> => {
    const { person } = req.visit;
    if (!person) throw forbidden();
    if (!req.is('multipart/form-data')) throw new PanelError(415, 'error.unsupported');
    const running = active.get(person.personId) ?? 0;
    if (running >= files.limits.uploadsAtOnce) throw tooMany('files.tooManyUploads');
    active.set(person.personId, running + 1);
    const place = await files.quarantine.open();
    let answer: () => void;
    try {
      answer = await upload(files, idempotency, req, res, place.folder);
    } finally {
      active.set(person.personId, (active.get(person.personId) ?? 1) - 1);
      if (active.get(person.personId) === 0) active.delete(person.personId);
      await place.remove();
    }
    answer();
  };
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

type Act<F extends z.ZodObject> = Pick<FormDefinition<F>, 'fields' | 'submit' | 'idempotency'>;
const defined = <F extends z.ZodObject>(definition: Act<F>): Act<F> => definition;

function makeFolder(files: Files, idempotency: Idempotency) {
  return defined({
    idempotency,
    fields: z.object({ path: pathField, name: typedName }),
    submit: async ({ req, values }) => {
      const made = await files.makeFolder(req.site, doerOf(req), values.path, values.name);
      say(req, 'files.folderMade', { name: made.at(-1) ?? '' });
      return fileAddress(req.site.name, values.path);
    },
  });
}

function moving(files: Files, idempotency: Idempotency) {
  return defined({
    idempotency,
    fields: z.object({ path: pathsField, to: pathField, name: z.string().max(1000).optional() }),
    submit: async ({ req, values }) => {
      const name = values.path.length === 1 ? values.name : undefined;
      await files.move(req.site, doerOf(req), values.path, values.to, name);
      say(req, 'files.moved', { count: values.path.length });
      return fileAddress(req.site.name, values.to);
    },
  });
}

function removing(files: Files, idempotency: Idempotency) {
  return defined({
    idempotency,
    fields: z.object({ path: pathsField }),
    submit: async ({ req, values }) => {
      await files.remove(req.site, doerOf(req), values.path);
      say(req, 'files.removed', { count: values.path.length });
      return fileAddress(req.site.name, values.path[0]?.slice(0, -1) ?? ['www']);
    },
  });
}
