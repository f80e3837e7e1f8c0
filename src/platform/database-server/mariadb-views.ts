// The views of a MariaDB database: those that stand on something, and those whose ground is gone.

import type { MariaDbSession } from './mariadb-session.ts';
import { backticked } from './names.ts';

export type View = {
  readonly name: string;
  /** without its definer, and without the database where it was asked from inside */
  readonly sql: string;
  /** what it refers to is gone, or its definer may not see it any more: who reads it gets an error */
  readonly isBroken: boolean;
};

/** MariaDB's ER_VIEW_INVALID, and ER_NO_SUCH_USER for a definer that is gone */
const broken: ReadonlySet<unknown> = new Set([1356, 1449]);

export async function viewNames(session: MariaDbSession, database: string): Promise<string[]> {
  const rows = await session.rows('SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY 1', [
    database,
  ]);
  return rows.map(({ name }) => String(name));
}

/** Asked from inside, views name their tables without the database. */
export async function viewsOf(session: MariaDbSession, database: string): Promise<View[]> {
  const names = await viewNames(session, database);
  if (names.length === 0) return [];
  await session.rows(`USE ${backticked(database)}`);
  const views: View[] = [];
  for (const name of names) {
    const [row] = await session.rows(`SHOW CREATE VIEW ${backticked(name)}`);
    const sql = String(row?.['Create View']).replace(/ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` /, ' ');
    views.push({ name, sql, isBroken: await isBroken(session, name) });
  }
  await session.rows('USE information_schema');
  return views;
}

/** `SHOW CREATE VIEW` only warns of it, and the warning is not told by the driver. */
async function isBroken(session: MariaDbSession, name: string): Promise<boolean> {
  try {
    await session.rows(`SHOW COLUMNS FROM ${backticked(name)}`);
    return false;
  } catch (error) {
    if (broken.has((error as { errno?: unknown }).errno)) return true;
    throw error;
  }
}
