// Puts a loaded database in the place of another on MariaDB, which cannot rename databases: all tables change places in one statement.
// Every step may be the last before a crash; who runs it again goes on from where it stands, which a table in a third database tells:
//   `waiting` there: nothing has moved; the programs (views, triggers, routines, events) of the new one are kept in it as text.
//   `moved` there: the tables have moved, since the same statement renamed the one into the other.
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { notFound } from '../errors.ts';
import { dumpMariaDb } from './mariadb-dump.ts';
import { exists } from './mariadb-figures.ts';
import type { MariaDbSession } from './mariadb-session.ts';
import { backticked } from './names.ts';
import type { DatabaseAccess, HostedDatabase } from './port.ts';

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

export type View = { readonly name: string; readonly sql: string };

type Programs = { readonly sql: string; readonly views: readonly View[] };

/** @throws PanelError 404 when neither the staged database is there nor a replacement has begun */
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
  await removePrograms(session, database.name);
  await replacement.runPrograms(programs.sql);
  // A view may call a function, which must be there.
  await replacement.makeViews(programs.views);
  await replacement.dropStaged();
  await session.run(`DROP DATABASE IF EXISTS ${backticked(aside)}`);
}

/** The same for the same two, so that a second run finds it. It has an underscore: the panel's own rights are for such names. */
const asideOf = (database: HostedDatabase, staged: HostedDatabase): string =>
  `gotgan_${createHash('sha256').update(`${database.name} ${staged.name}`).digest('hex').slice(0, 24)}`;

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

/** Asked from inside, views name their tables without the database. */
async function viewsOf(session: MariaDbSession, database: string): Promise<View[]> {
  await session.rows(`USE ${backticked(database)}`);
  const names = await session.rows('SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY 1', [
    database,
  ]);
  const views: View[] = [];
  for (const { name } of names) {
    const [row] = await session.rows(`SHOW CREATE VIEW ${backticked(String(name))}`);
    const sql = String(row?.['Create View']).replace(/ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` /, ' ');
    views.push({ name: String(name), sql });
  }
  await session.rows('USE information_schema');
  return views;
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
  const views = await session.rows('SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?', [database]);
  for (const { name } of views) await session.rows(`DROP VIEW IF EXISTS ${backticked(database)}.${backticked(String(name))}`);
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
