// The rules for passwords as the panel builds them, without a list of breached ones.
import { BreachedPasswords } from '../../src/accounts/breached.ts';
import { PasswordRules } from '../../src/accounts/passwords.ts';
import { packageFolder } from '../../src/package-folder.ts';

export const passwordRules = (breached = '/nowhere/at/all') =>
  new PasswordRules({ wordsFile: packageFolder('lists/korean-words.tsv'), breached: new BreachedPasswords(breached) });
