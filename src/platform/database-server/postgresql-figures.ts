// What is in a PostgreSQL database, and how much of the disk it takes.
import { doubleQuoted } from './names.ts';
import type { RowCount, TableFigures } from './port.ts';
import type { PostgresSession } from './postgresql-session.ts';

/** @returns bytes */
export async function databaseSize(session: PostgresSession, database: string): Promise<number> {
  const [row] = await session.rows('SELECT pg_database_size(oid) AS bytes FROM pg_database WHERE datname = $1', [database]);
  return Number(row?.bytes ?? 0);
}

export async function tableFigures(session: PostgresSession): Promise<TableFigures[]> {
  const rows = await session.rows(
    `SELECT CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name,
            pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0) AS estimate
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
  );
  return rows.map(({ name, bytes, estimate }) => ({ name: String(name), bytes: Number(bytes), rows: Number(estimate) }));
}

/**
 * Counted one table after the other, in the names that `tableFigures` uses; of partitions each by itself. What is made from other tables
 * (materialised views), and what an extension brings along, is nobody's data. @param session in the database
 */
export async function rowCounts(session: PostgresSession): Promise<RowCount[]> {
  const tables = await session.rows(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY 1, 2`,
  );
  const counts: RowCount[] = [];
  for (const { schema, name } of tables) {
    const rows = await session.count(`${doubleQuoted(String(schema))}.${doubleQuoted(String(name))}`);
    counts.push({ table: schema === 'public' ? String(name) : `${schema}.${name}`, rows });
  }
  return counts;
}
