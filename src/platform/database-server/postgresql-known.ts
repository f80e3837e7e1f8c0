// What is on a PostgreSQL server, and who is in.
import { conflict } from '../errors.ts';
import type { PostgresSession } from './postgresql-session.ts';

export async function databaseExists(session: PostgresSession, database: string): Promise<boolean> {
  return (await session.rows('SELECT 1 FROM pg_database WHERE datname = $1', [database])).length > 0;
}

export async function roleExists(session: PostgresSession, role: string): Promise<boolean> {
  return (await session.rows('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])).length > 0;
}

/** Ends the sessions of a role and of those that load for it, and waits until they are gone. @throws PanelError 409 when they stay */
export async function putOut(session: PostgresSession, user: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const found = await session.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usesysid IN (SELECT oid FROM pg_roles WHERE rolname = $1 UNION
          SELECT m.member FROM pg_auth_members m JOIN pg_roles owner ON owner.oid = m.roleid JOIN pg_roles loader ON loader.oid = m.member
           WHERE owner.rolname = $1 AND loader.rolname LIKE 'gotgan\\_load\\_%')`,
      [user],
    );
    if (found.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw conflict();
}
