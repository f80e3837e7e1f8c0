// The page of uploads: its form, what is not finished, what was refused lately, and the sentences of its script.
import type { Request } from 'express';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Words } from '../platform/web/words.ts';
import type { RulesAt } from './areas.ts';
import { nameIn } from './arriving-names.ts';
import type { Files } from './files.ts';
import { fileAddress } from './listing.ts';
import { conflicts, type UploadConflict, uploadConflicts } from './publishing.ts';
import { type ResultRow, resultRow } from './results.ts';
import { againAddress } from './upload-acts.ts';

/** rows of refused files on the page; the rest stands in the results */
const mostRefused = 100;

/** Sentences that the script fills in by itself. */
const scriptWords = [
  ...['waiting', 'checking', 'sending', 'paused', 'judging', 'stored', 'renamed', 'replaced', 'skipped', 'refused', 'broken'],
  ...['cancelled', 'pause', 'resume', 'remove', 'pauseAll', 'resumeAll', 'cancelAll', 'total', 'left', 'leftSeconds', 'begun'],
  ...[
    'quarter',
    'done',
    'doneAll',
    'doneRefused',
    'tally',
    'asks',
    'asksMore',
    'session',
    'offline',
    'online',
    'retry',
    'emptyFolder',
    'unreadable',
    'network',
    'resumeNow',
    'signIn',
    'inBundle',
  ],
  ...['hidden', 'failed', 'nothing', 'list', 'queued', 'kept', 'csv'],
  ...['copyRefused', 'copied', 'notCopied', 'again', 'againHow', 'againNone', 'againRest'],
] as const;

type RefusedLately = Awaited<ReturnType<Files['refusedLately']>>[number];

/** A refused file of the last day by its whole path, and why it was refused. */
export function refusedRow(
  { createdAt, result, folder }: RefusedLately,
  words: Words,
): ResultRow & { readonly createdAt: number } {
  return { ...resultRow(result, words), file: `${folder}/${result.file}`, createdAt };
}

const csvColumns = ['file', 'size', 'reason'] as const;

/** The one file that the form takes once more: what it shall be called, and what was chosen for it; a name that may not be asks for nothing. */
function againOf(
  { query: { name, conflict } }: Request,
  folder: SitePath,
  rules: RulesAt,
): { readonly name: string; readonly conflict: UploadConflict } | undefined {
  const named = typeof name === 'string' ? nameIn(folder, name, rules) : undefined;
  if (!named || !('path' in named)) return undefined;
  return { name: named.shown, conflict: uploadConflicts.find((one) => one === conflict) ?? 'skip' };
}

export async function uploadPage(files: Files, req: Request): Promise<PageData> {
  const { words, url } = req.visit;
  const asked = typeof req.query.to === 'string' ? parsePath(req.query.to) : undefined;
  const path = asked?.[0] === 'www' ? asked : ['www'];
  const base = url(fileAddress(req.site.name, []));
  const here = `${base}/upload`;
  const rules = await files.rulesOf(req.site);
  const unfinished = await files.unfinished.ofSite(req.site);
  const refused = await files.refusedLately(req.site);
  return {
    title: words.t('files.uploadTitle'),
    section: 'files',
    form: true,
    scripts: ['behaviours/uploads.js', ...(refused.length > 0 ? ['behaviours/copy.js'] : [])],
    site: req.site,
    path,
    base,
    back: url(fileAddress(req.site.name, path)),
    scans: files.scans,
    kinds: rules(path).allowedExtensions.join(' '),
    again: againOf(req, path, rules),
    whole: `${here}?to=${encodeURIComponent(path.join('/'))}`,
    limits: files.limits,
    unfinished,
    refused: refused.slice(0, mostRefused).map((one) => {
      const row = refusedRow(one, words);
      return {
        ...row,
        acts: row.acts.map((act) => ({ ...act, href: againAddress(here, one.folder, act) })),
        href: url(`/sites/${req.site.name}/files/results/${one.id}`),
      };
    }),
    refusedCsv: `${here}?as=csv`,
    moreRefused: Math.max(0, refused.length - mostRefused),
    scriptWords: {
      ...Object.fromEntries(scriptWords.map((name) => [name, words.t(`files.script.${name}`)])),
      choices: Object.fromEntries(conflicts.map((name) => [name, words.t(`files.conflict.${name}`)])),
      columns: csvColumns.map((name) => words.t(`files.column.${name}`)),
    },
  };
}
