// What PostgreSQL keeps in the place of a customer's password, so that it can go with the database to another server.
import { notFound, unavailable } from '../errors.ts';
import { doubleQuoted } from './names.ts';
import { roleExists } from './postgresql-known.ts';
import type { PostgresSession } from './postgresql-session.ts';

/** RFC 5803 in PostgreSQL's spelling: iterations, salt, stored key and server key. */
export const isVerifier = (text: string): boolean =>
  /^SCRAM-SHA-256\$\d{1,9}:[A-Za-z0-9+/=]{1,200}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$/.test(text);

const reader = 'gotgan_verifier';

/**
 * Verifiers are for superusers alone, and the panel is none. So the administrator leaves a function that tells the panel those of the roles
 * it is a member of, which are its customers'; it could set any of them anew, and learns no password.
 */
export const verifierReader = (panelUser: string): readonly string[] => [
  `CREATE OR REPLACE FUNCTION public.${reader}(wanted name) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
     AS $$ SELECT a.rolpassword FROM pg_catalog.pg_authid a WHERE a.rolname = wanted AND NOT a.rolsuper
       AND NOT a.rolcreaterole AND pg_catalog.pg_has_role(session_user, a.oid, 'MEMBER') $$`,
  `REVOKE ALL ON FUNCTION public.${reader}(name) FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION public.${reader}(name) TO ${doubleQuoted(panelUser)}`,
];

/**
 * @param session in the database that the panel works from
 * @throws PanelError 404; 503 with `code` where the function is not there: the server was prepared before there was one
 */
export async function ownVerifier(session: PostgresSession, role: string): Promise<string> {
  if (!(await roleExists(session, role))) throw notFound();
  const [may] = await session.rows(
    `SELECT has_table_privilege('pg_authid', 'SELECT') AS itself, to_regproc('public.${reader}') IS NOT NULL AS told`,
  );
  if (may?.itself !== true && may?.told !== true)
    throw unavailable('error.storage', { code: 'passwords cannot be read: run gotgan server prepare-database again' });
  const [row] = await session.rows(
    may.itself === true
      ? 'SELECT rolpassword AS secret FROM pg_authid WHERE rolname = $1'
      : `SELECT public.${reader}($1) AS secret`,
    [role],
  );
  if (typeof row?.secret !== 'string' || !isVerifier(row.secret))
    throw unavailable('error.storage', { code: 'the password is not kept as SCRAM-SHA-256' });
  return row.secret;
}
