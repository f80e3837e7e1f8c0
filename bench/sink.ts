// Writes very many rows of a table at once, past the panel.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';

export type Row = Record<string, string | number | null>;
export type Rows = { readonly table: string; readonly rows: Row[] };

/** Writes many rows of one table. `end` once after all. */
export type Sink = { write(rows: Rows): Promise<void>; end(): Promise<void> };

/** @param url of a migrated database */
export const sinkOf = async (url: string): Promise<Sink> =>
  url.startsWith('sqlite:') ? sqliteSink(url.slice('sqlite:'.length)) : postgresSink(url);

function sqliteSink(file: string): Sink {
  const database = new DatabaseSync(file, { timeout: 30_000 });
  // What is filled here may be lost with the machine, and pages of an index are better kept than read again.
  database.exec('pragma synchronous=off; pragma cache_size=-262144');
  return {
    write: async ({ table, rows }) => {
      const columns = Object.keys(rows[0] ?? {});
      const insert = database.prepare(`insert into ${table} (${columns}) values (${columns.map(() => '?')})`);
      database.exec('begin immediate');
      for (const row of rows) insert.run(...(Object.values(row) as SQLInputValue[]));
      database.exec('commit');
    },
    end: async () => {
      database.exec('pragma wal_checkpoint(truncate)');
      database.close();
    },
  };
}

async function postgresSink(url: string): Promise<Sink> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    write: async ({ table, rows }) => {
      const columns = Object.keys(rows[0] ?? {});
      await client.query(`insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`, [
        JSON.stringify(rows),
      ]);
    },
    end: async () => {
      // As the server does by itself within minutes.
      await client.query('vacuum analyze');
      await client.end();
    },
  };
}
