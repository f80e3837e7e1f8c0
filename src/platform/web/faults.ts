// Refused fields in words: the summary above a form, and one list a field.
import type { FieldFault, Parameters } from '../errors.ts';
import type { Words } from './words.ts';

export type Faults = Readonly<Record<string, readonly FieldFault[]>>;

/** @returns the error summary with a link to each field, in the order of the faults; undefined when there are none */
export function summary(
  words: Words,
  faults: Faults | undefined,
): { title: string; items: { text: string; href: string }[] } | undefined {
  if (!faults || Object.keys(faults).length === 0) return undefined;
  const items = Object.entries(faults).flatMap(([field, list]) =>
    list.map(({ key, parameters }) => ({ text: words.t(key, parameters as Parameters), href: `#${field || 'main'}` })),
  );
  return { title: words.t('error.summary'), items };
}
