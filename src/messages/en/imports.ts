// Sentences of customers who come from another panel.
import type { imports as korean } from '../ko/imports.ts';
import type { Sentence } from '../sentences.ts';

export const imports = {
  'imports.encoding': 'the file is neither UTF-8 nor CP949',
  'imports.empty': 'a first line with the names of the columns and at least one customer are needed',
  'imports.tooMany': 'at most {maximum} rows can be imported at once',
  'imports.unknownColumn': 'is no column that is known',
  'imports.columnTwice': 'this column stands there twice',
  'imports.missingColumn': 'this column is needed',
  'imports.fieldCount': 'has {found} values, and there are {wanted} columns',
  'imports.twice': 'is in row {row} too',
  'imports.taken': 'is in this panel already',
  'imports.tooLong': 'may have {maximum} characters',
  'imports.domain': 'is no domain',
  'imports.language': 'must be ko or en',
  'imports.loginName.malformed': 'must have 2 to 64 characters and no spaces',
  'imports.loginName.otherAddress': 'an email address must be the person’s own',
  'imports.hash.unknown': 'is no hash that is taken (bcrypt, sha512-crypt, PBKDF2)',
  'imports.hash.malformed': 'the hash is cut off or malformed',
  'imports.hash.tooCheap': 'the cost of the hash is too low',
  'imports.hash.tooCostly': 'the cost of the hash is too high',
  'agreement.title': 'Please agree to your contract first',
  'agreement.lead':
    'We have moved your service to this panel. Read the terms, who is responsible for backups and what we compensate, and agree: we then prepare your site and you can go on.',
  'agreement.contract': 'Your contract',
  'agreement.next': 'We email you what you agreed to, with the full text of the documents.',
  'agreement.submit': 'Agree and start',
  'agreement.done': 'We have recorded your agreement. Your site is being prepared.',
  'agreement.first': 'Please agree to your contract first. You can go on afterwards.',
  'mail.agreed.subject': '[{brand}] What you agreed to',
  'mail.agreed.intro': 'You have agreed to your contract with {brand}.',
} satisfies Record<keyof typeof korean, Sentence>;
