// One connection to a PostgreSQL server with limits on everything, deaf to what a database's owner set for those who enter.
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type pg from 'pg';
import { type Limits, notAnswering, within } from './limits.ts';
import { type DatabaseAccess, LoadFault } from './port.ts';

export type PostgresRow = Record<string, string | number | boolean | null>;

export class PostgresSession {
  readonly client: pg.Client;
  readonly #limits: Limits;

  constructor(client: pg.Client, limits: Limits) {
    this.client = client;
    this.#limits = limits;
    client.on('error', () => {});
  }

  async rows(sql: string, values: readonly (string | number)[] = []): Promise<PostgresRow[]> {
    const { rows } = await within(this.#limits.statement, this.client.query(sql, [...values]), () => this.giveUp());
    return rows;
  }

  /** A statement that may have to work. */
  async run(sql: string): Promise<void> {
    await within(this.#limits.work, this.client.query(sql), () => this.giveUp());
  }

  /** @param from a quoted table. @returns its rows, for which the server may have to read all of it */
  async count(from: string): Promise<number> {
    const asked = this.client.query(`SELECT count(*) AS rows_there FROM ${from}`);
    const { rows } = await within(this.#limits.work, asked, () => this.giveUp());
    return Number(rows[0]?.rows_there);
  }

  giveUp(): void {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async end(): Promise<void> {
    await within(1000, this.client.end(), () => this.giveUp()).catch(() => {});
  }
}

/**
 * What is said at the door, and so stronger than `ALTER DATABASE … SET`, which belongs to the database's owner: nothing of a customer's is
 * found by a bare name, and no limit of theirs stops us.
 */
export const ourSettings = (limits: Limits): string =>
  ['search_path=pg_catalog', 'role=none', `statement_timeout=${limits.work}`, `lock_timeout=${limits.statement}`]
    .concat(['idle_in_transaction_session_timeout=0', 'default_transaction_read_only=off', 'client_min_messages=warning'])
    .map((setting) => `-c ${setting}`)
    .join(' ');

/** Opens a connection. Errors are pg's own. @param settings those of the session, ours unless given */
export async function openPostgres(
  access: DatabaseAccess,
  { limits, database, settings }: { limits: Limits; database: string; settings?: string },
): Promise<PostgresSession> {
  const { default: library } = await import('pg');
  const client = new library.Client({
    host: access.host,
    port: access.port,
    user: access.user,
    password: access.password,
    database,
    connectionTimeoutMillis: limits.connect,
    application_name: 'gotgan',
    options: settings ?? ourSettings(limits),
  });
  const session = new PostgresSession(client, limits);
  try {
    await within(limits.connect + 500, client.connect(), () => session.giveUp());
  } catch (error) {
    session.giveUp();
    throw error;
  }
  return session;
}

/** Opens, works, closes. Every error of the server is PanelError 503 with its code. */
export async function withPostgres<T>(
  access: DatabaseAccess,
  { limits, database }: { limits: Limits; database: string },
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  let session: PostgresSession | undefined;
  try {
    session = await openPostgres(access, { limits, database });
    return await work(session);
  } catch (error) {
    throw error instanceof LoadFault ? error : notAnswering(error);
  } finally {
    await session?.end();
  }
}

/** What PostgreSQL keeps of a password (RFC 5803, SCRAM-SHA-256): made here, so that the password is in no statement and no log of the server. */
export async function scramVerifier(password: string): Promise<string> {
  const [salt, rounds] = [randomBytes(16), 4096];
  const salted = await promisify(pbkdf2)(password.normalize('NFKC'), salt, rounds, 32, 'sha256');
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`;
}
