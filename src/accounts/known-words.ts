// Words that many people choose as a password: a list of leaked ones, and Korean words in every way they are written or typed.
import { readFile } from 'node:fs/promises';
import type { FieldFault } from '../platform/errors.ts';
import { hangulOfKeys, syllablesIn, typedOnKeyboard } from './hangul.ts';

export type KnownWords = {
  /** leaked passwords, in small letters */
  readonly leaked: ReadonlySet<string>;
  /** Korean words in Hangul and in Latin letters */
  readonly korean: ReadonlySet<string>;
  /** the same Korean words as keys of a two-set keyboard, in small letters */
  readonly typed: ReadonlySet<string>;
};

/** @param file with a line a word: Hangul, a tab, and its spellings in Latin letters with commas between */
export async function readKnownWords(file: string): Promise<KnownWords> {
  const [{ dictionary }, text] = await Promise.all([import('@zxcvbn-ts/language-common'), readFile(file, 'utf8')]);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const words = lines.map((line) => line.split('\t'));
  return {
    leaked: new Set(dictionary['passwords-common'].map(String)),
    korean: new Set(words.flatMap(([hangul = '', latin = '']) => [hangul, ...latin.split(',')]).filter(Boolean)),
    typed: new Set(words.map(([hangul = '']) => typedOnKeyboard(hangul).toLowerCase())),
  };
}

// A word that is longer than this with a few signs around it is still that word; seven digits are a number of their own.
const mostSignsAround = 6;
const shortestLeaked = 4;

/**
 * Refuses what is a known word with digits and signs around it, and Korean words on no list too, however they are typed.
 * @param folded the password in NFKC and small letters
 */
export function knownWordFaults(folded: string, { leaked, korean, typed }: KnownWords): readonly FieldFault[] {
  const word = folded.replace(/^\P{L}+|\P{L}+$/gu, '').replace(/\s/g, '');
  const around = folded.length - word.length;
  const isLeaked = leaked.has(folded) || (word.length >= shortestLeaked && around <= mostSignsAround && leaked.has(word));
  if (isLeaked || korean.has(word)) return [{ key: 'password.common' }];
  if (typed.has(word) || isKoreanWord(hangulOfKeys(word))) return [{ key: 'password.korean' }];
  return isKoreanWord(word) ? [{ key: 'password.guessable' }] : [];
}

// Five syllables are a phrase, which nobody guesses by trying words.
const mostSyllablesOfAWord = 4;
const shortestRun = 6;

function isKoreanWord(hangul = ''): boolean {
  return hangul !== '' && hangul.length <= mostSyllablesOfAWord && syllablesIn(hangul) === hangul.length;
}

/** @returns parts of the password that are Korean words, which a guesser tries as a whole: known ones, and runs of keys that type Hangul */
export function koreanParts(folded: string, { korean, typed }: KnownWords): string[] {
  const known = [...korean, ...typed].filter((word) => word.length >= shortestLeaked && folded.includes(word));
  const runs = folded.match(/[a-z]+/g) ?? [];
  return [...known, ...runs.filter((run) => run.length >= shortestRun && isKoreanWord(hangulOfKeys(run)))];
}
