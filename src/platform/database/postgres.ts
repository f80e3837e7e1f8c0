// PostgreSQL through one pool; numbers arrive as numbers by the pool's own parsers, never by process-wide ones.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Schema } from '../../migrations/schema.ts';
import { unavailable } from '../errors.ts';
import type { Connection, Tx } from './database.ts';

const numeric = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    numeric.has(oid) ? (text: string) => Number(text) : pg.types.getTypeParser(oid, format as 'text'),
};

function code(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** serialization failure and deadlock: the transaction did nothing and may be repeated */
const isRepeatable = (error: unknown) => ['40001', '40P01'].includes(code(error));

/** @returns the error that a person may see, when `error` says that the server does not answer or cannot be written now */
export function postgresFault(error: unknown): Error | undefined {
  // 08 connection, 25006 read-only, 53 out of resources, 57P shutdown; E… is the socket's own
  const down = /^(08|53|57P|25006)|^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/.test(code(error));
  const lost = error instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
  return down || lost ? unavailable('error.databaseBusy') : undefined;
}

export async function openPostgres(url: string): Promise<Connection> {
  const pool = new pg.Pool({ connectionString: url, types, max: 10, connectionTimeoutMillis: 5000 });
  // An idle client may lose its server; the pool replaces it, and an unheard 'error' would end the process.
  pool.on('error', () => {});
  const owner = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });

  async function write<T>(body: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await owner.transaction().execute(body);
      } catch (error) {
        if (!isRepeatable(error) || attempt === 10) throw postgresFault(error) ?? error;
      }
    }
  }

  return {
    engine: 'postgresql',
    db: owner,
    owner,
    write,
    check: async () => {
      await owner.selectFrom('plans').select('slug').limit(1).execute();
    },
    close: () => owner.destroy(),
  };
}
