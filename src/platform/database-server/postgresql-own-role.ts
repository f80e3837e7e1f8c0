// Work with the rights of a database's own role, whose password nobody keeps: a passing role that becomes it at the door.
import { randomBytes } from 'node:crypto';
import { conflict, notFound } from '../errors.ts';
import type { Limits } from './limits.ts';
import { doubleQuoted, singleQuoted } from './names.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';
import { changeOwner } from './postgresql-owners.ts';
import { openPostgres, type PostgresSession, scramVerifier, withPostgres } from './postgresql-session.ts';

export type OwnRole = { readonly access: DatabaseAccess; readonly database: HostedDatabase; readonly limits: Limits };

/** A PanelError or a LoadFault of the work passes unchanged. @throws PanelError 409 while another such work goes on, or when the role is locked */
export async function asOwnRole<T>(
  session: PostgresSession,
  own: OwnRole,
  work: (inside: PostgresSession) => Promise<T>,
): Promise<T> {
  const { database, limits } = own;
  const [lock] = await session.rows('SELECT pg_try_advisory_lock(hashtextextended($1, 7)) AS mine', [database.user]);
  if (lock?.mine !== true) throw conflict();
  const [role] = await session.rows('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [database.user]);
  if (!role) throw notFound();
  if (role.rolcanlogin !== true) throw conflict();
  await removeLoaders(session, own);
  const [user, password] = [`gotgan_load_${randomBytes(8).toString('hex')}`, randomBytes(24).toString('base64url')];
  const [loader, owner] = [doubleQuoted(user), doubleQuoted(database.user)];
  await session.rows(
    `CREATE ROLE ${loader} LOGIN INHERIT CONNECTION LIMIT 1 IN ROLE ${owner} PASSWORD '${await scramVerifier(password)}'`,
  );
  try {
    // Whatever it makes belongs to the owner, and to be put back to itself is to be put back to the owner.
    await session.rows(`ALTER ROLE ${loader} SET role = ${singleQuoted(database.user)}`);
    await session.rows(`GRANT ${loader} TO CURRENT_USER`);
    const settings = `-c statement_timeout=${limits.work} -c client_min_messages=error`;
    const inside = await openPostgres({ ...own.access, user, password }, { limits, database: database.name, settings });
    try {
      return await work(inside);
    } finally {
      inside.giveUp();
    }
  } finally {
    await removeLoaders(session, own);
    await session.rows('SELECT pg_advisory_unlock(hashtextextended($1, 7))', [database.user]);
  }
}

/** Those of this database's role: the one that has done its work, and what a dead process left behind. */
export async function removeLoaders(session: PostgresSession, { access, database, limits }: OwnRole): Promise<void> {
  const loaders = await session.rows(
    `SELECT l.rolname AS name, EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = l.oid) AS has
       FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
      WHERE o.rolname = $1 AND l.rolname LIKE 'gotgan\\_load\\_%'`,
    [database.user],
  );
  for (const { name, has } of loaders) {
    const loader = doubleQuoted(String(name));
    await session.rows(`SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = $1`, [String(name)]);
    if (has)
      await withPostgres(access, { limits, database: database.name }, (inside) =>
        changeOwner(inside, String(name), database.user),
      );
    await session.rows(`DROP ROLE ${loader}`);
  }
}
