// Puts a loaded database in the place of another on PostgreSQL: both names change in one transaction.
// Every step may be the last before a crash; who runs it again goes on from where it stands.
import { notFound } from '../errors.ts';
import type { Limits } from './limits.ts';
import { asideOf, doubleQuoted } from './names.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';
import { databaseExists, roleExists } from './postgresql-known.ts';
import { changeOwner } from './postgresql-owners.ts';
import { type PostgresSession, withPostgres } from './postgresql-session.ts';

export type PostgresReplacement = {
  readonly session: PostgresSession;
  readonly access: DatabaseAccess;
  readonly limits: Limits;
  readonly database: HostedDatabase;
  readonly staged: HostedDatabase;
};

/** @throws PanelError 404 when neither the staged database is there nor the one it replaces */
export async function replacePostgres(replacement: PostgresReplacement): Promise<void> {
  const { session, database, staged } = replacement;
  const aside = asideOf(database, staged);
  if (await databaseExists(session, staged.name)) {
    await giveToOwner(replacement);
    await swapNames(session, database.name, staged.name, aside);
  } else if (!(await databaseExists(session, database.name))) throw notFound();
  // A run that died in the middle of it has left it shut.
  await session.rows(`ALTER DATABASE ${doubleQuoted(database.name)} WITH ALLOW_CONNECTIONS true`);
  // Last, and long where it is large: the new one is in use already.
  await session.run(`DROP DATABASE IF EXISTS ${doubleQuoted(aside)} WITH (FORCE)`);
  if (staged.user !== database.user && (await roleExists(session, staged.user)))
    await session.rows(`DROP ROLE ${doubleQuoted(staged.user)}`);
}

/** Everything in it, and the database itself, belongs to the user that stays; rights of the other go with it. */
async function giveToOwner({ session, access, limits, database, staged }: PostgresReplacement): Promise<void> {
  await session.rows(`ALTER DATABASE ${doubleQuoted(staged.name)} WITH ALLOW_CONNECTIONS true`);
  if (staged.user !== database.user && (await roleExists(session, staged.user))) {
    await withPostgres(access, { limits, database: staged.name }, (inside) => changeOwner(inside, staged.user, database.user));
  }
  await session.rows(`REVOKE ALL ON DATABASE ${doubleQuoted(staged.name)} FROM PUBLIC`);
}

/**
 * A name cannot change while somebody is inside, and clients come back at once: both are shut for as long as it takes to put those out who
 * are in, and the new one opens in the transaction that gives it its name. What cannot be done leaves the old one open as it was.
 */
async function swapNames(session: PostgresSession, name: string, staged: string, aside: string): Promise<void> {
  const old = await databaseExists(session, name);
  await shut(session, staged);
  if (!old) return rename(session, [[staged, name]]);
  try {
    await shut(session, name);
    await rename(session, [
      [name, aside],
      [staged, name],
    ]);
  } catch (error) {
    await session.rows('ROLLBACK').catch(() => {});
    await session.rows(`ALTER DATABASE ${doubleQuoted(name)} WITH ALLOW_CONNECTIONS true`).catch(() => {});
    throw error;
  }
}

async function shut(session: PostgresSession, name: string): Promise<void> {
  await session.rows(`ALTER DATABASE ${doubleQuoted(name)} WITH ALLOW_CONNECTIONS false`);
  // The server's own cleaners are nobody's to end but an administrator's (CVE-2023-5870); they make way for what comes next by themselves.
  await session.rows(
    `SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = $1 AND backend_type <> 'autovacuum worker'`,
    [name],
  );
}

/** All or none; the last one is open under its new name. */
async function rename(session: PostgresSession, names: readonly (readonly [from: string, to: string])[]): Promise<void> {
  await session.run('BEGIN');
  for (const [from, to] of names) await session.run(`ALTER DATABASE ${doubleQuoted(from)} RENAME TO ${doubleQuoted(to)}`);
  await session.run(`ALTER DATABASE ${doubleQuoted(names.at(-1)?.[1] ?? '')} WITH ALLOW_CONNECTIONS true`);
  await session.run('COMMIT');
}
