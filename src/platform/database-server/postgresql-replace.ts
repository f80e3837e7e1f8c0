// Puts a loaded database in the place of another on PostgreSQL: both names change in one transaction.
// Every step may be the last before a crash; who runs it again goes on from where it stands.
import { createHash } from 'node:crypto';
import { notFound } from '../errors.ts';
import type { Limits } from './limits.ts';
import { doubleQuoted } from './names.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';
import { databaseExists, roleExists } from './postgresql-known.ts';
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
  await session.run(`DROP DATABASE IF EXISTS ${doubleQuoted(aside)} WITH (FORCE)`);
  await session.rows(`ALTER DATABASE ${doubleQuoted(database.name)} WITH ALLOW_CONNECTIONS true`);
  if (staged.user !== database.user && (await roleExists(session, staged.user)))
    await session.rows(`DROP ROLE ${doubleQuoted(staged.user)}`);
}

/** The same for the same two, so that a second run finds it. */
const asideOf = (database: HostedDatabase, staged: HostedDatabase): string =>
  `gotgan_${createHash('sha256').update(`${database.name} ${staged.name}`).digest('hex').slice(0, 24)}`;

/** Everything in it, and the database itself, belongs to the user that stays; rights of the other go with it. */
async function giveToOwner({ session, access, limits, database, staged }: PostgresReplacement): Promise<void> {
  await session.rows(`ALTER DATABASE ${doubleQuoted(staged.name)} WITH ALLOW_CONNECTIONS true`);
  if (staged.user !== database.user && (await roleExists(session, staged.user))) {
    const [from, to] = [doubleQuoted(staged.user), doubleQuoted(database.user)];
    await withPostgres(access, { limits, database: staged.name }, async (inside) => {
      await inside.run(`REASSIGN OWNED BY ${from} TO ${to}`);
      await inside.run(`DROP OWNED BY ${from}`);
    });
  }
  await session.rows(`REVOKE ALL ON DATABASE ${doubleQuoted(staged.name)} FROM PUBLIC`);
}

async function swapNames(session: PostgresSession, name: string, staged: string, aside: string): Promise<void> {
  const old = await databaseExists(session, name);
  for (const one of old ? [name, staged] : [staged]) {
    // A name cannot change while somebody is inside, and clients come back at once.
    await session.rows(`ALTER DATABASE ${doubleQuoted(one)} WITH ALLOW_CONNECTIONS false`);
    await session.rows('SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = $1', [one]);
  }
  await session.run('BEGIN');
  if (old) await session.run(`ALTER DATABASE ${doubleQuoted(name)} RENAME TO ${doubleQuoted(aside)}`);
  await session.run(`ALTER DATABASE ${doubleQuoted(staged)} RENAME TO ${doubleQuoted(name)}`);
  await session.run('COMMIT');
}
