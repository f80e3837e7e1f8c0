// Work as a database's own user, whose password nobody keeps.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Connection, ConnectionOptions } from 'mysql2';
import { conflict, notFound } from '../errors.ts';
import type { Limits } from './limits.ts';
import { type MariaDbSession, nativeHash, whereabouts } from './mariadb-session.ts';
import { accountOf } from './names.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';

/** MariaDB's ER_ACCOUNT_HAS_BEEN_LOCKED; the driver has MySQL's names for such numbers */
const lockedOut = 4151;

export async function existingAccounts(session: MariaDbSession, user: string): Promise<string[]> {
  const rows = await session.rows('SELECT Host AS host FROM mysql.global_priv WHERE User = ?', [user]);
  return rows.map(({ host }) => accountOf(user, String(host)));
}

/**
 * Works as the database's own user, whose password nobody keeps: it gets a second, passing one behind its own for the time of the work.
 * One that a dead process left behind is known to nobody, and goes with the next work or the next change of the password.
 * @throws PanelError 409 while another such work goes on, or when the user is locked
 */
export async function asOwnUser<T>(
  session: MariaDbSession,
  access: DatabaseAccess,
  database: HostedDatabase,
  limits: Limits,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const [lock] = await session.rows('SELECT GET_LOCK(?, 0) AS mine', [`gotgan ${database.user}`]);
  if (Number(lock?.mine) !== 1) throw conflict();
  const accounts = await existingAccounts(session, database.user);
  if (accounts.length === 0) throw notFound();
  const password = randomBytes(24).toString('base64url');
  try {
    for (const account of accounts) await passWith(session, account, database.user, nativeHash(password));
    const connection = await enter(
      { ...whereabouts(access), user: database.user, password, database: database.name },
      limits.connect,
    );
    try {
      return await work(connection);
    } finally {
      connection.destroy();
    }
  } finally {
    for (const account of accounts) await passWith(session, account, database.user);
    await session.rows('SELECT RELEASE_LOCK(?)', [`gotgan ${database.user}`]);
  }
}

/** What `create` and `setPassword` set: mysql_native_password, whatever the server's default is. */
export const isNativeHash = (hash: string): boolean => /^\*[0-9A-F]{40}$/.test(hash);

/** @returns the hash of the user's password. @throws PanelError 404; 409 where it has another way in, or more than one */
export async function ownHash(session: MariaDbSession, user: string): Promise<string> {
  const rows = await session.rows(
    `SELECT JSON_VALUE(Priv, '$.plugin') AS plugin, JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv
      WHERE User = ?`,
    [user],
  );
  if (rows.length === 0) throw notFound();
  const hashes = new Set(rows.map(({ plugin, hash }) => (plugin === 'mysql_native_password' ? String(hash) : '')));
  const [hash = ''] = hashes;
  if (hashes.size !== 1 || !isNativeHash(hash)) throw conflict();
  return hash;
}

/** Leaves the user's own way in as it is, and the passing one beside it or none. */
async function passWith(session: MariaDbSession, account: string, user: string, passing?: string): Promise<void> {
  const rows = await session.rows(
    `SELECT JSON_VALUE(Priv, '$.plugin') AS plugin, JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv
      WHERE User = ? AND CONCAT(QUOTE(User), '@', QUOTE(Host)) = ?`,
    [user, account],
  );
  const [own] = rows;
  if (own === undefined) return;
  // Only what `create` and `setPassword` set is known here.
  if (own.plugin !== 'mysql_native_password' || !isNativeHash(String(own.hash))) throw conflict();
  const ways = [own.hash, ...(passing === undefined ? [] : [passing])].map((hash) => `mysql_native_password USING '${hash}'`);
  await session.rows(`ALTER USER ${account} IDENTIFIED VIA ${ways.join(' OR ')}`);
}

/** @throws PanelError 409 when the user is locked; mysql2's errors */
async function enter(options: ConnectionOptions, limit: number): Promise<Connection> {
  const { default: mysql } = await import('mysql2');
  const connection = mysql.createConnection({
    ...options,
    charset: 'latin1_swedish_ci',
    connectTimeout: limit,
    // Told of a change of the character set, the driver would write otherwise than byte for byte.
    flags: ['-LOCAL_FILES', '-SESSION_TRACK'],
    multipleStatements: false,
  });
  const timer = setTimeout(() => connection.destroy(), limit + 500);
  try {
    await Promise.race([once(connection, 'connect'), once(connection, 'end').then(() => Promise.reject(new Error('ended')))]);
  } catch (error) {
    connection.destroy();
    throw (error as { errno?: unknown }).errno === lockedOut ? conflict() : error;
  } finally {
    clearTimeout(timer);
  }
  connection.on('error', () => {});
  return connection;
}
