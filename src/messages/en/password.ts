// The rule for passwords and the reasons for refusing one (ux.md 6.3).
import type { password as korean } from '../ko/password.ts';
import type { Sentence } from '../sentences.ts';

export const password = {
  'password.rule':
    '8 characters or more, with at least one letter and one digit. Longer is better; spaces and symbols are fine. A few unrelated words make a long password that is easy to remember.',
  'password.rule.nist':
    '15 characters or more of any kind, spaces and symbols included. A few unrelated words make a long password that is easy to remember.',
  'password.missing': 'Choose a password.',
  'password.tooShort': 'This is shorter than {minimum} characters; it has {length}. Try adding one more word.',
  'password.tooLong': 'This is longer than {maximum} characters. Please shorten it a little.',
  'password.needsLetter': 'A letter is missing. Add at least one letter.',
  'password.needsDigit': 'A digit is missing. Add at least one digit.',
  'password.common': 'This password is widely known and easy to guess. Changing one digit is not enough. Choose a different one.',
  'password.breached': 'It is on a list of passwords that leaked elsewhere. Choose one that you have never used.',
  'password.korean': 'It is a Korean word typed on a Latin keyboard, which is easy to guess. Try joining more unrelated words.',
  'password.context': 'It is easy to guess from your email address, your name or our service name. Choose one without them.',
  'password.pattern': 'It is easy to guess as a row of keys, a repetition, a sequence or a date. Try joining unrelated words.',
  'password.guessable': 'This password is easy to guess. Try joining more unrelated words.',
  'password.needsClasses': 'Use digits, symbols, capital and small letters.',
  'password.show': 'Show password',
  'password.hide': 'Hide password',
} satisfies Record<keyof typeof korean, Sentence>;
