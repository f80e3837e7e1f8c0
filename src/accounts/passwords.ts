// Which passwords are taken (architecture §13.4 and §13.14, KHADA 6.2): all reasons against one are told at once.
import type { FieldFault } from '../platform/errors.ts';
import type { BreachedPasswords } from './breached.ts';
import { guessReason } from './guessing.ts';
import { typedOnKeyboard } from './hangul.ts';
import { type KnownWords, knownWordFaults, koreanParts, readKnownWords } from './known-words.ts';

export type PasswordClass = 'letter' | 'digit' | 'upper' | 'lower' | 'sign';

export type PasswordPolicy = {
  /** least and most code points after NFC */
  readonly minimum: number;
  readonly maximum: number;
  /** of each at least one */
  readonly classes: readonly PasswordClass[];
};

/** Customers (KHADA 6.2). Letters and digits of every script count. */
export const customerPolicy: PasswordPolicy = { minimum: 8, maximum: 128, classes: ['letter', 'digit'] };

export type PasswordContext = {
  /** the account's own words, see `ownWords` */
  readonly words: readonly string[];
};

/** The same for operators of panels who hold with NIST SP 800-63B-4 §3.1.1.2 and ASVS 6.2.5: longer, and no classes. */
export const nistPolicy: PasswordPolicy = { minimum: 15, maximum: 128, classes: [] };

/** Staff (KHADA 4.1). */
export const operatorPolicy: PasswordPolicy = { minimum: 10, maximum: 128, classes: ['upper', 'lower', 'digit', 'sign'] };

const classes: Readonly<Record<PasswordClass, { key: string; sign: RegExp }>> = {
  letter: { key: 'password.needsLetter', sign: /\p{L}/u },
  digit: { key: 'password.needsDigit', sign: /\p{Nd}/u },
  upper: { key: 'password.needsClasses', sign: /\p{Lu}/u },
  lower: { key: 'password.needsClasses', sign: /\p{Ll}/u },
  sign: { key: 'password.needsClasses', sign: /[^\p{L}\p{Nd}]/u },
};

// 128 code points are at most 1024 units in any form; composing marks takes quadratic time (64,000 of them 1.7 s).
const longestComposable = 2048;

/**
 * @returns the password as it is judged and hashed: NFC and nothing else, no trim, no folding (NIST SP 800-63B-4 §3.1.1.2).
 * A text beyond 2048 units can be nobody's password and comes back as it is.
 */
export function canonicalPassword(raw: string): string {
  return raw.length > longestComposable ? raw : raw.normalize('NFC');
}

export type PasswordRulesParts = {
  /** Korean words, see `readKnownWords` */
  readonly wordsFile: string;
  /** passwords of known breaches, when the operator has imported a list */
  readonly breached: BreachedPasswords;
  /** of customers; `customerPolicy`, unless given */
  readonly policy?: PasswordPolicy;
};

/** The one judge of every password of the panel: accounts, operators, FTP, databases. */
export class PasswordRules {
  readonly #parts: PasswordRulesParts;
  #known: Promise<KnownWords> | undefined;

  constructor(parts: PasswordRulesParts) {
    this.#parts = parts;
  }

  /**
   * @param password as typed
   * @returns every rule that fails, none when the password is taken: `password.tooShort` {minimum, length}, `password.tooLong`
   * {maximum}, `password.needsLetter`, `.needsDigit`, `.needsClasses` (a capital, a small letter or a sign), and at most one of
   * `password.context` (one's own words), `.breached`, `.common` (well-known, or a plain word), `.korean` (a Korean word typed
   * on a Latin keyboard), `.pattern` (rows of keys, repetition, dates), `.guessable`
   * @throws when a list of breached passwords is there and cannot be read: what cannot be checked is not taken
   */
  async judge(
    password: string,
    { words }: PasswordContext,
    policy: PasswordPolicy = this.#parts.policy ?? customerPolicy,
  ): Promise<readonly FieldFault[]> {
    const canonical = canonicalPassword(password);
    const tooLong = { key: 'password.tooLong', parameters: { maximum: policy.maximum } };
    // A megabyte is not even counted.
    if (canonical.length > 2 * policy.maximum) return [tooLong];
    const length = [...canonical].length;
    const failed = policy.classes.map((name) => classes[name]).filter(({ sign }) => !sign.test(canonical));
    const missing = [...new Set(failed.map(({ key }) => key))].map((key) => ({ key }));
    if (length > policy.maximum) return [tooLong, ...missing];
    const isShort = length < policy.minimum;
    const tooShort = { key: 'password.tooShort', parameters: { minimum: policy.minimum, length } };
    return [...(isShort ? [tooShort] : []), ...missing, ...(await this.#contentFaults(canonical, words, isShort))];
  }

  /**
   * For a sign-in, where the rules of choosing are no matter any more (security.md B.2).
   * @returns whether the list of breached passwords holds it; false without a list. @throws when the list cannot be read
   */
  isLeaked(password: string): Promise<boolean> {
    const canonical = canonicalPassword(password);
    return canonical.length > 2 * customerPolicy.maximum ? Promise.resolve(false) : this.#parts.breached.has(canonical);
  }

  async #contentFaults(password: string, words: readonly string[], isShort: boolean): Promise<readonly FieldFault[]> {
    this.#known ??= readKnownWords(this.#parts.wordsFile);
    const known = await this.#known;
    const own = [...new Set(words.map(fold).filter((word) => word.length >= 2))];
    const folded = fold(password);
    const faults = [
      ...ownWordFaults(folded, own),
      ...((await this.#parts.breached.has(password)) ? [{ key: 'password.breached' }] : []),
      ...knownWordFaults(folded, known),
    ];
    if (faults.length > 0) return faults.slice(0, 1);
    const reason = await guessReason(password, { own, korean: koreanParts(folded, known) });
    // Of a short one "guessable" tells nothing new.
    return reason && !(reason === 'guessable' && isShort) ? [{ key: `password.${reason}` }] : [];
  }
}

const fold = (text: string) => text.normalize('NFKC').toLowerCase();
const lettersAndDigits = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '').length;

/** Refuses what is nothing but own words and a trivial addition: up to four letters or digits, any signs, and less than the words themselves. */
function ownWordFaults(whole: string, words: readonly string[]): readonly FieldFault[] {
  const rest = words
    .filter((word) => lettersAndDigits(word) >= (/^[\x20-\x7e]*$/.test(word) ? 3 : 2))
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, word) => left.replaceAll(word, ' '), whole);
  const added = lettersAndDigits(rest);
  const own = lettersAndDigits(whole) - added;
  return own > 0 && added <= 4 && added < own ? [{ key: 'password.context' }] : [];
}

/** What this panel is called everywhere; no password may be built on it. */
export const panelNames: readonly string[] = ['gotgan', '곳간'];

export type Owner = {
  readonly address?: string;
  readonly name?: string;
  readonly phone?: string;
  /** names of the company and of the service, and whatever else anybody knows */
  readonly more?: readonly string[];
};

const endings = /^(?:com|net|org|info|biz|kr|co|or|go|ac|ne|pe|re)$/;

/** @returns the words that a guesser would try first for this person: parts of the address, the name, the phone number, the brand */
export function ownWords({ address = '', name = '', phone = '', more = [] }: Owner): string[] {
  const [local = '', domain = ''] = address.slice(0, 320).split('@');
  const digits = phone.slice(0, 40).replace(/\D/g, '');
  const names = [name, ...more]
    .map((text) => text.slice(0, 100))
    .flatMap((text) => [text, text.replace(/\s/g, ''), ...text.split(/\s+/)]);
  // Koreans are called by what follows the one-syllable family name.
  const given = /^[가-힣]{3,4}$/.test(name.normalize('NFC')) ? [name.normalize('NFC').slice(1)] : [];
  const labels = domain.split('.').filter((label) => !endings.test(label.toLowerCase()));
  const numbers = [digits, digits.slice(-8), digits.slice(-4)];
  const all = [local, ...local.split(/[^\p{L}\p{N}]+/u), ...labels, ...names, ...given, ...numbers];
  // A name in Hangul is as often typed without changing the keyboard.
  const typed = all.map(typedOnKeyboard);
  return [...new Set([...all, ...typed].map((word) => word.trim()))].filter((word) => word.length >= 2);
}
