// Puts a loaded database in the place of another on MariaDB, which cannot rename databases: all tables change places in one statement.
// Every step may be the last before a crash; who runs it again goes on from where it stands, which a table in a third database tells:
//   `waiting` there: nothing has moved; the programs (views, triggers, routines, events) of the new one are kept in it as text.
//   `moved` there: the tables have moved, since the same statement renamed the one into the other.
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { notFound } from '../errors.ts';
import { dumpMariaDb } from './mariadb-dump.ts';
import { exists } from './mariadb-figures.ts';
import type { MariaDbSession } from './mariadb-session.ts';
import { type View, viewNames, viewsOf } from './mariadb-views.ts';
import { asideOf, backticked } from './names.ts';
import { type DatabaseAccess, type HostedDatabase, LoadFault } from './port.ts';

export type MariaDbReplacement = {
  readonly session: MariaDbSession;
  readonly access: DatabaseAccess;
  readonly database: HostedDatabase;
  readonly staged: HostedDatabase;
  readonly silence: number;
  /** runs the programs' text in the database, as its own user */
  readonly runPrograms: (sql: string) => Promise<void>;
  /** makes the views, in whatever order they need each other, as the database's own user */
  readonly makeViews: (views: readonly View[]) => Promise<void>;
  readonly dropStaged: () => Promise<void>;
};

type Programs = { readonly sql: string; readonly views: readonly View[] };

/**
 * @throws PanelError 404 when neither the staged database is there nor a replacement has begun; LoadFault `programs` when the tables
 * are in place, and something beside them cannot be made
 */
export async function replaceMariaDb(replacement: MariaDbReplacement): Promise<void> {
  const { session, database, staged } = replacement;
  const aside = asideOf(database, staged);
  const begun = await stepOf(session, aside);
  if (begun !== 'moved') {
    if (!(await exists(session, staged.name))) {
      await session.run(`DROP DATABASE IF EXISTS ${backticked(aside)}`);
      if (await exists(session, database.name)) return;
      throw notFound();
    }
    if (begun === 'nothing') await keepPrograms(replacement, aside);
    await swapTables(replacement, aside);
  }
  const programs = await keptPrograms(session, aside);
  // Twice, since a connection that broke is told apart from what the server refuses by nothing else.
  const refused = (await makePrograms(replacement, programs)) && (await makePrograms(replacement, programs));
  await replacement.dropStaged();
  await session.run(`DROP DATABASE IF EXISTS ${backticked(aside)}`);
  if (refused) throw new LoadFault({ line: refused.line, reason: 'programs', about: refused.about });
}

/**
 * Takes away what is there and makes what was kept. What is refused keeps nothing else from being made. A view may call a function, which
 * must be there.
 * @returns the first that was refused
 */
async function makePrograms(replacement: MariaDbReplacement, { sql, views }: Programs): Promise<LoadFault | undefined> {
  await removePrograms(replacement.session, replacement.database.name);
  let first: LoadFault | undefined;
  for (const make of [() => replacement.runPrograms(sql), () => replacement.makeViews(views)]) {
    try {
      await make();
    } catch (error) {
      if (!(error instanceof LoadFault)) throw error;
      first ??= error;
    }
  }
  return first;
}

async function stepOf(session: MariaDbSession, aside: string): Promise<'nothing' | 'waiting' | 'moved'> {
  const rows = await session.rows(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN ('gotgan waiting', 'gotgan moved')",
    [aside],
  );
  if (rows.some(({ name }) => name === 'gotgan moved')) return 'moved';
  if (rows.length === 0) return 'nothing';
  const [kept] = await session.rows(`SELECT COUNT(*) AS whole FROM ${backticked(aside)}.\`gotgan waiting\``);
  return Number(kept?.whole) > 0 ? 'waiting' : 'nothing';
}

async function keepPrograms({ session, access, staged, silence }: MariaDbReplacement, aside: string): Promise<void> {
  const into = new PassThrough();
  const [sql] = await Promise.all([text(into), dumpMariaDb({ access, database: staged.name, what: 'programs', silence }, into)]);
  const programs: Programs = { sql, views: await viewsOf(session, staged.name) };
  await session.run(`DROP DATABASE IF EXISTS ${backticked(aside)}`);
  await session.run(`CREATE DATABASE ${backticked(aside)}`);
  await session.run(`CREATE TABLE ${backticked(aside)}.\`gotgan waiting\` (programs longblob NOT NULL) ENGINE=InnoDB`);
  await session.rows(`INSERT INTO ${backticked(aside)}.\`gotgan waiting\` VALUES (?)`, [JSON.stringify(programs)]);
}

async function keptPrograms(session: MariaDbSession, aside: string): Promise<Programs> {
  const [row] = await session.rows(
    `SELECT CONVERT(programs USING utf8mb4) AS programs FROM ${backticked(aside)}.\`gotgan moved\``,
  );
  return JSON.parse(String(row?.programs)) as Programs;
}

/** A trigger keeps its table in its database, so those of both sides go first; the new ones are kept as text. */
async function swapTables({ session, database, staged }: MariaDbReplacement, aside: string): Promise<void> {
  for (const { name } of [database, staged]) await removeTriggers(session, name);
  await removeViews(session, database.name);
  const moves = [`${backticked(aside)}.\`gotgan waiting\` TO ${backticked(aside)}.\`gotgan moved\``];
  for (const [from, to] of [
    [database.name, aside],
    [staged.name, database.name],
  ] as const)
    for (const table of await tablesOf(session, from))
      moves.push(`${backticked(from)}.${backticked(table)} TO ${backticked(to)}.${backticked(table)}`);
  await session.rows('SET SESSION foreign_key_checks = 0');
  await session.run(`RENAME TABLE ${moves.join(', ')}`);
}

async function tablesOf(session: MariaDbSession, database: string): Promise<string[]> {
  const rows = await session.rows(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')",
    [database],
  );
  return rows.map(({ name }) => String(name));
}

async function removeViews(session: MariaDbSession, database: string): Promise<void> {
  for (const name of await viewNames(session, database))
    await session.rows(`DROP VIEW IF EXISTS ${backticked(database)}.${backticked(name)}`);
}

async function removeTriggers(session: MariaDbSession, database: string): Promise<void> {
  const rows = await session.rows('SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?', [
    database,
  ]);
  for (const { name } of rows) await session.rows(`DROP TRIGGER IF EXISTS ${backticked(database)}.${backticked(String(name))}`);
}

/** Everything but tables: what the old one had, or what an earlier run has made already. */
async function removePrograms(session: MariaDbSession, database: string): Promise<void> {
  await removeTriggers(session, database);
  await removeViews(session, database);
  const routines = await session.rows(
    'SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS kind FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?',
    [database],
  );
  const events = await session.rows(
    "SELECT EVENT_NAME AS name, 'EVENT' AS kind FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?",
    [database],
  );
  for (const { name, kind } of [...routines, ...events])
    await session.rows(`DROP ${kind} IF EXISTS ${backticked(database)}.${backticked(String(name))}`);
}
