// SQLite in one file: a writing connection, one transaction after the other, and a reading one that never waits for it.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryCompiler,
  type SelectModifierNode,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler,
} from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import { unavailable } from '../errors.ts';
import type { Connection, Tx } from './database.ts';

/** A long wait inside the driver would freeze the event loop, so it is short and the retry is ours. */
const driverWaitMilliseconds = 200;
const writeWaitMilliseconds = 5000;

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  // A plain `begin` that reads first fails at once when another process has written in between.
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  // A full disk ends the transaction by itself; the fault of the write must not be hidden by one of undoing it.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error) => {
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error;
    });
  }
}

class WithoutRowLocksCompiler extends SqliteQueryCompiler {
  // A writing transaction is alone on SQLite, so `for update` may stand in the one text for both engines.
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== 'ForUpdate') super.visitSelectModifier(node);
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database });
    this.#database = database;
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }

  override createQueryCompiler(): QueryCompiler {
    return new WithoutRowLocksCompiler();
  }

  override createDriver(): Driver {
    return new ImmediateDriver({ database: this.#database });
  }
}

function forKysely(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (text) => {
      const statement = database.prepare(text);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])).map((row) => ({ ...row })),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}

function openFile(file: string, pragmas: string): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: driverWaitMilliseconds });
  database.exec(pragmas);
  return database;
}

/** SQLite's result codes that mean "busy" (5), "locked" (6). */
const isBusy = (error: unknown) => [5, 6].includes(resultCode(error) & 0xff);
/** read-only (8), disk error (10), full (13), cannot open (14) */
const isUnwritable = (error: unknown) => [8, 10, 13, 14].includes(resultCode(error) & 0xff);

function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}

/** @returns the error that a person may see, when `error` says that SQLite cannot answer or be written now */
export function sqliteFault(error: unknown): Error | undefined {
  if (isBusy(error)) return unavailable('error.databaseBusy');
  return isUnwritable(error) ? unavailable('error.storage') : undefined;
}

export async function openSqlite(file: string, clock: Clock): Promise<Connection> {
  mkdirSync(dirname(file), { recursive: true });
  // Made here, since SQLite would let everybody on the machine read it; its log and index files take the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
  const writing = openFile(
    file,
    'pragma journal_mode=wal; pragma synchronous=full; pragma secure_delete=on; pragma trusted_schema=off; pragma recursive_triggers=on;',
  );
  const reading = openFile(file, 'pragma trusted_schema=off; pragma query_only=on;');
  const owner = new Kysely<Schema>({ dialect: new ImmediateDialect(forKysely(writing)) });
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(reading) }) });

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
    check: async () => {
      await db.selectFrom('plans').select('slug').limit(1).execute();
    },
    close: async () => {
      await db.destroy();
      await owner.destroy();
    },
  };
}
