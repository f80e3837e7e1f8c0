// The forms of a folder: a new folder, moving and renaming, removing. Refused input shows the same page again with every reason.
import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { forbidden, notFound, whenMissing } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { Entry, EntryKind, SitePath } from '../platform/storage/port.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type PageData, say } from '../platform/web/page.ts';
import type { Doer, Files } from './files.ts';
import { fileAddress, listing } from './listing.ts';
import { modeOf, rightsInWords, rightsTable } from './rights.ts';

/** A path in a field: refused input is 422. */
export const pathField = z.string({ error: 'files.pathMissing' }).transform((text, context) => {
  const path = parsePath(text);
  if (path) return path;
  context.addIssue({ code: 'custom', message: 'files.pathBad' });
  return z.NEVER;
});
export const pathsField = z.union([z.array(pathField).min(1, 'files.nothingChosen'), pathField.transform((path) => [path])], {
  error: 'files.nothingChosen',
});
/** A name as somebody types it, still to be judged. */
export const typedName = z.string({ error: 'files.nameMissing' }).min(1, 'files.nameMissing').max(1000, 'error.tooLongField');

/** @returns who acts, for the door */
export const doerOf = (req: Request): Doer => {
  if (!req.visit.person) throw forbidden();
  return { actor: actorOf(req), personId: req.visit.person.personId };
};

/** @throws PanelError 403: the page of a change is for whoever may make it */
export function requireChange(req: Request): void {
  if (!req.mayChange) throw forbidden(req.visit.person?.restriction ? 'error.restricted' : 'files.readOnly');
}

/** Leaves a request to the next route unless it asks for this. */
export const asks =
  (what: string): RequestHandler =>
  (req, _res, next) =>
    next(req.query.do === what ? undefined : 'route');

/** As `requireChange`, before a page that is shown. */
export const mayChange: RequestHandler = (req, _res, next) => {
  requireChange(req);
  next();
};

const titles = {
  move: 'files.moveTitle',
  delete: 'files.deleteTitle',
  copy: 'files.copy.title',
  compress: 'files.compress.title',
};

type Chosen = { readonly path: string; readonly name: string; readonly kind: EntryKind };

/** @returns the page that asks about entries of a folder; what is not there any more, or not below `www/`, is left out */
export async function chosen(
  files: Files,
  req: Request,
  what: 'move' | 'delete' | 'copy' | 'compress',
  paths: unknown,
  folder?: SitePath,
): Promise<PageData & { entries: readonly Chosen[] }> {
  const below = [paths ?? []].flat().map((text) => parsePath(String(text)));
  const known = await Promise.all(
    below.map((path) => (path && path[0] === 'www' && path.length > 1 ? found(files, req, path) : undefined)),
  );
  const entries = known.filter((entry) => entry !== undefined);
  const place = folder ?? below.find((path) => path !== undefined && path[0] === 'www')?.slice(0, -1) ?? ['www'];
  return {
    title: req.visit.words.t(titles[what]),
    section: 'files',
    form: true,
    values: {},
    site: req.site,
    entries,
    folder: place.join('/'),
    back: req.visit.url(fileAddress(req.site.name, place.length > 0 ? place : ['www'])),
  };
}

async function found(files: Files, req: Request, path: SitePath): Promise<Chosen | undefined> {
  const entry = await files.stat(req.site, path).catch(whenMissing);
  return entry && { path: path.join('/'), name: path.at(-1) ?? '', kind: entry.kind };
}

export const sentPaths = (req: Request): unknown => (req.body as { path?: unknown } | undefined)?.path;

export function folderForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/folder',
    idempotency,
    fields: z.object({ path: pathField, name: typedName }),
    show: (req) => listing(files, req, parsePath(String(sentPaths(req) ?? '')) ?? ['www']),
    submit: async ({ req, values }) => {
      const made = await files.makeFolder(req.site, doerOf(req), values.path, values.name);
      say(req, 'files.folderMade', { name: made.at(-1) ?? '' });
      return fileAddress(req.site.name, values.path);
    },
  });
}

export function moveForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/move',
    idempotency,
    fields: z.object({
      path: pathsField,
      to: pathField,
      name: z.string({ error: 'error.invalid' }).max(1000, 'error.tooLongField').optional(),
    }),
    show: (req) => chosen(files, req, 'move', sentPaths(req)),
    submit: async ({ req, values }) => {
      const name = values.path.length === 1 ? values.name : undefined;
      await files.move(req.site, doerOf(req), values.path, values.to, name);
      say(req, 'files.moved', { count: values.path.length });
      return fileAddress(req.site.name, values.to);
    },
  });
}

export function rightsForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/rights',
    idempotency,
    fields: z.object({
      path: pathField,
      rights: z.union([z.array(z.string()), z.string().transform((one) => [one])]).optional(),
    }),
    show: async (req) => {
      const path = typeof sentPaths(req) === 'string' ? parsePath(String(sentPaths(req))) : pathOf(req);
      if (path?.[0] !== 'www' || path.length < 2) throw notFound();
      const entry = await files.stat(req.site, path);
      if (entry.kind !== 'file' && entry.kind !== 'folder') throw notFound();
      return rightsPage(req, path, entry);
    },
    submit: async ({ req, values }) => {
      await files.setMode(req.site, doerOf(req), values.path, modeOf(values.rights ?? []));
      say(req, 'files.rights.set', { name: values.path.at(-1) ?? '' });
      return `${fileAddress(req.site.name, values.path)}?do=view`;
    },
  });
}

/** The form shows what is set, and once it was refused what was ticked. */
function rightsPage(req: Request, path: SitePath, { kind, mode }: Entry): PageData {
  const { words, url } = req.visit;
  const ticked = (req.body as { rights?: string | string[] } | undefined)?.rights;
  const now = req.method === 'POST' ? modeOf([ticked ?? []].flat()) : mode;
  return {
    title: words.t('files.rights.title', { name: path.at(-1) ?? '' }),
    section: 'files',
    site: req.site,
    path: path.join('/'),
    rows: rightsTable(now, kind, words),
    inWords: rightsInWords(mode, kind, words),
    octal: (mode & 0o777).toString(8).padStart(3, '0'),
    isFolder: kind === 'folder',
    back: `${url(fileAddress(req.site.name, path))}?do=view`,
  };
}

/** @returns the path of the address; undefined for what no path may hold (404 on GET) */
export function pathOf(req: Request): SitePath | undefined {
  const segments = (req.params.path ?? []) as string | string[];
  return parsePath([segments].flat().join('/'));
}

export function removeForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/delete',
    idempotency,
    fields: z.object({ path: pathsField }),
    show: (req) => chosen(files, req, 'delete', sentPaths(req)),
    submit: async ({ req, values }) => {
      await files.remove(req.site, doerOf(req), values.path);
      say(req, 'files.removed', { count: values.path.length });
      return fileAddress(req.site.name, values.path[0]?.slice(0, -1) ?? ['www']);
    },
  });
}
