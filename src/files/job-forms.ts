// The forms of copying, extracting and compressing: everything that may have to be decided is asked before.
import type { Request } from 'express';
import { z } from 'zod';
import { notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type PageData, say } from '../platform/web/page.ts';
import { refuse } from './entering.ts';
import type { Files } from './files.ts';
import { chosen, doerOf, pathField, pathOf, pathsField, sentPaths, typedName } from './forms.ts';
import { type FileJob, type FileJobOrder, type FileJobWords, isArchiveName, jobAddress, stemOf } from './jobs.ts';
import { fileAddress } from './listing.ts';
import { nameOr } from './moving.ts';
import { judgeFolders, judgeName } from './policy.ts';
import { conflicts } from './publishing.ts';

const conflictField = z.enum(conflicts, { error: 'error.invalid' });
type Once = Parameters<Files['jobs']['begin']>[3];

function wordsOf(req: Request): FileJobWords {
  const { t } = req.visit.words;
  return { copy: t('files.copy.word'), leftOutName: t('files.zip.leftOutName'), leftOutHeading: t('files.zip.leftOut') };
}

/** @returns where to go next: the folder when nothing is left to be told, else the page of the job */
async function begin(files: Files, req: Request, order: Omit<FileJobOrder, 'words'>, once: Once): Promise<string> {
  const job = await files.jobs.begin(req.site, doerOf(req), { ...order, words: wordsOf(req) }, once);
  if (!isQuietlyDone(job)) return jobAddress(req.site, job.id);
  say(req, `files.job.${job.kind}.done`, { count: job.kept });
  return fileAddress(req.site.name, job.target);
}

const isQuietlyDone = (job: FileJob) => job.state === 'done' && job.results.length === 0 && job.kept > 0;

export function copyForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/copy',
    idempotency,
    fields: z.object({ path: pathsField, to: pathField, conflict: conflictField }),
    show: (req) => chosen(files, req, 'copy', sentPaths(req) ?? req.query.path, folderOf(req)),
    submit: ({ req, values: { path: sources, to: target, conflict }, once }) =>
      begin(files, req, { kind: 'copy', sources, target, name: null, conflict }, once),
  });
}

export function compressForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/compress',
    idempotency,
    fields: z.object({ path: pathsField, name: typedName }),
    show: async (req) => {
      const data = await chosen(files, req, 'compress', sentPaths(req) ?? req.query.path, folderOf(req));
      const [only] = data.entries;
      const suggested = data.entries.length === 1 ? only?.name : String(data.folder).split('/').at(-1);
      return { ...data, suggested: `${suggested}.zip`, isFolderPublic: true };
    },
    submit: async ({ req, values: { path: sources, name: typed }, once }) => {
      const target = sources[0]?.slice(0, -1) ?? ['www'];
      const name = nameOr('name', /\.zip$/i.test(typed) ? typed : `${typed}.zip`);
      const path = [...target, name];
      refuse('name', judgeName(path, (await files.rulesOf(req.site))(path)));
      return begin(files, req, { kind: 'compress', sources, target, name, conflict: 'rename' }, once);
    },
  });
}

export function extractForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/extract',
    idempotency,
    fields: z.object({
      path: pathField,
      where: z.enum(['new', 'here'], { error: 'error.invalid' }),
      name: z.string({ error: 'error.invalid' }).max(1000, 'error.tooLongField').optional(),
      conflict: conflictField,
    }),
    show: (req) => extractPage(req, files),
    submit: async ({ req, values: { path, where, name: typed, conflict }, once }) => {
      const target = path.slice(0, -1);
      const name = where === 'new' ? nameOr('name', typed || stemOf(path.at(-1) ?? '')) : null;
      if (name !== null) {
        const place = [...target, name];
        refuse('name', judgeFolders(place, (await files.rulesOf(req.site))(place)));
      }
      return begin(files, req, { kind: 'extract', sources: [path], target, name, conflict }, once);
    },
  });
}

/** @throws PanelError 404 for what is no archive below `www/` */
async function extractPage(req: Request, files: Files): Promise<PageData> {
  const named = sentPaths(req);
  const path = typeof named === 'string' ? parsePath(named) : pathOf(req);
  const name = path?.at(-1) ?? '';
  if (path?.[0] !== 'www' || path.length < 2 || !isArchiveName(name)) throw notFound();
  const { kind, size } = await files.stat(req.site, path);
  if (kind !== 'file') throw notFound();
  return {
    title: req.visit.words.t('files.extract.title', { name }),
    section: 'files',
    site: req.site,
    path: path.join('/'),
    folder: path.slice(0, -1).join('/'),
    size,
    stem: stemOf(name),
    back: `${req.visit.url(fileAddress(req.site.name, path))}?do=view`,
  };
}

/** The folder of the address; what was posted names its own. */
const folderOf = (req: Request): SitePath | undefined => (req.method === 'GET' ? pathOf(req) : undefined);
