// Names of databases and users as both engines take them: strict first, quoted as well.
import { createHash } from 'node:crypto';
import { badRequest } from '../errors.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';

const plain = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const ofTheEngines = new Set([
  ...['mysql', 'sys', 'information_schema', 'performance_schema', 'root', 'mariadb', 'public', 'none'],
  ...['postgres', 'template0', 'template1', 'current_user', 'session_user', 'current_role'],
]);

/** @throws PanelError 400 unless the name is of `a-z 0-9 _ -`, at most 63 long, and none that an engine keeps for itself */
export function checkName(name: string): string {
  if (!plain.test(name) || ofTheEngines.has(name) || name.startsWith('pg_')) throw badRequest();
  return name;
}

/** A customer's user is never one of the panel's own accounts there. */
export function checkDatabase(database: HostedDatabase, own: readonly (Pick<DatabaseAccess, 'user'> | undefined)[]): void {
  checkName(database.name);
  checkName(database.user);
  if (own.some((account) => account?.user === database.user)) throw badRequest();
}

/** A character set by its engine's name. @throws PanelError 400 */
export function checkCharset(charset: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_]{1,30}$/.test(charset)) throw badRequest();
  return charset;
}

/**
 * Where the content that is replaced lies in between. The same for the same two, so that a second run finds it. It has an underscore: the
 * panel's rights on MariaDB are for such names.
 */
export const asideOf = (database: HostedDatabase, staged: HostedDatabase): string =>
  `gotgan_${createHash('sha256').update(`${database.name} ${staged.name}`).digest('hex').slice(0, 24)}`;

/** MariaDB: an identifier in backticks. */
export const backticked = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** MariaDB: a database in GRANT, where `_` and `%` stand for other signs unless they are escaped. */
export const grantedDatabase = (name: string): string => backticked(name.replace(/[_%\\]/g, '\\$&'));

/** PostgreSQL (and standard SQL): an identifier in double quotes. */
export const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A literal in single quotes, for what the panel made itself (hashes, checked names): backslashes are refused, not escaped. */
export function singleQuoted(text: string): string {
  if (/['\\\0]/.test(text)) throw badRequest();
  return `'${text}'`;
}

/** MariaDB: a user by the address it may come from. */
export const accountOf = (user: string, host: string): string => `${singleQuoted(user)}@${singleQuoted(host)}`;
