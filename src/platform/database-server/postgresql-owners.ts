// Everything that one role owns in a PostgreSQL database becomes another's.
import { doubleQuoted } from './names.ts';
import type { PostgresSession } from './postgresql-session.ts';

/**
 * `REASSIGN OWNED` goes through the objects in no order, and refuses a table whose new owner may not make tables in its schema yet: what
 * others stand in goes first, the database and then its schemas. Rights given to the old role go with it.
 * @param inside a session in that database. @param from and @param to names of roles
 */
export async function changeOwner(inside: PostgresSession, from: string, to: string): Promise<void> {
  const [old, next] = [doubleQuoted(from), doubleQuoted(to)];
  const own = await inside.rows(
    `SELECT current_database() AS name FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) = $1`,
    [from],
  );
  for (const { name } of own) await inside.run(`ALTER DATABASE ${doubleQuoted(String(name))} OWNER TO ${next}`);
  const schemas = await inside.rows('SELECT nspname AS name FROM pg_namespace WHERE pg_get_userbyid(nspowner) = $1', [from]);
  for (const { name } of schemas) await inside.run(`ALTER SCHEMA ${doubleQuoted(String(name))} OWNER TO ${next}`);
  await inside.run(`REASSIGN OWNED BY ${old} TO ${next}`);
  await inside.run(`DROP OWNED BY ${old}`);
}
