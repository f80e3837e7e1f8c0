// The forms of a folder: a new folder, moving and renaming, removing. Refused input shows the same page again with every reason.
import type { Request } from 'express';
import { z } from 'zod';
import { forbidden, PanelError } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { EntryKind, SitePath } from '../platform/storage/port.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type PageData, say } from '../platform/web/page.ts';
import type { Doer, Files } from './files.ts';
import { fileAddress, listing } from './listing.ts';

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

/** @returns who acts, for the door */
export const doerOf = (req: Request): Doer => {
  if (!req.visit.person) throw forbidden();
  return { actor: actorOf(req), personId: req.visit.person.personId };
};

type Chosen = { readonly path: string; readonly name: string; readonly kind: EntryKind };

/** @returns the page that asks about entries of a folder; what is not there any more, or not below `www/`, is left out */
export async function chosen(
  files: Files,
  req: Request,
  what: 'move' | 'delete',
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
    title: req.visit.words.t(`files.${what}Title`),
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
  try {
    const { kind } = await files.stat(req.site, path);
    return { path: path.join('/'), name: path.at(-1) ?? '', kind };
  } catch (error) {
    if (error instanceof PanelError && error.status === 404) return undefined;
    throw error;
  }
}

const sentPaths = (req: Request): unknown => (req.body as { path?: unknown } | undefined)?.path;

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
