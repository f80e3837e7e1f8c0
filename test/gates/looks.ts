// In which looks a page is seen: for CI each once a language (answers to forms in one), with `GOTGAN_GATES=all` every language, theme and width, forced colours and print.
import type { Language } from '../../src/platform/web/words.ts';

export type Look = {
  readonly language: Language;
  readonly theme: 'light' | 'dark';
  readonly width: 360 | 768 | 1280;
  /** colours of the person's own system, or paper */
  readonly medium?: 'forced colours' | 'print';
  /** the keys are tried too: in CI in one of the two looks of a page, by turns, so that the ring is seen in both themes */
  readonly keys: boolean;
};

export const isWhole = process.env.GOTGAN_GATES === 'all';

export const wordsOf = ({ language, theme, width, medium }: Look) =>
  [language, theme, width, medium].filter((word) => word !== undefined).join(' ');

const languages = ['ko', 'en'] as const;
const themes = ['light', 'dark'] as const;
const widths = [360, 768, 1280] as const;

const whole: readonly Look[] = [
  ...languages.flatMap((language) => themes.flatMap((theme) => widths.map((width) => ({ language, theme, width, keys: true })))),
  { language: 'ko', theme: 'light', width: 1280, medium: 'forced colours', keys: true },
  { language: 'en', theme: 'dark', width: 360, medium: 'forced colours', keys: true },
  { language: 'ko', theme: 'light', width: 768, medium: 'print', keys: false },
];

/**
 * @param at position of the page in the list: neighbours take turns with the widths
 * @param isAnswer what a form that was sent is answered with: the page of the form once more, which is in the list in both languages;
 *   answers take turns with the languages
 */
export function looksOf(at: number, isAnswer: boolean): readonly Look[] {
  if (isWhole) return whole;
  // Widths change every page, keys every second one: each pairs with each.
  const [isEven, keys] = [at % 2 === 0, at % 4 < 2];
  const looks: readonly Look[] = [
    { language: 'ko', theme: 'light', width: isEven ? 360 : 1280, keys },
    { language: 'en', theme: 'dark', width: isEven ? 1280 : 360, keys: !keys },
  ];
  return isAnswer ? looks.filter((look) => look.keys) : looks;
}
