// SQLite in one file: a writing connection, one transaction after the other, and a reading one that never waits for it.
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type LimitNode,
  type LogEvent,
  type QueryCompiler,
  type SelectModifierNode,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler,
  type SqliteStatement,
  ValueNode,
} from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import { unavailable } from '../errors.ts';
import { Tally } from '../tally.ts';
import type { DatabaseError, EngineConnection, Tx } from './database.ts';

/** A long wait inside the driver would freeze the event loop, so it is short and the retry is ours. */
const driverWaitMilliseconds = 200;
const writeWaitMilliseconds = 5000;

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #requireFile: () => void;

  constructor(database: SqliteDatabase, requireFile: () => void) {
    super({ database });
    this.#requireFile = requireFile;
  }

  // A plain `begin` that reads first fails at once when another process has written in between.
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#requireFile();
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  // A full disk ends the transaction by itself; the fault of the write must not be hidden by one of undoing it.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error) => {
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error;
    });
  }
}

class OwnCompiler extends SqliteQueryCompiler {
  // A writing transaction is alone on SQLite, so `for update` may stand in the one text for both engines.
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== 'ForUpdate') super.visitSelectModifier(node);
  }

  // Where a limit is a parameter, SQLite plans the statement anew each time it is bound (11 µs for 1, measured). Limits are few.
  protected override visitLimit(node: LimitNode): void {
    const limit = ValueNode.is(node.limit) ? node.limit.value : undefined;
    if (Number.isSafeInteger(limit)) this.append(`limit ${limit}`);
    else super.visitLimit(node);
  }
}

class OwnDialect extends SqliteDialect {
  override createQueryCompiler(): QueryCompiler {
    return new OwnCompiler();
  }
}

class ImmediateDialect extends OwnDialect {
  readonly #database: SqliteDatabase;
  readonly #requireFile: () => void;

  constructor(database: SqliteDatabase, requireFile: () => void) {
    super({ database });
    this.#database = database;
    this.#requireFile = requireFile;
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#database, this.#requireFile);
  }
}

/** Texts of statements differ only where lists differ in length; the program has fewer than this. */
const mostStatements = 300;

function forKysely(database: DatabaseSync, before = () => {}): SqliteDatabase {
  // Preparing takes longer than most statements themselves; what was used longest ago is forgotten.
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (text) => {
      before();
      const statement = prepared.get(text) ?? statementOf(database, text);
      prepared.delete(text);
      prepared.set(text, statement);
      if (prepared.size > mostStatements) prepared.delete(prepared.keys().next().value ?? '');
      return statement;
    },
  };
}

function statementOf(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text);
  // Rows as lists: the driver's own objects have no prototype, and copying them takes six times as long as building these.
  statement.setReturnArrays(true);
  const names = statement.columns().map(({ name }) => name);
  return {
    reader: names.length > 0,
    all: (parameters) =>
      statement.all(...(parameters as SQLInputValue[])).map((row) => rowOf(names, row as unknown as unknown[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    // One that is still being read cannot be asked again, so each reading has its own.
    iterate: (parameters) => database.prepare(text).iterate(...(parameters as SQLInputValue[])),
  };
}

function rowOf(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [at, name] of names.entries()) row[name] = values[at];
  return row;
}

function openFile(file: string, pragmas: string): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: driverWaitMilliseconds });
  database.exec(pragmas);
  return database;
}

const unopenable = 14;

/**
 * @returns what throws while the file that was opened does not stand at its place: SQLite would go on writing into a file without
 *   a name, which is gone at the end of the process. Another file there is not taken up, since a log of the old one may lie beside it.
 */
function requirePlace(file: string): () => void {
  const identity = () => {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}`;
  };
  const opened = identity();
  return () => {
    if (identity() !== opened) throw Object.assign(new Error('the database file is not at its place'), { errcode: unopenable });
  };
}

/** Asking the system takes as long as a small statement does. Reading a file that has just gone does no harm. */
const readsTrustMilliseconds = 20;

function nowAndThen(check: () => void): () => void {
  let checked = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - checked < readsTrustMilliseconds) return;
    check();
    checked = performance.now();
  };
}

/** SQLite's result codes that mean "busy" (5), "locked" (6). */
const isBusy = (error: unknown) => [5, 6].includes(resultCode(error) & 0xff);
/** read-only (8), disk error (10), full (13), cannot open (14) */
const isUnwritable = (error: unknown) => [8, 10, 13, unopenable].includes(resultCode(error) & 0xff);

function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}

const kindOf = (error: unknown): DatabaseError => (isBusy(error) ? 'busy' : isUnwritable(error) ? 'unavailable' : 'refused');

/** @returns the error that a person may see, when `error` says that SQLite cannot answer or be written now */
export function sqliteFault(error: unknown): Error | undefined {
  if (isBusy(error)) return unavailable('error.databaseBusy');
  return isUnwritable(error) ? unavailable('error.storage') : undefined;
}

export async function openSqlite(file: string, clock: Clock): Promise<EngineConnection> {
  mkdirSync(dirname(file), { recursive: true });
  // Made here, since SQLite would let everybody on the machine read it; its log and index files take the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
  const writing = openFile(
    file,
    'pragma journal_mode=wal; pragma synchronous=full; pragma secure_delete=on; pragma trusted_schema=off; pragma recursive_triggers=on;',
  );
  const reading = openFile(file, 'pragma trusted_schema=off; pragma query_only=on;');
  const requireFile = requirePlace(file);
  const errors = new Tally<DatabaseError>();
  const log = (event: LogEvent) => {
    if (event.level === 'error') errors.add(kindOf(event.error));
  };
  const owner = new Kysely<Schema>({ dialect: new ImmediateDialect(forKysely(writing), requireFile), log });
  const db = new Kysely<Schema>({ dialect: new OwnDialect({ database: forKysely(reading, nowAndThen(requireFile)) }), log });

  async function write<T>(body: (tx: Tx) => Promise<T>): Promise<T> {
    const giveUpAt = clock.monotonic() + writeWaitMilliseconds;
    for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
      try {
        return await owner.transaction().execute(body);
      } catch (error) {
        if (!isBusy(error) || clock.monotonic() > giveUpAt) throw sqliteFault(error) ?? error;
      }
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  return {
    engine: 'sqlite',
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

/**
 * For moving a panel: nobody else is or comes in while it is open, also after a crash of ours, and it cannot be written.
 * @returns undefined when somebody has it open
 */
export function openSqliteAlone(file: string): Kysely<Schema> | undefined {
  const database = new DatabaseSync(file, { timeout: driverWaitMilliseconds });
  try {
    // Set before the first look: then the log is opened for one, which every other connection's lock on the file forbids.
    database.exec('pragma locking_mode=exclusive; pragma query_only=on; begin; select count(*) from sqlite_master; commit');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(database) }) });
}
