// Which versions of the documents a sign-up page has shown: a signed list in the form, so that nobody agrees to what was not shown.
import type { Consent } from '../consent/consent.ts';
import { type Answer, documentOf } from '../orders/orders.ts';
import type { FieldFault } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';

export type Versions = Readonly<Record<string, string>>;

const purpose = 'accounts.shown-versions';

/** @returns the value of the hidden field `terms_versions` */
export function signedVersions(secrets: Secrets, language: Language, versions: Versions): string {
  const text = [language, ...Object.entries(versions).map((pair) => pair.join('='))].join(';');
  return `${text}~${secrets.sign(purpose, text)}`;
}

/** @returns what was shown in that language, or undefined when the list is missing, changed or of another language */
export function readVersions(secrets: Secrets, language: Language, signed: string): Versions | undefined {
  const [text = '', signature = ''] = signed.slice(0, 2000).split('~');
  if (!secrets.verifies(purpose, text, signature)) return undefined;
  const [of, ...pairs] = text.split(';');
  return of === language ? Object.fromEntries(pairs.map((pair) => pair.split('='))) : undefined;
}

/** @returns a fault for each ticked item whose document has a newer version than was shown; none when all are current */
export function changedDocuments(
  consent: Consent,
  language: Language,
  shown: Versions | undefined,
  answers: readonly Answer[],
): Record<string, FieldFault[]> {
  if (!shown) return { terms_versions: [{ key: 'consent.changed.unreadable' }] };
  const changed = answers.flatMap(({ item, agreed }): [string, FieldFault[]][] => {
    const documents = agreed ? new Set([documentOf(item, 'none'), documentOf(item, 'separate')]) : [];
    const faults = [...documents].flatMap((document) => (document ? changeOf(consent, language, document, shown) : []));
    return faults.length > 0 ? [[item, faults]] : [];
  });
  return changed.length > 0 ? { terms_versions: [{ key: 'consent.changed.body' }], ...Object.fromEntries(changed) } : {};
}

function changeOf(consent: Consent, language: Language, document: string, shown: Versions): FieldFault[] {
  const { title, version } = consent.current(document, language);
  const before = shown[document] ?? '';
  return before === version ? [] : [{ key: 'consent.changed.item', parameters: { title, before, version } }];
}
