// The HTTP of texts: editing one, making a new one, and what was there before.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type PageData, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import { EditConflict, mostEdited } from './editing.ts';
import type { Files } from './files.ts';
import { asks, doerOf, mayChange, pathField, pathOf, typedName } from './forms.ts';
import { fileAddress } from './listing.ts';

/** The route that takes a long text. @param path without mount and language */
export const isText = (path: string): boolean => /^\/sites\/[^/]+\/files\/text\/?$/.test(path);

type Sent = { path?: unknown; name?: unknown; body?: unknown; etag?: unknown };
const sent = (req: Request) => (req.body ?? {}) as Sent;
const text = z.string({ error: 'error.invalid' });
/** What is no version that we have given differs from every one: its text is shown beside what stands there. */
const etagField = z.string().catch('');

/** To be asked before the other routes, which have the same addresses. */
export function fileTextRoutes({ files, idempotency }: { files: Files; idempotency: Idempotency }, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];
  const edit = editForm(files, idempotency);
  const fresh = newForm(files, idempotency);

  router.get('/sites/:site/files{/*path}', asks('edit'), inSite, mayChange, edit.get);
  router.get('/sites/:site/files{/*path}', asks('new'), inSite, mayChange, fresh.get);
  router.get('/sites/:site/files{/*path}', asks('version'), inSite, (req: Request, res: Response) =>
    versionPage(files, req, res),
  );
  router.post('/sites/:site/files/text', guards.signedInAt(pageOf), guards.site, async (req, res, next) => {
    if (sent(req).name !== undefined) return fresh.post(req, res, next);
    await Promise.resolve(edit.post(req, res, next)).catch((error) => showConflict(error, req, res));
  });
  return router;
}

/** @returns the folder that a lost form was about: its text may be longer than what is kept */
function pageOf(req: Request): string {
  const named = sent(req).path;
  const path = typeof named === 'string' ? parsePath(named) : undefined;
  const folder = sent(req).name === undefined ? path?.slice(0, -1) : path;
  return fileAddress(String(req.params.site), folder?.[0] === 'www' ? folder : ['www']);
}

/** @throws PanelError 404 */
function placeOf(req: Request, least: number): SitePath {
  const named = req.method === 'POST' ? sent(req).path : undefined;
  const path = typeof named === 'string' ? parsePath(named) : pathOf(req);
  if (path?.[0] !== 'www' || path.length < least) throw notFound();
  return path;
}

function editForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/edit',
    idempotency,
    fields: z.object({ path: pathField, body: text, etag: etagField }),
    show: (req) => editPage(files, req, placeOf(req, 2)),
    submit: async ({ req, values }) => {
      await files.editor.save(req.site, doerOf(req), values.path, values);
      say(req, 'files.edit.saved', { name: values.path.at(-1) ?? '' });
      return `${fileAddress(req.site.name, values.path)}?do=view`;
    },
  });
}

async function editPage(files: Files, req: Request, path: SitePath): Promise<PageData> {
  const { words, url } = req.visit;
  const opened = await files.editor.open(req.site, path);
  const isProgram = !(await files.editor.mayWrite(req.site, path));
  const found = typeof opened === 'string' ? undefined : opened;
  const isPosted = req.method === 'POST';
  return {
    title: words.t('files.edit.title', { name: path.at(-1) ?? '' }),
    section: 'files',
    site: req.site,
    path: path.join('/'),
    text: isPosted ? String(sent(req).body ?? '') : (found?.text ?? ''),
    etag: isPosted ? String(sent(req).etag ?? '') : (found?.etag ?? ''),
    charset: found?.coding.charset.toUpperCase() ?? '',
    fault: typeof opened === 'string' ? words.t(`files.edit.${opened}`, { most: words.bytes(mostEdited) }) : undefined,
    isProgram,
    address: url(fileAddress(req.site.name, path)),
    back: `${url(fileAddress(req.site.name, path))}?do=view`,
  };
}

/** 409: what stands there now beside what was typed; saving once more writes over what is shown. */
async function showConflict(error: unknown, req: Request, res: Response): Promise<void> {
  if (!(error instanceof EditConflict) || res.headersSent) throw error;
  const { words, url } = req.visit;
  const path = placeOf(req, 2);
  await res.page(
    'files/conflict',
    {
      title: words.t('files.conflict.title', { name: path.at(-1) ?? '' }),
      status: 409,
      section: 'files',
      form: true,
      values: {},
      site: req.site,
      path: path.join('/'),
      folder: path.slice(0, -1).join('/'),
      name: path.at(-1) ?? '',
      mine: String(sent(req).body ?? ''),
      theirs: error.theirs?.text,
      etag: error.theirs?.etag ?? '',
      back: `${url(fileAddress(req.site.name, path.slice(0, -1)))}`,
    },
    409,
  );
}

function newForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/new',
    idempotency,
    fields: z.object({
      path: pathField,
      name: typedName,
      body: text,
    }),
    show: async (req) => {
      const path = placeOf(req, 1);
      return {
        title: req.visit.words.t('files.new.title', { path: `/${path.join('/')}` }),
        section: 'files',
        site: req.site,
        path: path.join('/'),
        kinds: (await files.rulesOf(req.site))(path).allowedExtensions.join(' '),
        back: req.visit.url(fileAddress(req.site.name, path)),
      };
    },
    submit: async ({ req, values }) => {
      const made = await files.editor.create(req.site, doerOf(req), values.path, values);
      say(req, 'files.new.made', { name: made.at(-1) ?? '' });
      return fileAddress(req.site.name, values.path);
    },
  });
}

/** An earlier version, to be read before it is put back. */
async function versionPage(files: Files, req: Request, res: Response): Promise<void> {
  const { words, url } = req.visit;
  const id = String(req.query.id ?? '');
  if (!/^[0-9a-f-]{36}$/.test(id)) throw notFound();
  const version = await files.editor.version(req.site, id);
  const path = placeOf(req, 2);
  if (version.path.join('/') !== path.join('/')) throw notFound();
  await res.page('files/version', {
    title: words.t('files.version.title', { name: path.at(-1) ?? '' }),
    section: 'files',
    form: true,
    values: {},
    site: req.site,
    ...{ id, text: version.text, isWritable: req.mayChange },
    back: `${url(fileAddress(req.site.name, path))}?do=view`,
  });
}
