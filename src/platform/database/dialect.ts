// What migrations must say differently on the two engines: the guard of append-only tables.
import { type Kysely, sql } from 'kysely';

/** Rows of `table` can be added and never changed: triggers refuse UPDATE and DELETE, and on SQLite also `INSERT OR REPLACE`. */
export async function appendOnly(
  db: Kysely<unknown>,
  engine: 'sqlite' | 'postgresql',
  table: string,
  key: string | readonly string[] = 'id',
): Promise<void> {
  const name = sql.ref(table);
  const refused = sql.lit(`${table}: rows are only added`);
  if (engine === 'postgresql') {
    await sql`create or replace function ${sql.ref(`${table}_refuse`)}() returns trigger language plpgsql as ${sql.raw(
      `$$ begin raise exception '${table}: rows are only added'; end $$`,
    )}`.execute(db);
    await sql`create trigger ${sql.ref(`${table}_append_only`)} before update or delete on ${name} for each row execute function ${sql.ref(
      `${table}_refuse`,
    )}()`.execute(db);
    await sql`create trigger ${sql.ref(`${table}_no_truncate`)} before truncate on ${name} for each statement execute function ${sql.ref(
      `${table}_refuse`,
    )}()`.execute(db);
    return;
  }
  for (const act of ['update', 'delete']) {
    await sql`create trigger ${sql.ref(`${table}_no_${act}`)} before ${sql.raw(act)} on ${name} begin select raise(abort, ${refused}); end`.execute(
      db,
    );
  }
  const same = sql.join(
    [key].flat().map((column) => sql`${sql.ref(column)} = new.${sql.ref(column)}`),
    sql` and `,
  );
  // INSERT OR REPLACE removes the old row without firing the delete trigger (measured, security.md finding 10).
  await sql`create trigger ${sql.ref(`${table}_no_replace`)} before insert on ${name} when exists (select 1 from ${name} where ${same}) begin select raise(abort, ${refused}); end`.execute(
    db,
  );
}

/**
 * A second row with the same value of a unique column is refused before it could replace the first: on SQLite `INSERT OR REPLACE` would
 * remove that without asking its guard. PostgreSQL knows no such statement.
 */
export async function refuseSecond(
  db: Kysely<unknown>,
  engine: 'sqlite' | 'postgresql',
  table: string,
  column: string,
): Promise<void> {
  if (engine === 'postgresql') return;
  const [name, field] = [sql.ref(table), sql.ref(column)];
  const refused = sql.lit(`${table}: rows are only added`);
  await sql`create trigger ${sql.ref(`${table}_no_second_${column}`)} before insert on ${name} when exists (select 1 from ${name} where ${field} = new.${field}) begin select raise(abort, ${refused}); end`.execute(
    db,
  );
}
