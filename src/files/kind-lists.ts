// What an operator changes of the list of kinds: in the program area, and in upload folders.
import { z } from 'zod';
import { isNeverAllowed, kinds, type UploadRules, usualRules } from './kinds.ts';

/** What may come in by the panel: `program` outside of upload folders, `upload` in them. */
export type UploadLists = { readonly program: UploadRules; readonly upload: UploadRules };

const pattern = /^([+-])([a-z0-9]{1,16})$/;
/** Packed or transforming forms of kinds that are judged by their content: a script in them could not be seen. */
const unseen = new Set(['svgz', 'xsl', 'xslt']);

type Change = { readonly sign: string; readonly extension: string };

function changeOf(text: string): Change | undefined {
  const [, sign, extension] = pattern.exec(text.toLowerCase()) ?? [];
  return sign === undefined || extension === undefined ? undefined : { sign, extension };
}

/** @returns the usual rules with extensions added (`+psd`) and taken away (`-html`); what cannot be read changes nothing */
export function listed(changes: readonly string[]): UploadRules {
  const read = changes.map(changeOf).filter((change) => change !== undefined);
  const of = (sign: string) => read.filter((change) => change.sign === sign).map(({ extension }) => extension);
  const gone = new Set(of('-'));
  const allowed = new Set([...usualRules.allowedExtensions, ...of('+')].filter((extension) => !gone.has(extension)));
  return { ...usualRules, allowedExtensions: [...allowed] };
}

/** @returns what is wrong with these changes, in sentences for the operator; nothing when the panel may start with them */
export function kindFaults(changes: readonly string[]): string[] {
  const faults = changes.map(faultOf).filter((fault) => fault !== undefined);
  const known = new Set(changes.map((text) => text.toLowerCase()));
  for (const text of known)
    if (text.startsWith('+') && known.has(`-${text.slice(1)}`)) faults.push(`"${text.slice(1)}" is added and taken away`);
  if (faults.length === 0 && listed(changes).allowedExtensions.length === 0) faults.push('leaves nothing that may come in');
  return faults;
}

function faultOf(text: string): string | undefined {
  const change = changeOf(text);
  if (!change) return `"${text}" is no "+extension" or "-extension"`;
  const { sign, extension } = change;
  if (sign === '-') return Object.hasOwn(kinds, extension) ? undefined : `"${text}" takes away what is on no list`;
  if (isNeverAllowed(extension))
    return `"${text}" never comes in by the panel: servers or desktops would run it, or be steered by it`;
  if (unseen.has(extension)) return `"${text}" never comes in by the panel: a script in it could not be seen`;
  return undefined;
}

/** The option of one list. */
export const kindChanges = z
  .array(z.string())
  .superRefine((changes, context) => {
    for (const message of kindFaults(changes)) context.addIssue({ code: 'custom', message });
  })
  .default([]);
