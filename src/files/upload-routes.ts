// The HTTP of uploads: their page, what would become of files (asked before a byte is sent), the form, and what became of them.
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { byteOrderMark, csvLine } from '../platform/csv.ts';
import { badRequest, PanelError, tooLarge, unsupported } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import { act, keptFor, ownerOf, requireToken } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Words } from '../platform/web/words.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Files } from './files.ts';
import { doerOf, requireChange } from './forms.ts';
import { fileAddress } from './listing.ts';
import { type Foreseen, foresee, type Meant, type Standing } from './preflight.ts';
import { uploadConflicts } from './publishing.ts';
import { receive } from './receiving.ts';
import { inWords, type ResultRow, resultRows } from './results.ts';
import { againAddress, uploadActs } from './upload-acts.ts';
import { refusedRow, uploadPage } from './upload-page.ts';

export type UploadRouteParts = { readonly files: Files; readonly idempotency: Idempotency };

/** The routes that read their own body (multipart, pieces, lists of names). @param path without mount and language */
export const isUpload = (path: string): boolean =>
  /^\/sites\/[^/]+\/files\/(?:upload|preflight|uploads(?:\/[^/]+)?)\/?$/.test(path);

const listBytes = 8 * 1024 * 1024;

export function uploadRoutes({ files, idempotency }: UploadRouteParts, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];
  const changing = [guards.signedInAt((req) => `/sites/${req.params.site}/files/upload`), guards.site];

  router.get('/sites/:site/files/upload', inSite, async (req: Request, res: Response) => {
    requireChange(req);
    if (req.query.as === 'csv') {
      const lately = await files.refusedLately(req.site);
      const rows = lately.map((one) => refusedRow(one, req.visit.words));
      return sendCsv(req, res, `refused-${req.site.name}`, rows);
    }
    await res.page('files/upload', { ...keptFor(req), ...(await uploadPage(files, req)) });
  });
  // The form stands in folders too; which one stands in a body that was not read.
  router.post('/sites/:site/files/upload', [guards.signedInAt(publicFolder), guards.site], uploading(files, idempotency));
  router.post('/sites/:site/files/preflight', changing, preflight(files));
  router.post('/sites/:site/files/upload/discard', changing, discarding(files, idempotency));

  router.get('/sites/:site/files/results/:id', inSite, async (req: Request, res: Response) => {
    const upload = await files.upload(req.site, String(req.params.id));
    const { words } = req.visit;
    const rows = resultRows(upload.results, words);
    const page = `${req.visit.url(fileAddress(req.site.name, []))}/upload`;
    if (req.query.as === 'csv') return sendCsv(req, res, `uploads-${req.site.name}-${upload.id.slice(0, 8)}`, rows);
    if (req.visit.wantsJson) return void res.json({ id: upload.id, files: rows });
    await res.page('files/results', {
      title: words.t('files.resultsTitle'),
      section: 'files',
      site: req.site,
      upload,
      rows: rows.map((row) => ({
        ...row,
        acts: req.mayChange ? row.acts.map((one) => ({ ...one, href: againAddress(page, upload.folder, one) })) : [],
      })),
      scripts: ['behaviours/copy.js'],
      csv: `${req.visit.url(req.visit.path)}?as=csv`,
      again: req.mayChange && `${page}?to=${encodeURIComponent(upload.folder)}`,
      back: req.visit.url(fileAddress(req.site.name, upload.folder.split('/'))),
    });
  });
  return router;
}

/** The whole list, so that refusals can be kept and worked through. @param name of the file, without its ending */
function sendCsv(req: Request, res: Response, name: string, rows: readonly ResultRow[]): void {
  const { t } = req.visit.words;
  const head = [t('files.column.file'), t('files.column.result'), t('files.column.size'), t('files.column.reason')];
  const lines = rows.map(({ file, result, bytes, reason }) =>
    csvLine([file, t(`files.result.${result}`), String(bytes), reason]),
  );
  asAttachment(res, `${name}.csv`);
  res.type('text/csv').send(byteOrderMark + csvLine(head) + lines.join(''));
}

const publicFolder = (req: Request) => fileAddress(String(req.params.site), ['www']);

const meant = z.object({
  path: z.string().max(20_000),
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  changedAt: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  conflict: z.enum(uploadConflicts).optional(),
});
const meantList = z.object({ to: z.string().max(4096), files: z.array(meant).min(1).max(100_000) });

const readList = express.json({ limit: listBytes, type: 'application/json' });

/** Answers what would become of each file, in order. What is refused for its name or size is written down as an upload of its own. */
function preflight(files: Files) {
  return async (req: Request, res: Response): Promise<void> => {
    requireToken(req);
    if (!req.is('application/json')) throw unsupported();
    await new Promise<void>((resolve, reject) => readList(req, res, (error) => (error ? reject(inPlain(error)) : resolve())));
    const sent = meantList.safeParse(req.body);
    if (!sent.success) throw badRequest();
    const to = parsePath(sent.data.to);
    if (to?.[0] !== 'www') throw new PanelError(422, 'files.onlyWww');
    await files.requireReady();
    const foreseen = await foresee(files, req.site, to, sent.data.files);
    const refused = foreseen.flatMap((one, at) =>
      'refused' in one ? [{ shown: one.shown, bytes: sent.data.files[at]?.bytes ?? 0, refused: one.refused }] : [],
    );
    const once = { finish: async () => {} };
    const results =
      refused.length > 0
        ? await files.receive(req.site, doerOf(req), { folder: to, conflict: 'skip', received: refused, once })
        : null;
    const { files: list } = sent.data;
    res.json({ results, files: foreseen.map((one, at) => foreseenInWords(req, one, list[at])) });
  };
}

const inPlain = (error: unknown) =>
  error instanceof Error && 'type' in error && error.type === 'entity.too.large' ? tooLarge() : badRequest();

function foreseenInWords(req: Request, one: Foreseen, { bytes = 0, changedAt = 0 }: Partial<Meant> = {}) {
  const { words } = req.visit;
  if ('refused' in one) {
    const { code, parameters } = one.refused;
    const reason = words.t(`files.refused.${code}`, inWords(parameters, words));
    return { state: 'refused', file: one.shown, code, reason, acts: uploadActs(one.refused, one.shown, words) };
  }
  const { exists, unfinished, shown, path } = one;
  return {
    state: unfinished ? 'unfinished' : exists ? 'exists' : 'new',
    file: shown,
    path: path.join('/'),
    ...(exists && standing(exists, { shown, bytes, changedAt }, words)),
    ...(unfinished && {
      offset: unfinished.offset,
      address: req.visit.url(`/sites/${req.site.name}/files/uploads/${unfinished.id}`),
    }),
  };
}

/** Both sides, for who has to choose. */
function standing(
  { kind, size, modifiedAt }: Standing,
  { shown, bytes, changedAt }: { shown: string; bytes: number; changedAt: number },
  words: Words,
) {
  const theirs = { size: words.bytes(size), at: words.time(Math.floor(modifiedAt)) };
  const mine = changedAt > 0 ? `${words.bytes(bytes)}, ${words.time(changedAt)}` : words.bytes(bytes);
  return {
    there: words.t('files.there', { ...theirs, mine }),
    skipped: words.t('files.skippedExisting', { ...theirs, mine }),
    acts: uploadActs({ code: 'exists', parameters: { kind } }, shown, words),
  };
}

function discarding(files: Files, idempotency: Idempotency) {
  return act({
    idempotency,
    fields: z.object({ id: z.string({ error: 'error.invalid' }).max(100, 'error.invalid') }),
    submit: async ({ req, values }) => {
      await files.unfinished.discard(req.site, values.id);
      say(req, 'files.discarded');
      return `/sites/${req.site.name}/files/upload`;
    },
  });
}

function uploading(files: Files, idempotency: Idempotency) {
  return async (req: Request, res: Response): Promise<void> => {
    if (!req.is('multipart/form-data')) throw unsupported();
    await files.unfinished.turns.during(req, async () => {
      const answer = await inQuarantine(files, (folder) => upload(files, idempotency, req, res, folder));
      answer();
    });
  };
}

async function inQuarantine<T>(files: Files, work: (folder: string) => Promise<T>): Promise<T> {
  const { folder, remove } = await files.quarantine.open();
  return work(folder).finally(remove);
}

const conflictField = z.enum(uploadConflicts).catch('skip');

/** @returns how to answer, once the quarantine is empty again */
async function upload(files: Files, idempotency: Idempotency, req: Request, res: Response, folder: string): Promise<() => void> {
  const target = () => {
    const to = parsePath(String(req.body?.to ?? 'www'));
    if (to?.[0] !== 'www') throw new PanelError(422, 'files.onlyWww');
    return to;
  };
  const promised = await files.unfinished.promisedBytes(req.site);
  const freeBytes = Math.max(0, req.site.quotaBytes - req.site.usedBytes - promised);
  const { uploadFileBytes, uploadFiles } = files.limits;
  const announced = Number(req.get('content-length') ?? 0);
  if (announced > uploadFileBytes * uploadFiles) throw tooLarge();
  await files.unfinished.disk.require(Math.min(freeBytes, announced));
  const limits = { fileBytes: uploadFileBytes, files: uploadFiles, freeBytes };
  const received = await receive(req, res, {
    folder,
    rules: await files.rulesOf(req.site),
    limits,
    target,
    disk: files.unfinished.disk,
  });
  requireToken(req);
  const to = target();
  if (received.length === 0) {
    if (req.visit.wantsJson) throw new PanelError(422, 'files.noFiles');
    say(req, 'files.noFiles', undefined, 'bad');
    return () => goTo(req, res, fileAddress(req.site.name, to));
  }
  const claim = await idempotency.claim(req, ownerOf(req), req.body?._idem);
  if ('repeated' in claim) return () => goTo(req, res, claim.repeated);
  try {
    const conflict = conflictField.parse(req.body?.conflict);
    const id = await files.receive(req.site, doerOf(req), { folder: to, conflict, received, once: claim.once });
    if (!req.visit.wantsJson) return () => goTo(req, res, `/sites/${req.site.name}/files/results/${id}`);
    const { results } = await files.upload(req.site, id);
    return () => res.json({ id, files: resultRows(results, req.visit.words) });
  } catch (error) {
    await claim.release();
    throw error;
  }
}
