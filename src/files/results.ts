// What became of each uploaded file, in words: the result, the reason, and what to do; refusals first.
import type { Words } from '../platform/web/words.ts';
import type { UploadResult } from './publishing.ts';
import type { Found } from './refusals.ts';
import { type UploadAct, uploadActs } from './upload-acts.ts';

export type ResultRow = {
  readonly file: string;
  readonly bytes: number;
  readonly result: UploadResult['result'];
  readonly code: string | null;
  readonly reason: string;
  readonly acts: readonly UploadAct[];
};

const rank: Readonly<Record<UploadResult['result'], number>> = { refused: 0, skipped: 1, renamed: 2, replaced: 3, stored: 4 };

export function resultRows(results: readonly UploadResult[], words: Words): ResultRow[] {
  return [...results].sort((a, b) => rank[a.result] - rank[b.result]).map((result) => resultRow(result, words));
}

export function resultRow(result: UploadResult, words: Words): ResultRow {
  return {
    file: result.file,
    bytes: result.bytes,
    result: result.result,
    code: result.code ?? null,
    reason: reasonFor(result, words),
    acts: uploadActs(result, result.file, words),
  };
}

function reasonFor({ code, parameters = {}, storedAs }: UploadResult, words: Words): string {
  if (storedAs !== undefined) return words.t('files.storedAs', { name: storedAs });
  if (code === undefined) return '';
  // What was refused by an earlier version has no reference.
  return words.t(`files.refused.${code}`, { ref: '-', ...inWords(parameters, words) });
}

const sizes = new Set(['size', 'limit', 'free', 'need', 'bytes']);

/** Sizes and times as people read them; what was found, and what is wrong with an archive, by their sentences. */
export function inWords(parameters: Readonly<Record<string, string | number>>, words: Words): Record<string, string | number> {
  const inBytes = parameters.unit !== 'pixels' && !('rest' in parameters) && !('n' in parameters);
  const shown = Object.entries(parameters).map(([name, value]) => {
    if (typeof value === 'number' && name === 'at') return [name, words.time(value)];
    if (typeof value === 'number' && sizes.has(name)) return [name, inBytes ? words.bytes(value) : words.number(value)];
    if (name === 'why') return [name, words.t(`files.archive.${value}`)];
    if (name === 'found')
      return [name, words.t(Object.hasOwn(named, value) ? `files.found.${value}` : 'files.found.kind', { kind: value })];
    return [name, value];
  });
  return Object.fromEntries(shown);
}

/** What has a sentence of its own; every other `found` is an extension. */
const named: Readonly<Record<Found, true>> = {
  text: true,
  binary: true,
  'utf-16': true,
  unknown: true,
  'server-code': true,
  script: true,
  'outside-reference': true,
  entity: true,
  malformed: true,
};
