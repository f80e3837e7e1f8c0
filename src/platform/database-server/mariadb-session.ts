// One connection to a MariaDB server with limits on everything: it opens, answers or is given up.
import { createHash } from 'node:crypto';
import type mysql from 'mysql2/promise';
import { type Limits, notAnswering, usualLimits, within } from './limits.ts';
import { type DatabaseAccess, LoadFault } from './port.ts';

export type MariaDbRow = Record<string, string | number | null>;

export class MariaDbSession {
  readonly #connection: mysql.Connection;
  readonly #limits: Limits;

  constructor(connection: mysql.Connection, limits: Limits) {
    this.#connection = connection;
    this.#limits = limits;
    // Without a listener a connection that dies between two statements would end the process.
    (connection as unknown as NodeJS.EventEmitter).on('error', () => {});
  }

  /** @param values bound by the server, never written into the text */
  async rows(sql: string, values: readonly (string | number)[] = []): Promise<MariaDbRow[]> {
    const asked = values.length === 0 ? this.#connection.query(sql) : this.#connection.execute(sql, [...values]);
    const [rows] = await within(this.#limits.statement, asked, () => this.giveUp());
    return rows as unknown as MariaDbRow[];
  }

  /** A statement that may have to work, on text that is passed on byte for byte (`latin1` stands for bytes). @returns rows changed */
  async run(sql: string): Promise<number> {
    const [result] = await within(this.#limits.work, this.#connection.query(sql), () => this.giveUp());
    return (result as { affectedRows?: number }).affectedRows ?? 0;
  }

  /** @param from a quoted table. @returns its rows, for which the server may have to read all of it */
  async count(from: string): Promise<number> {
    const asked = this.#connection.query(`SELECT COUNT(*) AS rows_there FROM ${from}`);
    const [rows] = await within(this.#limits.work, asked, () => this.giveUp());
    return Number((rows as unknown as MariaDbRow[])[0]?.rows_there);
  }

  giveUp(): void {
    this.#connection.destroy();
  }

  async end(): Promise<void> {
    await within(1000, this.#connection.end(), () => this.giveUp()).catch(() => {});
  }
}

/** Opens a connection. Errors are mysql2's own: use `withMariaDb` where they need not be told apart. */
export async function openMariaDb(
  access: DatabaseAccess,
  options: { limits?: Limits; database?: string } = {},
): Promise<MariaDbSession> {
  const limits = options.limits ?? usualLimits;
  const { default: client } = await import('mysql2/promise');
  const opening = client.createConnection({
    ...whereabouts(access),
    user: access.user,
    password: access.password,
    ...(options.database !== undefined && { database: options.database }),
    charset: 'utf8mb4_unicode_ci',
    connectTimeout: limits.connect,
    // A server may ask for any file of ours where LOAD DATA LOCAL is spoken.
    flags: ['-LOCAL_FILES'],
    multipleStatements: false,
    supportBigNumbers: true,
    jsonStrings: true,
    dateStrings: true,
  });
  const late = () => void opening.then((connection) => connection.destroy()).catch(() => {});
  return new MariaDbSession(await within(limits.connect + 500, opening, late), limits);
}

/** Where the server is, in mysql2's words. */
export function whereabouts({ host, port }: DatabaseAccess): { socketPath: string } | { host: string; port: number } {
  if (!host.startsWith('/')) return { host, port };
  return { socketPath: host.endsWith('.sock') ? host : `${host}/mysqld.sock` };
}

/** Opens, works, closes. Every error of the server is PanelError 503 with its code. */
export async function withMariaDb<T>(
  access: DatabaseAccess,
  limits: Limits,
  work: (session: MariaDbSession) => Promise<T>,
  database?: string,
): Promise<T> {
  let session: MariaDbSession | undefined;
  try {
    session = await openMariaDb(access, { limits, ...(database !== undefined && { database }) });
    // The server's own modes would change how texts of ours are read; waiting for locks has an end as well.
    await session.rows(
      `SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', lock_wait_timeout = ${Math.ceil(limits.statement / 1000)}`,
    );
    return await work(session);
  } catch (error) {
    throw error instanceof LoadFault ? error : notAnswering(error);
  } finally {
    await session?.end();
  }
}

/** What mysql_native_password keeps: hashed here, so that the password is in no statement and no log of the server. */
export function nativeHash(password: string): string {
  const once = createHash('sha1').update(password, 'utf8').digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}
