// What is in a MariaDB database, and how much of the disk it takes.
import { notFound } from '../errors.ts';
import type { MariaDbSession } from './mariadb-session.ts';
import { backticked } from './names.ts';
import type { RowCount, TableFigures } from './port.ts';

export async function exists(session: MariaDbSession, database: string): Promise<boolean> {
  return (await session.rows('SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [database])).length > 0;
}

/** InnoDB's statistics are late by design, the sizes of its files are not; other engines tell the truth in `TABLES`. */
export async function tableFigures(session: MariaDbSession, database: string): Promise<TableFigures[]> {
  if (!(await exists(session, database))) throw notFound();
  const rows = await session.rows(
    `SELECT TABLE_NAME AS name, ENGINE AS engine, IFNULL(DATA_LENGTH, 0) + IFNULL(INDEX_LENGTH, 0) AS bytes, IFNULL(TABLE_ROWS, 0) AS estimate
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY TABLE_NAME`,
    [database],
  );
  const files = await tableFiles(session, database);
  return rows.map(({ name, engine, bytes, estimate }) => ({
    name: String(name),
    bytes: (engine === 'InnoDB' ? files.get(String(name)) : undefined) ?? Number(bytes),
    rows: Number(estimate),
  }));
}

/** Counted one table after the other: views and sequences hold nothing of their own. */
export async function rowCounts(session: MariaDbSession, database: string): Promise<RowCount[]> {
  if (!(await exists(session, database))) throw notFound();
  const tables = await session.rows(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`,
    [database],
  );
  const counts: RowCount[] = [];
  for (const { name } of tables) {
    const table = String(name);
    counts.push({ table, rows: await session.count(`${backticked(database)}.${backticked(table)}`) });
  }
  return counts;
}

/** @returns bytes of the files of each InnoDB table, partitions together */
async function tableFiles(session: MariaDbSession, database: string): Promise<Map<string, number>> {
  const rows = await session.rows(
    `SELECT SUBSTRING_INDEX(NAME, '/', -1) AS file, FILE_SIZE AS bytes FROM information_schema.INNODB_SYS_TABLESPACES
      WHERE NAME LIKE CONCAT(REPLACE(REPLACE(?, '-', '@002d'), '_', '\\\\_'), '/%')`,
    [database],
  );
  const sizes = new Map<string, number>();
  for (const { file, bytes } of rows) {
    const name = String(file)
      .replace(/#[Pp]#.*$/s, '')
      .replace(/@([0-9a-f]{4})/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    sizes.set(name, (sizes.get(name) ?? 0) + Number(bytes));
  }
  return sizes;
}
