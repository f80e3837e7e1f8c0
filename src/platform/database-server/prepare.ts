// What a database server needs once, from an administrator's access: the panel's own account and one that may only read, for backups.
import { randomBytes } from 'node:crypto';
import type { Limits } from './limits.ts';
import { usualLimits } from './limits.ts';
import { rightsInside } from './mariadb.ts';
import { nativeHash, withMariaDb } from './mariadb-session.ts';
import { accountOf, backticked, checkName, doubleQuoted } from './names.ts';
import type { DatabaseAccess } from './port.ts';
import { scramVerifier, withPostgres } from './postgresql-session.ts';
import { verifierReader } from './postgresql-verifier.ts';

export type Account = { readonly user: string; readonly password: string };

export type Preparation = {
  /** the names the two accounts get */
  readonly panel?: string;
  readonly backup?: string;
  /** PostgreSQL: databases every role may enter unless told otherwise; they are closed to all but the panel */
  readonly common?: readonly string[];
  readonly limits?: Limits;
};

export type Prepared = {
  readonly panel: Account;
  readonly backup: Account;
  /** what the server's operator has to do, since no statement can: lines for `pg_hba.conf`; none for MariaDB, where accounts hold their address */
  readonly toDo: readonly string[];
};

const names = { panel: 'gotgan_panel', backup: 'gotgan_backup' };
const passwordOf = () => randomBytes(32).toString('base64url');

/**
 * Makes both accounts, or gives them new passwords where they are there already. The administrator's access is not kept.
 * @returns generated passwords, to be sealed by the caller
 * @throws PanelError 503 with the engine's code, also when the access is no administrator's
 */
export async function prepareDatabaseServer(administrator: DatabaseAccess, preparation: Preparation = {}): Promise<Prepared> {
  const panel = { user: checkName(preparation.panel ?? names.panel), password: passwordOf() };
  const backup = { user: checkName(preparation.backup ?? names.backup), password: passwordOf() };
  const work = { administrator, panel, backup, preparation };
  const toDo = administrator.engine === 'mariadb' ? await prepareMariaDb(work) : await preparePostgres(work);
  return { panel, backup, toDo };
}

type Work = {
  readonly administrator: DatabaseAccess;
  readonly panel: Account;
  readonly backup: Account;
  readonly preparation: Preparation;
};

/**
 * Databases of sites have an underscore in their name, those of the server itself have none: so the pattern leaves `mysql` and `sys` out.
 * CREATE USER is a right over all users, and no server of this kind has a smaller one: whoever holds the panel's password could make
 * himself anything here, which is why it is sealed, and good from one address only.
 */
const sitesDatabases = `${backticked('%\\_%')}.*`;

async function prepareMariaDb({ administrator, panel, backup, preparation }: Work): Promise<string[]> {
  await withMariaDb(administrator, preparation.limits ?? usualLimits, async (session) => {
    const [row] = await session.rows('SELECT SUBSTRING_INDEX(USER(), "@", -1) AS host');
    const account = (user: string) => accountOf(user, String(row?.host));
    for (const { user, password } of [panel, backup])
      await session.rows(`CREATE OR REPLACE USER ${account(user)} IDENTIFIED BY PASSWORD '${nativeHash(password)}'`);
    // PROCESS: the true sizes of tables. CONNECTION ADMIN: to put a suspended user out.
    await session.rows(`GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO ${account(panel.user)}`);
    await session.rows(`GRANT ${rightsInside} ON ${sitesDatabases} TO ${account(panel.user)} WITH GRANT OPTION`);
    for (const table of ['global_priv', 'proc', 'event'])
      await session.rows(`GRANT SELECT ON mysql.${table} TO ${account(panel.user)}`);
    // To see triggers and events in a dump, MariaDB asks for the rights to make them; neither reads or changes more than SELECT lets it.
    await session.rows(`GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${sitesDatabases} TO ${account(backup.user)}`);
    for (const table of ['proc', 'event']) await session.rows(`GRANT SELECT ON mysql.${table} TO ${account(backup.user)}`);
  });
  return [];
}

async function preparePostgres({ administrator, panel, backup, preparation }: Work): Promise<string[]> {
  const common = preparation.common ?? ['postgres', 'template1'];
  const home = common[0] ?? 'postgres';
  await withPostgres(administrator, { limits: preparation.limits ?? usualLimits, database: home }, async (session) => {
    for (const { user, password } of [panel, backup]) {
      const [known] = await session.rows('SELECT 1 FROM pg_roles WHERE rolname = $1', [user]);
      const rights = user === panel.user ? 'CREATEDB CREATEROLE NOBYPASSRLS' : 'NOCREATEDB NOCREATEROLE BYPASSRLS';
      await session.rows(
        `${known ? 'ALTER' : 'CREATE'} ROLE ${doubleQuoted(user)} LOGIN NOSUPERUSER NOREPLICATION ${rights} PASSWORD '${await scramVerifier(password)}'`,
      );
    }
    await session.rows(`GRANT pg_read_all_data TO ${doubleQuoted(backup.user)}`);
    await session.rows(`ALTER ROLE ${doubleQuoted(backup.user)} SET default_transaction_read_only = on`);
    // To put out who is in a database that goes, also a dump of it.
    await session.rows(`GRANT pg_signal_backend TO ${doubleQuoted(panel.user)}`);
    for (const line of verifierReader(panel.user)) await session.rows(line);
    for (const database of common) {
      await session.rows(`REVOKE CONNECT, TEMPORARY ON DATABASE ${doubleQuoted(database)} FROM PUBLIC`);
      await session.rows(`GRANT CONNECT ON DATABASE ${doubleQuoted(database)} TO ${doubleQuoted(panel.user)}`);
    }
    // Where whoever comes in is asked whether the server answers.
    await session.rows(`GRANT CONNECT ON DATABASE ${doubleQuoted(home)} TO ${doubleQuoted(backup.user)}`);
  });
  return [panel, backup].flatMap(({ user }) =>
    ['127.0.0.1/32', '::1/128'].map((from) => `host all ${user} ${from} scram-sha-256`),
  );
}
