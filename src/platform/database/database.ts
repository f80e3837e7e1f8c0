// The one way to a database: Kysely on SQLite or PostgreSQL. All differences between the two stand in this folder.
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';

export type Tx = Transaction<Schema>;
/** Reads only; inside a transaction pass the `tx`, so that a read sees what was written. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'with' | 'fn' | 'dynamic'>;

export type Engine = 'sqlite' | 'postgresql';

/** An open database with what the engines do differently. */
export interface Connection {
  readonly engine: Engine;
  /** For reading. On SQLite it is a second connection that cannot write. */
  readonly db: Reader;
  /** For migrations and engines of jobs, which make tables. */
  readonly owner: Kysely<Schema>;
  /**
   * Runs a short writing transaction (≤ 20 ms: no hashing, scanning, mail or storage inside); every write goes through it.
   * SQLite: `begin immediate`, retried while another process writes, for at most 5 s. PostgreSQL: read committed, retried on
   * serialization failure and deadlock. The body may therefore run more than once, and must use only the `tx` it is given.
   * @throws PanelError 503 when the database cannot be written now
   */
  write<T>(body: (tx: Tx) => Promise<T>): Promise<T>;
  /** @throws PanelError 503 when the database does not answer */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param url `sqlite:<file>` or `postgres://…`
 * @throws Error with a sentence for the operator when it cannot be opened
 */
export async function openDatabase(url: string, clock: Clock): Promise<Connection> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), clock);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  throw new Error(`DATABASE_URL: ${url.split(':')[0]} is not known; use sqlite:<file> or postgres://…`);
}
