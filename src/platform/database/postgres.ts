// PostgreSQL through one pool; numbers arrive as numbers by the pool's own parsers, never by process-wide ones.
import { Kysely, type LogEvent, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Schema } from '../../migrations/schema.ts';
import { badRequest, unavailable } from '../errors.ts';
import { Tally } from '../tally.ts';
import type { DatabaseError, EngineConnection, Tx } from './database.ts';

const typesOf = ({ types }: typeof pg): pg.CustomTypesConfig => {
  const numeric = new Set<number>([types.builtins.INT8, types.builtins.NUMERIC]);
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      numeric.has(oid) ? (text: string) => Number(text) : types.getTypeParser(oid, format as 'text'),
  };
};

function code(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** serialization failure and deadlock: the transaction did nothing and may be repeated */
const isRepeatable = (error: unknown) => ['40001', '40P01'].includes(code(error));

/** A text with a NUL, which nobody typed: PostgreSQL takes none. */
const isNoText = (error: unknown) => code(error) === '22021';

/**
 * @returns the error that a person may see, when `error` says that the server does not answer or cannot be written now (503), or that
 * what was sent is no text (400)
 */
export function postgresFault(error: unknown): Error | undefined {
  if (isNoText(error)) return badRequest();
  // 08 connection, 25006 read-only, 25P03 idle too long, 53 out of resources, 55P03 and 57014 waited too long, 57P shutdown; E… is the socket's own
  const down = /^(08|53|57P|25006|25P03|55P03|57014)|^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/.test(
    code(error),
  );
  const lost =
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/.test(
      error.message,
    );
  return down || lost ? unavailable('error.databaseBusy') : undefined;
}

const kindOf = (error: unknown): DatabaseError =>
  isRepeatable(error) ? 'busy' : postgresFault(error) && !isNoText(error) ? 'unavailable' : 'refused';

/** Nobody waits longer than this for a page: for a lock, for an answer, for a server that is no longer there. */
const patience = {
  lock_timeout: 5000,
  statement_timeout: 10_000,
  query_timeout: 12_000,
  idle_in_transaction_session_timeout: 30_000,
};

function kyselyOn(client: typeof pg, url: string, options: pg.PoolConfig, errors: Tally<DatabaseError>): Kysely<Schema> {
  const pool = new client.Pool({
    connectionString: url,
    types: typesOf(client),
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    ...options,
  });
  // An idle client may lose its server; the pool replaces it, and an unheard 'error' would end the process.
  pool.on('error', () => {});
  // The same while it is in use and no query runs on it; the next query tells the fault to who asked.
  pool.on('connect', (connected) => connected.on('error', () => {}));
  const log = (event: LogEvent) => {
    if (event.level === 'error') errors.add(kindOf(event.error));
  };
  // A connection that cannot be had is no statement, so it is counted here.
  const connect = () =>
    pool.connect().catch((error) => {
      errors.add(kindOf(error));
      throw error;
    });
  const counted = { connect, end: () => pool.end(), options: pool.options };
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: counted }), log });
}

export async function openPostgres(url: string): Promise<EngineConnection> {
  // Loaded only where it is used: beside SQLite it would be 7 MiB for nothing.
  const { default: client } = await import('pg');
  const errors = new Tally<DatabaseError>();
  const db = kyselyOn(client, url, { max: 10, ...patience }, errors);
  // Making a table, or an index over a million rows, may take its time; no connection is opened before that.
  const owner = kyselyOn(client, url, { max: 2 }, errors);

  async function write<T>(body: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await db.transaction().execute(body);
      } catch (error) {
        if (!isRepeatable(error) || attempt === 10) throw postgresFault(error) ?? error;
      }
    }
  }

  return {
    engine: 'postgresql',
    db,
    owner,
    write,
    errors,
    close: async () => {
      await db.destroy();
      await owner.destroy();
    },
  };
}
