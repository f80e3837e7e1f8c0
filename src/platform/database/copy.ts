// Rows of one table from one database into another, in batches, with a digest of their content that both sides must agree on.
import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Engine } from './database.ts';

// biome-ignore lint/suspicious/noExplicitAny: every table is copied, whatever its columns are
type AnyTables = any;
type Row = Readonly<Record<string, string | number | null>>;

export type AnyDb = Kysely<AnyTables>;
export type Side = { readonly engine: Engine; readonly tx: Transaction<AnyTables> };
export type Table = { readonly name: string; readonly columns: readonly string[] };
export type Content = { readonly rows: number; readonly digest: string };

const batchRows = 500;
/** SQLite takes 32,766 values a statement, PostgreSQL 65,535. */
const batchValues = 30_000;

/** @returns the panel's tables with their columns, both in the order of their names; not what migrations keep for themselves */
export async function tablesOf(db: AnyDb): Promise<Table[]> {
  const tables = await db.introspection.getTables();
  return tables
    .filter(({ name, schema, isView }) => !isView && (schema === undefined || schema === 'public') && !name.startsWith('sqlite_'))
    .map(({ name, columns }) => ({ name, columns: columns.map((column) => column.name).sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads a table in batches: nothing of it is held but one. PostgreSQL's driver would hold it all, so a cursor is asked. */
async function* batches({ engine, tx }: Side, { name, columns }: Table): AsyncGenerator<Row[]> {
  const fields = sql.join(columns.map((column) => sql.ref(column)));
  if (engine === 'postgresql') {
    await sql`declare gotgan_copy no scroll cursor for select ${fields} from ${sql.table(name)}`.execute(tx);
    for (;;) {
      const { rows } = await sql<Row>`fetch ${sql.lit(batchRows)} from gotgan_copy`.execute(tx);
      if (rows.length === 0) break;
      yield rows;
    }
    await sql`close gotgan_copy`.execute(tx);
    return;
  }
  let batch: Row[] = [];
  for await (const row of tx
    .selectFrom(name)
    .select([...columns])
    .stream() as AsyncIterable<Row>) {
    if (batch.push(row) < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A sum of the digests of all rows: the same whatever order a database gives them in. */
class ContentSum {
  #rows = 0;
  #sum = 0n;

  add(row: Row, columns: readonly string[]): void {
    const text = JSON.stringify(columns.map((column) => row[column] ?? null));
    this.#sum = BigInt.asUintN(256, this.#sum + BigInt(`0x${createHash('sha256').update(text).digest('hex')}`));
    this.#rows += 1;
  }

  get content(): Content {
    return { rows: this.#rows, digest: this.#sum.toString(16).padStart(64, '0') };
  }
}

/** @returns how many rows the table holds, and their digest */
export async function contentOf(side: Side, table: Table): Promise<Content> {
  const sum = new ContentSum();
  for await (const batch of batches(side, table)) for (const row of batch) sum.add(row, table.columns);
  return sum.content;
}

/** Adds every row of `from` to the empty table of `to`, in the transaction of `to`. @returns what was read */
export async function copyTable(from: Side, to: Side, table: Table): Promise<Content> {
  const sum = new ContentSum();
  const most = Math.max(1, Math.min(batchRows, Math.floor(batchValues / table.columns.length)));
  for await (const batch of batches(from, table)) {
    for (const row of batch) sum.add(row, table.columns);
    for (let at = 0; at < batch.length; at += most)
      await to.tx
        .insertInto(table.name)
        .values(batch.slice(at, at + most))
        .execute();
  }
  return sum.content;
}
