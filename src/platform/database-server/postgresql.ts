// A PostgreSQL server (13 or newer): one database, one role that owns it and can enter no other.
import type { Readable, Writable } from 'node:stream';
import { badRequest, conflict, notFound } from '../errors.ts';
import { type Limits, usualLimits } from './limits.ts';
import { checkCharset, checkDatabase, doubleQuoted, singleQuoted } from './names.ts';
import type {
  DatabaseAccess,
  DatabaseServer,
  Dumped,
  DumpOptions,
  HostedDatabase,
  LoadOptions,
  RowCount,
  TableFigures,
} from './port.ts';
import { dumpPostgres } from './postgresql-dump.ts';
import { databaseSize, rowCounts, tableFigures } from './postgresql-figures.ts';
import { databaseExists as exists, putOut, roleExists } from './postgresql-known.ts';
import { loadPostgres } from './postgresql-load.ts';
import { asOwnRole, removeLoaders } from './postgresql-own-role.ts';
import { replacePostgres } from './postgresql-replace.ts';
import { type PostgresSession, scramVerifier, withPostgres } from './postgresql-session.ts';
import { isVerifier, ownVerifier } from './postgresql-verifier.ts';
import { PostgresWire } from './postgresql-wire.ts';
import { versionOf } from './tool.ts';

export type PostgresOptions = {
  /** the read-only role for dumps, made by `preparePostgres`; without one dumps run as the panel's own role */
  readonly backup?: { readonly user: string; readonly password: string };
  readonly limits?: Partial<Limits>;
  /** the database the panel works from; `postgres` unless given */
  readonly home?: string;
  /** sessions a customer's role may hold at once */
  readonly sessions?: number;
};

const nobodySpecial = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

export class PostgresServer implements DatabaseServer {
  readonly engine = 'postgresql';
  readonly #access: DatabaseAccess;
  readonly #options: PostgresOptions;
  readonly #limits: Limits;

  constructor(access: DatabaseAccess, options: PostgresOptions = {}) {
    this.#access = access;
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
  }

  check(): Promise<void> {
    return this.#with(async (session) => void (await session.rows('SELECT 1')));
  }

  async create(database: HostedDatabase, options: { password: string; charset?: string }): Promise<void> {
    this.#check(database);
    const [name, role] = [doubleQuoted(database.name), doubleQuoted(database.user)];
    const verifier = await scramVerifier(options.password);
    await this.#with(async (session) => {
      await this.#makeRole(session, database.user, verifier);
      if (!(await exists(session, database.name)))
        await session.run(`CREATE DATABASE ${name} OWNER ${role} ${kindOf(options.charset)}`);
      await session.rows(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
      await this.#letBackupIn(session, database.name);
    });
  }

  async setPassword(database: HostedDatabase, password: string): Promise<void> {
    await this.#change(database, `PASSWORD '${await scramVerifier(password)}'`);
  }

  version(): Promise<readonly number[]> {
    return this.#with(async (session) => {
      const [row] = await session.rows(`SELECT current_setting('server_version_num')::int / 10000 AS major`);
      return [Number(row?.major)];
    });
  }

  madeWith(): Promise<string> {
    return this.#with(async (session) => {
      const [row] = await session.rows(`SELECT current_setting('server_version') AS version`);
      return `PostgreSQL ${row?.version}, ${await versionOf('pg_dump')}`;
    });
  }

  async secretOf(database: HostedDatabase): Promise<string> {
    this.#check(database);
    return this.#with((session) => ownVerifier(session, database.user));
  }

  async setSecret(database: HostedDatabase, secret: string): Promise<void> {
    if (!isVerifier(secret)) throw badRequest();
    await this.#change(database, `PASSWORD '${secret}'`);
  }

  async counts(database: HostedDatabase): Promise<readonly RowCount[]> {
    await this.#mustExist(database);
    return withPostgres(this.#access, { limits: this.#limits, database: database.name }, rowCounts);
  }

  async lock(database: HostedDatabase): Promise<void> {
    await this.#change(database, 'NOLOGIN', async (session) => {
      await putOut(session, database.user);
    });
  }

  async unlock(database: HostedDatabase): Promise<void> {
    await this.#change(database, 'LOGIN');
  }

  async drop(database: HostedDatabase): Promise<void> {
    this.#check(database);
    await this.#with(async (session) => {
      const role = doubleQuoted(database.user);
      const known = await roleExists(session, database.user);
      if (known) await session.rows(`ALTER ROLE ${role} NOLOGIN`);
      if (known && (await exists(session, database.name)))
        await removeLoaders(session, { access: this.#access, database, limits: this.#limits });
      await session.run(`DROP DATABASE IF EXISTS ${doubleQuoted(database.name)} WITH (FORCE)`);
      if (known) await session.rows(`DROP ROLE ${role}`);
    });
  }

  async tables(database: HostedDatabase): Promise<readonly TableFigures[]> {
    await this.#mustExist(database);
    return withPostgres(this.#access, { limits: this.#limits, database: database.name }, tableFigures);
  }

  async dump(database: HostedDatabase, into: Writable, options: DumpOptions = {}): Promise<Dumped> {
    try {
      await this.#mustExist(database);
      await this.#with((session) => this.#letBackupIn(session, database.name));
      const access = { ...this.#access, ...this.#options.backup };
      return await dumpPostgres({ access, database: database.name, limits: this.#limits, ...options }, into);
    } catch (error) {
      into.destroy();
      options.signal?.throwIfAborted();
      throw error;
    }
  }

  async load(
    database: HostedDatabase,
    from: Readable,
    options: LoadOptions = {},
  ): Promise<{ readonly lines: number; readonly neutralised: number }> {
    try {
      await this.#mustExist(database);
      return await this.#with((session) =>
        asOwnRole(session, { access: this.#access, database, limits: this.#limits }, async (inside) => {
          const own = new Set([database.name, ...(options.knownAs ?? [])]);
          const stop = () => inside.giveUp();
          options.signal?.addEventListener('abort', stop, { once: true });
          const wire = new PostgresWire(inside, this.#limits.work);
          const size = () => databaseSize(session, database.name);
          return loadPostgres({ wire, own, limits: this.#limits, options, size }, from);
        }),
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error;
    } finally {
      from.destroy();
    }
  }

  async replaceWith(database: HostedDatabase, staged: HostedDatabase): Promise<void> {
    this.#check(database);
    this.#check(staged);
    await this.#with(async (session) => {
      await replacePostgres({ session, access: this.#access, limits: this.#limits, database, staged });
      await this.#letBackupIn(session, database.name);
    });
  }

  #check(database: HostedDatabase): void {
    checkDatabase(database, [this.#access, this.#options.backup]);
  }

  /** @throws PanelError 404 */
  async #mustExist(database: HostedDatabase): Promise<void> {
    this.#check(database);
    if (!(await this.#with((session) => exists(session, database.name)))) throw notFound();
  }

  #with<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    return withPostgres(this.#access, { limits: this.#limits, database: this.#options.home ?? 'postgres' }, work);
  }

  async #makeRole(session: PostgresSession, user: string, verifier: string): Promise<void> {
    const role = doubleQuoted(user);
    const [known] = await session.rows(
      `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS special FROM pg_roles r WHERE rolname = $1`,
      [user],
    );
    if (known?.special) throw conflict();
    const how = `LOGIN CONNECTION LIMIT ${this.#options.sessions ?? 50} PASSWORD '${verifier}'`;
    await session.rows(known ? `ALTER ROLE ${role} ${how}` : `CREATE ROLE ${role} ${nobodySpecial} ${how}`);
    // Only who is a member of a role may give a database to it, and drop it afterwards.
    await session.rows(`GRANT ${role} TO CURRENT_USER`);
  }

  async #letBackupIn(session: PostgresSession, name: string): Promise<void> {
    const { backup } = this.#options;
    if (backup) await session.rows(`GRANT CONNECT ON DATABASE ${doubleQuoted(name)} TO ${doubleQuoted(backup.user)}`);
  }

  async #change(database: HostedDatabase, how: string, then?: (session: PostgresSession) => Promise<void>): Promise<void> {
    this.#check(database);
    await this.#with(async (session) => {
      if (!(await roleExists(session, database.user))) throw notFound();
      await session.rows(`ALTER ROLE ${doubleQuoted(database.user)} ${how}`);
      await then?.(session);
    });
  }
}

/** `C.UTF-8` sorts Hangul as dictionaries do, and the same on every machine. */
function kindOf(charset: string | undefined): string {
  const encoding = checkCharset(charset ?? 'UTF8');
  const locale = /^utf_?8$/i.test(encoding) ? 'C.UTF-8' : 'C';
  return `TEMPLATE template0 ENCODING ${singleQuoted(encoding)} LC_COLLATE '${locale}' LC_CTYPE '${locale}'`;
}
