// What migrations must say differently on the two engines: the guard of append-only tables.
import { type Kysely, sql } from 'kysely';

/** Rows of `table` can be added and never changed: triggers refuse UPDATE and DELETE, and on SQLite also `INSERT OR REPLACE`. */
export async function appendOnly(db: Kysely<unknown>, engine: 'sqlite' | 'postgresql', table: string, key = 'id'): Promise<void> {
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
  // INSERT OR REPLACE removes the old row without firing the delete trigger (measured, security.md finding 10).
  await sql`create trigger ${sql.ref(`${table}_no_replace`)} before insert on ${name} when exists (select 1 from ${name} where ${sql.ref(
    key,
  )} = new.${sql.ref(key)}) begin select raise(abort, ${refused}); end`.execute(db);
}
