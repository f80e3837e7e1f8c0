// The copy of what was agreed that goes out with the first letter (KHADA 8.3; ux.md 2.3): parameters of the letter `verify`.
import type { Consent, Given } from '../consent/consent.ts';
import type { Language } from '../platform/web/words.ts';

type Agreed = Pick<Given, 'agreed' | 'wording' | 'document' | 'version' | 'required' | 'language'>;

/**
 * @param given the answers of one order, as recorded
 * @returns `agreed`: a line an item that was ticked; `documents`: how many texts follow, each as `title1`, `version1`, `sha1`, `text1` …
 */
export function agreedCopy(consent: Consent, given: readonly Agreed[], language: Language): Record<string, string | number> {
  const ticked = given.filter(({ agreed }) => agreed);
  const lines = ticked.map(({ wording, document, version }) => {
    const title = document && version && consent.version(document, version, language).title;
    return title ? `- ${wording} [${title} ${version}]` : `- ${wording}`;
  });
  const documents = ticked.flatMap(({ required, document, version, language: shownIn }) =>
    required && document && version ? [consent.version(document, version, shownIn)] : [],
  );
  const texts = documents.flatMap(({ title, version, sha256, markdown }, at) => [
    [`title${at + 1}`, title],
    [`version${at + 1}`, version],
    [`sha${at + 1}`, sha256],
    [`text${at + 1}`, markdown.trim()],
  ]);
  return { agreed: lines.join('\n'), documents: documents.length, ...Object.fromEntries(texts) };
}
