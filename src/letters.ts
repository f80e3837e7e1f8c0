// Renders letters: `views/mail/<template>.ejs` as plain text, in the receiver's language.
import ejs from 'ejs';
import type { Choices } from './options.ts';
import { packageFolder } from './package-folder.ts';
import type { Addresses } from './platform/web/addresses.ts';
import { type Language, type WordsOptions, wordsIn } from './platform/web/words.ts';

export type LetterParts = { readonly words: WordsOptions; readonly addresses: Addresses; readonly brand: Choices['brand'] };
type Values = Readonly<Record<string, string | number>>;

/** @returns subject and text of a letter; a template may not decide anything, it only says */
export function letterRenderer({ words, addresses, brand }: LetterParts) {
  return async (template: string, language: Language, p: Values): Promise<{ subject: string; text: string }> => {
    const inLanguage = wordsIn(language, words);
    const locals = { ...inLanguage, p, brand, link: (path: string) => addresses.absolute(language, path) };
    // A letter is plain text: nothing is HTML in it, so nothing is escaped.
    const text = await ejs.renderFile(`${packageFolder('views/mail')}/${template}.ejs`, locals, { escape: String, cache: true });
    return { subject: inLanguage.t(`mail.${template}.subject`, { brand: brand.name, ...p }), text };
  };
}
