// The page of one job of files: how far it has come, or what came of it.
import type { Request } from 'express';
import type { Clock } from '../platform/clock.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Visit } from '../platform/web/visit.ts';
import { mostResults } from './job-bench.ts';
import { jobState, nameOf, shortText } from './job-words.ts';
import { type FileJob, jobAddress } from './jobs.ts';
import { fileAddress } from './listing.ts';
import type { UploadResult } from './publishing.ts';
import { type ResultRow, resultRows } from './results.ts';

type Words = Visit['words'];

/** @returns rows as uploads have them; what is said differently of what lay in the site before */
export function jobRows(results: readonly UploadResult[], words: Words): ResultRow[] {
  return resultRows(results, words).map((found) => {
    const row = { ...found, acts: [] };
    const { storedAs, parameters = {} } = results.find(({ file, result }) => file === row.file && result === row.result) ?? {};
    if (storedAs !== undefined) return { ...row, reason: words.t('files.job.storedAs', { name: storedAs }) };
    if (row.result === 'replaced') return { ...row, reason: words.t('files.job.replacedOld') };
    if (row.code !== 'exists') return row;
    const there = { size: words.bytes(Number(parameters.size)), at: words.time(Number(parameters.at)) };
    return { ...row, reason: words.t('files.job.exists', there) };
  });
}

/** The page of one job. */
export function jobPage(req: Request, job: FileJob, clock: Pick<Clock, 'now'>): PageData {
  const { words, url } = req.visit;
  const isOpen = job.endedAt === null;
  const address = url(jobAddress(req.site, job.id));
  const rows = jobRows(job.results, words);
  return {
    title: words.t(`files.job.${job.kind}.title`, { name: nameOf(job, words) }),
    section: 'files',
    form: true,
    values: {},
    scripts: isOpen ? ['behaviours/poll-job.js'] : [],
    site: req.site,
    one: job,
    isGood: job.state === 'done' && job.kept > 0,
    text: shortText(job, words),
    rows,
    ...(rows.length >= mostResults && { most: words.number(mostResults) }),
    folder: job.target.join('/'),
    back: url(fileAddress(req.site.name, job.target)),
    csv: `${address}?as=csv`,
    mayCancel: isOpen && req.mayChange && job.cancelledAt === null && job.step === 'working',
    cancelHref: `${address}/cancel`,
    ...(isOpen && { job: jobBox(job, req.visit, address, clock) }),
  };
}

function jobBox(job: FileJob, { words }: Pick<Visit, 'words'>, address: string, clock: Pick<Clock, 'now'>) {
  const { text, value, max, note } = jobState(job, words, clock);
  return {
    ...{ title: words.t('files.job.running'), text, value, max, note: note === '' ? undefined : note },
    stateHref: `${address}/state`,
    refresh: { href: address, text: words.t('files.job.refresh') },
  };
}
