// The one way to a database: Kysely on SQLite or PostgreSQL. All differences between the two stand in this folder.
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import type { Tally } from '../tally.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';

export type Tx = Transaction<Schema>;
/** Reads only; inside a transaction pass the `tx`, so that a read sees what was written. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'with' | 'fn' | 'dynamic'>;

/**
 * `busy`: somebody else was writing, it is tried again. `unavailable`: no answer, or it cannot be written (disk, rights, shut down).
 * `refused`: the statement itself.
 */
export type DatabaseError = 'busy' | 'unavailable' | 'refused';

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
  /** Statements and connections that failed since the start of this process. */
  readonly errors: Tally<DatabaseError>;
  /** Writes one row, at most once a second however many ask. @throws PanelError 503 when the database cannot be written now */
  check(): Promise<void>;
  /** Ends every connection; nothing may be asked afterwards. */
  close(): Promise<void>;
}

/** What an engine brings; the check is the same for both. */
export type EngineConnection = Omit<Connection, 'check'>;

/**
 * @param url `sqlite:<file>` or `postgres://…`
 * @throws Error with a sentence for the operator when it cannot be opened
 */
export async function openDatabase(url: string, clock: Clock): Promise<Connection> {
  const opened = await openEngine(url, clock);
  return { ...opened, check: checking(opened, clock) };
}

function openEngine(url: string, clock: Clock): Promise<EngineConnection> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), clock);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  throw new Error(`DATABASE_URL: ${url.split(':')[0]} is not known; use sqlite:<file> or postgres://…`);
}

const checkMilliseconds = 1000;

/** A full disk, a lock that is not given back and a server that only reads show themselves in writing alone. */
function checking({ write }: EngineConnection, clock: Clock): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next = Number.NEGATIVE_INFINITY;
  const row = { key: 'panel.check', slice_at: 0, hits: 0 };
  const touch = async () => {
    await write((tx) =>
      tx
        .insertInto('counters')
        .values({ ...row, expires_at: clock.now() })
        .onConflict((oc) => oc.columns(['key', 'slice_at']).doUpdateSet({ expires_at: clock.now() }))
        .execute(),
    );
  };
  return () => {
    if (running && clock.monotonic() < next) return running;
    next = Number.POSITIVE_INFINITY;
    running = touch().finally(() => {
      next = clock.monotonic() + checkMilliseconds;
    });
    return running;
  };
}
