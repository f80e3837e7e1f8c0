// A MariaDB server (10.5 or newer): one database, one user, rights there alone.
import { Readable, type Writable } from 'node:stream';
import type { Connection } from 'mysql2';
import { badRequest, conflict, notFound } from '../errors.ts';
import { differing, strayed, sumOf } from './dump-rows.ts';
import { type Limits, usualLimits } from './limits.ts';
import { dumpMariaDb } from './mariadb-dump.ts';
import { exists, rowCounts, tableFigures } from './mariadb-figures.ts';
import { loadMariaDb, makeViews } from './mariadb-load.ts';
import { asOwnUser, existingAccounts, isNativeHash, ownHash } from './mariadb-own-user.ts';
import { replaceMariaDb } from './mariadb-replace.ts';
import { type MariaDbSession, nativeHash, withMariaDb } from './mariadb-session.ts';
import { type View, viewsOf } from './mariadb-views.ts';
import { accountOf, backticked, checkCharset, checkDatabase, grantedDatabase } from './names.ts';
import {
  type DatabaseAccess,
  type DatabaseServer,
  type Dumped,
  type DumpOptions,
  type HostedDatabase,
  LoadFault,
  type LoadOptions,
  type RowCount,
  sizeOf,
  type TableFigures,
} from './port.ts';
import { versionOf } from './tool.ts';

export type MariaDbOptions = {
  /** the read-only user for dumps, made by `prepareMariaDb`; without one dumps run as the panel's own account */
  readonly backup?: { readonly user: string; readonly password: string };
  readonly limits?: Partial<Limits>;
  /** addresses the sites' programs come from, as MariaDB writes them; the panel's own is always one of them */
  readonly clients?: readonly string[];
  /** sessions a customer's user may hold at once, for each address */
  readonly sessions?: number;
};

/** Everything inside one database; no FILE, no SUPER, no GRANT OPTION, nothing on other databases. */
export const rightsInside =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, ' +
  'CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, DELETE HISTORY';

export class MariaDbServer implements DatabaseServer {
  readonly engine = 'mariadb';
  readonly #access: DatabaseAccess;
  readonly #options: MariaDbOptions;
  readonly #limits: Limits;

  constructor(access: DatabaseAccess, options: MariaDbOptions = {}) {
    this.#access = access;
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
  }

  check(): Promise<void> {
    return this.#with(async (session) => void (await session.rows('SELECT 1')));
  }

  async create(database: HostedDatabase, options: { password: string; charset?: string }): Promise<void> {
    this.#check(database);
    const kind = options.charset ? checkCharset(options.charset) : 'utf8mb4 COLLATE utf8mb4_unicode_520_ci';
    await this.#with(async (session) => {
      await session.rows(`CREATE DATABASE IF NOT EXISTS ${backticked(database.name)} CHARACTER SET ${kind}`);
      for (const account of await this.#accounts(session, database)) {
        // OR REPLACE: whatever an older user of this name was allowed elsewhere is gone.
        await session.rows(
          `CREATE OR REPLACE USER ${account} IDENTIFIED BY PASSWORD '${nativeHash(options.password)}' WITH MAX_USER_CONNECTIONS ${this.#options.sessions ?? 50}`,
        );
        await session.rows(`GRANT ${rightsInside} ON ${grantedDatabase(database.name)}.* TO ${account}`);
      }
    });
  }

  async setPassword(database: HostedDatabase, password: string): Promise<void> {
    await this.#change(database, `IDENTIFIED BY PASSWORD '${nativeHash(password)}'`);
  }

  version(): Promise<readonly number[]> {
    return this.#with(async (session) => {
      const [row] = await session.rows('SELECT VERSION() AS version');
      return String(row?.version).split('.').slice(0, 2).map(Number);
    });
  }

  madeWith(): Promise<string> {
    return this.#with(async (session) => {
      const [row] = await session.rows('SELECT VERSION() AS version');
      return `MariaDB ${row?.version}, ${await versionOf('mariadb-dump')}`;
    });
  }

  async secretOf(database: HostedDatabase): Promise<string> {
    this.#check(database);
    return this.#with((session) => ownHash(session, database.user));
  }

  async setSecret(database: HostedDatabase, secret: string): Promise<void> {
    if (!isNativeHash(secret)) throw badRequest();
    await this.#change(database, `IDENTIFIED BY PASSWORD '${secret}'`);
  }

  async counts(database: HostedDatabase): Promise<readonly RowCount[]> {
    this.#check(database);
    return this.#with((session) => rowCounts(session, database.name));
  }

  async lock(database: HostedDatabase): Promise<void> {
    await this.#change(database, 'ACCOUNT LOCK', (session, accounts) => putOut(session, accounts));
  }

  async unlock(database: HostedDatabase): Promise<void> {
    await this.#change(database, 'ACCOUNT UNLOCK');
  }

  async drop(database: HostedDatabase): Promise<void> {
    this.#check(database);
    await this.#with(async (session) => {
      const accounts = await existingAccounts(session, database.user);
      for (const account of accounts) await session.rows(`ALTER USER IF EXISTS ${account} ACCOUNT LOCK`);
      await putOut(session, accounts);
      await session.run(`DROP DATABASE IF EXISTS ${backticked(database.name)}`);
      for (const account of accounts) await session.rows(`DROP USER IF EXISTS ${account}`);
    });
  }

  async tables(database: HostedDatabase): Promise<readonly TableFigures[]> {
    this.#check(database);
    return this.#with((session) => tableFigures(session, database.name));
  }

  async dump(database: HostedDatabase, into: Writable, { signal, compare = false }: DumpOptions = {}): Promise<Dumped> {
    try {
      const before = compare ? await this.counts(database) : [];
      await this.#mustExist(database);
      const access = { ...this.#access, ...this.#options.backup };
      const { name } = database;
      const brokenViews = (await this.#with((session) => viewsOf(session, name))).filter(({ isBroken }) => isBroken);
      const dump = { access, database: name, what: 'everything', brokenViews, silence: this.#limits.work, signal } as const;
      const { tables, rows } = await dumpMariaDb(dump, into);
      const isSame = !compare || differing(rows, before).length === 0;
      const strays = isSame ? [] : strayed(rows, before, await this.counts(database));
      return { tables, rows: sumOf(rows), strays };
    } catch (error) {
      into.destroy();
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
        asOwnUser(session, this.#access, database, this.#limits, async (connection) => {
          const own = new Set([database.name, ...(options.knownAs ?? [])]);
          const size = async () => sizeOf(await tableFigures(session, database.name));
          const loaded = await loadMariaDb({ connection, own, limits: this.#limits, options, size }, from);
          refuseBroken(await viewsOf(session, database.name), loaded.lines);
          return loaded;
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
      const inside = <T>(work: (connection: Connection) => Promise<T>) =>
        asOwnUser(session, this.#access, database, this.#limits, work);
      const own = new Set([database.name, staged.name]);
      await replaceMariaDb({
        session,
        access: { ...this.#access, ...this.#options.backup },
        database,
        staged,
        silence: this.#limits.work,
        makeViews: (views) =>
          views.length === 0 ? Promise.resolve() : inside((connection) => makeViews(connection, views, this.#limits)),
        runPrograms: (sql) =>
          inside(async (connection) => {
            const load = { connection, own, limits: this.#limits, options: {}, size: async () => 0 };
            await loadMariaDb(load, Readable.from([Buffer.from(sql)]));
          }),
        dropStaged: () => this.drop(staged),
      });
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

  #with<T>(work: (session: MariaDbSession) => Promise<T>): Promise<T> {
    return withMariaDb(this.#access, this.#limits, work);
  }

  /** One user by every address it may come from: the server compares addresses as texts, `localhost` being its socket. */
  async #accounts(session: MariaDbSession, database: HostedDatabase): Promise<string[]> {
    const [row] = await session.rows('SELECT SUBSTRING_INDEX(USER(), "@", -1) AS host');
    const hosts = new Set([...(this.#options.clients ?? ['localhost', '127.0.0.1']), String(row?.host)]);
    return [...hosts].map((host) => accountOf(database.user, host));
  }

  async #change(
    database: HostedDatabase,
    how: string,
    then?: (session: MariaDbSession, accounts: readonly string[]) => Promise<void>,
  ): Promise<void> {
    this.#check(database);
    await this.#with(async (session) => {
      const accounts = await existingAccounts(session, database.user);
      if (accounts.length === 0) throw notFound();
      for (const account of accounts) await session.rows(`ALTER USER ${account} ${how}`);
      await then?.(session, accounts);
    });
  }
}

/** A text may take away what a view stands on; said now, while nothing has changed places. */
function refuseBroken(views: readonly View[], line: number): void {
  const broken = views.find(({ isBroken }) => isBroken);
  if (broken) throw new LoadFault({ line, reason: 'engine', about: `ER_VIEW_INVALID: ${broken.name}` });
}

/** Ends every session of these accounts. A killed one that is busy dies when it looks; a second round finds what came in between. */
async function putOut(session: MariaDbSession, accounts: readonly string[]): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    let found = 0;
    for (const account of accounts) found += await session.run(`KILL CONNECTION USER ${account}`);
    if (found === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw conflict();
}
