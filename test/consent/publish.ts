// For tests: the next version of a document, with a sentence more, as an operator publishes it.
import type { Doors } from '../../src/panel.ts';

export const sentence = '해마다 6월에 점검을 한 번 더 합니다.';

/** @param days from the local day it is now until it applies @returns the version */
export async function publishNext(
  { consent, audit }: Pick<Doors, 'consent' | 'audit'>,
  document: string,
  { days = 7, isUnfavourable = false, more = sentence }: { days?: number; isUnfavourable?: boolean; more?: string } = {},
): Promise<string> {
  const { library, publishing } = consent;
  const version = library.dayIn(days);
  const text = (language: 'ko' | 'en') => Buffer.from(`${library.newest(document, language).markdown}\n${more}\n`);
  const needsConsent = document !== 'privacy' && document !== 'ssh';
  const texts = { ko: text('ko'), en: text('en') };
  const reviewed = publishing.review({ document, version, texts, isUnfavourable, needsConsent, jointTerms: null });
  await publishing.publish(reviewed, { audit, actor: { kind: 'operator' } });
  return version;
}
