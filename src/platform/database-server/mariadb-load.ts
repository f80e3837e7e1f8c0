// Reads an SQL text into a MariaDB database as the database's own user: one statement at a time goes to the server, byte for byte.
import type { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import { bytesPassed } from '../young-memory.ts';
import { engineWords } from './engine-words.ts';
import type { Limits } from './limits.ts';
import { readChunks } from './load-source.ts';
import { RowBatch } from './mariadb-batch.ts';
import { judgeMariaDb } from './mariadb-rules.ts';
import { MariaDbText } from './mariadb-text.ts';
import { LoadFault, type LoadOptions } from './port.ts';
import { Refusal } from './refusal.ts';
import { linesIn, type Statement } from './sql-window.ts';

/** one statement: the server's own limit, and no more than this, which is what memory is given for */
const longestStatement = 16 << 20;
const diskFull = new Set([28, 1021, 1026, 1114, 1041]);
/** character sets whose second bytes may be a backslash or a quotation mark: the server would read strings otherwise than we */
const misleading = /^(gbk|sjis|cp932|big5|gb18030|swe7)$/;

export type MariaDbLoad = {
  /** open already, as the database's own user, in the database */
  readonly connection: Connection;
  readonly own: ReadonlySet<string>;
  readonly limits: Limits;
  readonly options: LoadOptions;
  /** bytes the database takes now */
  readonly size: () => Promise<number>;
};

/** @throws LoadFault, the signal's reason */
export async function loadMariaDb(load: MariaDbLoad, from: Readable): Promise<{ lines: number; neutralised: number }> {
  const session = await begin(load.connection, load.limits);
  const text = new MariaDbText(session.version, Math.min(session.longest, longestStatement));
  text.modes = session.modes;
  let neutralised = 0;
  let inFlight: Promise<void> = Promise.resolve();

  const batch = new RowBatch(async (sql) => {
    const failure = await perform(load.connection, sql, load.limits.work);
    if (failure) throw faultOf(failure, text.line, false);
  });
  const send = async (statement: Statement) => {
    const { length } = statement.bytes;
    // `latin1` makes one sign of each byte, and one byte of each sign again.
    const failure = await perform(load.connection, statement.bytes.toString('latin1'), load.limits.work);
    // As text, and as what the driver made of it: now, since nothing of it is in use any more, and what is would be kept for long.
    bytesPassed(2 * length);
    if (failure) throw faultOf(failure, statement.line, statement.unfinished);
  };
  const take = async (statement: Statement) => {
    neutralised += statement.neutralised;
    if (statement.tokens.length === 0) return;
    let judgement: ReturnType<typeof judgeMariaDb>;
    try {
      judgement = judgeMariaDb(statement, load.own);
    } catch (error) {
      await inFlight;
      if (!(error instanceof Refusal)) throw error;
      const line = statement.line + linesIn(statement.bytes.subarray(0, error.at));
      throw new LoadFault({ line, reason: 'refused', about: error.about });
    }
    neutralised += judgement.neutralised;
    await inFlight;
    if (judgement.act === 'skip') return;
    await batch.before(statement, judgement.rows);
    inFlight = send(statement);
    inFlight.catch(() => {});
    if (judgement.rows) return;
    await inFlight;
    if (judgement.changesReading) text.modes = await readingModes(load.connection, load.limits, statement.line);
  };
  const takeAll = async () => {
    for (let statement = text.next(); statement; statement = text.next()) await take(statement);
  };

  const abort = () => load.connection.destroy();
  load.options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const chunks = { from, limits: load.limits, options: load.options, size: load.size, line: () => text.line };
    for await (const chunk of readChunks(chunks)) {
      text.append(chunk);
      await takeAll();
    }
    text.end();
    await takeAll();
    await inFlight;
    await batch.close();
    return { lines: text.line, neutralised };
  } catch (error) {
    load.options.signal?.throwIfAborted();
    await inFlight;
    throw error;
  } finally {
    load.options.signal?.removeEventListener('abort', abort);
    await finish(load.connection, inFlight);
  }
}

type Failure = { readonly errno?: number; readonly code?: string; readonly sqlMessage?: string };

/** Runs one statement and throws away what it answers: rows are never kept. @returns why it failed */
function perform(connection: Connection, sql: string, limit: number): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      connection.destroy();
      resolve({ code: 'ETIMEDOUT' });
    }, limit);
    const done = (failure?: Failure) => {
      clearTimeout(timer);
      connection.off('error', done);
      connection.off('end', lost);
      resolve(failure);
    };
    const lost = () => done({ code: 'PROTOCOL_CONNECTION_LOST' });
    connection.once('error', done);
    connection.once('end', lost);
    const query = connection.query(sql);
    query.once('error', done);
    query.once('end', () => done());
    query.on('result', () => {});
  });
}

/** What came before a fault is kept, also where the text had switched off that every statement counts by itself. */
async function finish(connection: Connection, inFlight: Promise<void>): Promise<void> {
  await inFlight.catch(() => {});
  await perform(connection, 'COMMIT', 5000);
}

/**
 * Makes views that may stand on each other, in whatever order that needs.
 * @throws LoadFault when one of them stands on nothing
 */
export async function makeViews(
  connection: Connection,
  views: readonly { readonly name: string; readonly sql: string }[],
  limits: Limits,
): Promise<void> {
  await perform(connection, 'SET NAMES utf8mb4', limits.statement);
  let left = views;
  while (left.length > 0) {
    const failed: (typeof views)[number][] = [];
    let first: LoadFault | undefined;
    for (const view of left) {
      const why = await perform(connection, Buffer.from(view.sql).toString('latin1'), limits.statement);
      if (!why) continue;
      failed.push(view);
      const { reason, about } = faultOf(why, 1, false);
      first ??= new LoadFault({ line: 1, reason, about: `VIEW ${view.name}: ${about}` });
    }
    if (first && failed.length === left.length) throw first;
    left = failed;
  }
}

async function begin(connection: Connection, limits: Limits) {
  // Only now: the driver goes on writing one byte for each sign, the server reads UTF-8.
  await perform(connection, 'SET NAMES utf8mb4', limits.statement);
  const [row] = await ask(connection, 'SELECT VERSION() AS version, @@max_allowed_packet AS longest', limits);
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(String(row?.version)) ?? [];
  return {
    version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
    longest: Number(row?.longest) - 1024,
    modes: await readingModes(connection, limits, 1),
  };
}

/** Asked of the server itself, since many a statement may have changed it. @throws LoadFault for character sets that mislead */
async function readingModes(connection: Connection, limits: Limits, line: number) {
  const [row] = await ask(connection, 'SELECT @@SESSION.sql_mode AS modes, @@SESSION.character_set_client AS charset', limits);
  const [modes, charset] = [String(row?.modes), String(row?.charset)];
  if (row === undefined) throw new LoadFault({ line, reason: 'engine', about: 'PROTOCOL_CONNECTION_LOST' });
  if (misleading.test(charset)) throw new LoadFault({ line, reason: 'refused', about: `SET NAMES ${charset}` });
  return { backslashes: !modes.includes('NO_BACKSLASH_ESCAPES'), ansiQuotes: modes.includes('ANSI_QUOTES') };
}

function ask(connection: Connection, sql: string, limits: Limits): Promise<Record<string, unknown>[]> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      connection.destroy();
      resolve([]);
    }, limits.statement);
    connection.query(sql, (error, rows) => {
      clearTimeout(late);
      resolve(error ? [] : (rows as Record<string, unknown>[]));
    });
  });
}

function faultOf(failure: Failure, line: number, unfinished: boolean): LoadFault {
  const { errno = 0 } = failure;
  // Above 1900 the driver has MySQL's names, which are not MariaDB's.
  const code = errno > 1900 ? `ER_${errno}` : (failure.code ?? 'ER_UNKNOWN');
  const message = Buffer.from(failure.sqlMessage ?? '', 'latin1').toString('utf8');
  // The engine counts lines from the statement's first.
  const inside = errno === 1064 ? Number(/ at line (\d+)$/.exec(message)?.[1] ?? 1) : 1;
  const reason = diskFull.has(errno) ? 'full' : unfinished && errno === 1064 ? 'cutOff' : 'engine';
  const words = errno === 1064 ? 'syntax' : engineWords(message);
  return new LoadFault({ line: line + inside - 1, reason, about: words ? `${code}: ${words}` : code });
}
