// The HTTP of copying, extracting and compressing: what is asked before, how far a job has come, and what came of it.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { byteOrderMark, csvLine } from '../platform/csv.ts';
import { parsePath } from '../platform/storage/path.ts';
import { act } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Files } from './files.ts';
import { asks, chosen, doerOf, mayChange, pathOf } from './forms.ts';
import { compressForm, copyForm, extractForm } from './job-forms.ts';
import { jobPage, jobRows } from './job-page.ts';
import { jobState } from './job-words.ts';
import { type FileJob, jobAddress } from './jobs.ts';
import { fileAddress } from './listing.ts';

export type FileJobRouteParts = { readonly files: Files; readonly clock: Clock; readonly idempotency: Idempotency };

/** To be asked before the other routes, which have the same addresses. */
export function fileJobRoutes({ files, clock, idempotency }: FileJobRouteParts, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];
  const forms = {
    copy: copyForm(files, idempotency),
    compress: compressForm(files, idempotency),
    extract: extractForm(files, idempotency),
  };
  const find = (req: Request) => files.jobs.find(req.site, String(req.params.id));
  router.get('/sites/:site/files/jobs/:id', inSite, async (req: Request, res: Response) => {
    const job = await find(req);
    if (req.query.as === 'csv') return sendCsv(req, res, job);
    await res.page('files/job', jobPage(req, job, clock));
  });
  router.get('/sites/:site/files/jobs/:id/state', inSite, async (req: Request, res: Response) => {
    res.json(jobState(await find(req), req.visit.words, clock));
  });
  router.post('/sites/:site/files/jobs/:id/cancel', guards.signedInAt(jobOf), guards.site, cancelling(files));
  for (const [what, { get, post }] of Object.entries(forms)) {
    const asked = what === 'extract' ? [] : [someChosen(files)];
    router.get('/sites/:site/files{/*path}', asks(what), inSite, mayChange, ...asked, get);
    router.post(`/sites/:site/files/${what}`, guards.signedInAt(folderOf), guards.site, post);
  }
  return router;
}

/** A form about nothing is not shown. */
const someChosen =
  (files: Files): RequestHandler =>
  async (req, res, next) => {
    const folder = pathOf(req);
    const { entries } = await chosen(files, req, 'copy', req.query.path, folder);
    if (entries.length > 0) return next();
    say(req, 'files.nothingChosen', undefined, 'bad');
    goTo(req, res, fileAddress(req.site.name, folder ?? ['www']));
  };

/** @returns the page of the folder that a lost form was about */
function folderOf(req: Request): string {
  const named = [(req.body as { path?: unknown } | undefined)?.path].flat()[0];
  const path = typeof named === 'string' ? parsePath(named) : undefined;
  return fileAddress(String(req.params.site), path?.[0] === 'www' && path.length > 1 ? path.slice(0, -1) : ['www']);
}

const jobOf = (req: Request) => jobAddress({ name: String(req.params.site) }, String(req.params.id));

function cancelling(files: Files) {
  return act({
    fields: z.object({}),
    submit: async ({ req }) => {
      await files.jobs.cancel(req.site, doerOf(req), String(req.params.id));
      return jobOf(req);
    },
  });
}

function sendCsv(req: Request, res: Response, job: FileJob): void {
  const { t } = req.visit.words;
  const head = [t('files.column.file'), t('files.column.result'), t('files.column.size'), t('files.column.reason')];
  const lines = jobRows(job.results, req.visit.words).map(({ file, result, bytes, reason }) =>
    csvLine([file, t(`files.job.result.${result}`), String(bytes), reason]),
  );
  asAttachment(res, `${job.kind}-${req.site.name}-${job.id.slice(0, 8)}.csv`);
  res.type('text/csv').send(byteOrderMark + csvLine(head) + lines.join(''));
}
