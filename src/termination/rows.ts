// Deletes the rows of one customer, in portions: a transaction is short, and what was cut off is gone on with. No row of anybody else is
// named by any statement here: each holds the customer's id, that of one of their sites, or of a person who has no other place.
import { type RawBuilder, sql } from 'kysely';
import type { Connection, Engine } from '../platform/database/database.ts';
import { type Erased, erasedTables, type Table } from './erased-tables.ts';

/** Rows of one transaction. */
const atOnce = 500;

export type Whose = { readonly customerId: string; readonly siteIds: readonly string[] };
/** @param loginIndex undefined: the person's own row is gone already */
export type ErasedPerson = {
  readonly id: string;
  readonly loginIndex: string | undefined;
  readonly letterIds: readonly string[];
};

const entries = Object.entries(erasedTables) as [Table, Erased][];

/** Deletes everything that hangs on the customer and their sites; memberships, persons, letters and jobs are left. @returns how many rows by table */
export async function eraseCustomerRows(connection: Connection, { customerId, siteIds }: Whose): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, how] of entries) {
    const where = conditionOf(how, { customerId, siteIds });
    if (where) counts[table] = await deleteAll(connection, table, where);
  }
  return counts;
}

function conditionOf(how: Erased, { customerId, siteIds }: Whose): RawBuilder<unknown> | undefined {
  if (how.by === 'customer') return sql`${sql.ref(how.column)} = ${customerId}`;
  if (how.by === 'site') return siteIds.length === 0 ? undefined : sql`${sql.ref(how.column)} in (${sql.join([...siteIds])})`;
  if (how.by !== 'child') return undefined;
  const parents = sql`select ${sql.ref(how.key)} from ${sql.table(how.parent)} where customer_id = ${customerId}`;
  return sql`${sql.ref(how.column)} in (${parents})`;
}

/** Deletes what is a person's own, then the person. May be repeated, and cut off anywhere. */
export async function erasePerson(connection: Connection, { id, loginIndex, letterIds }: ErasedPerson): Promise<void> {
  const values = { person: id, login: loginIndex ?? '', owner: id };
  for (const [table, how] of entries)
    if (how.by === 'person' || how.by === 'login' || how.by === 'owner')
      await deleteAll(connection, table, sql`${sql.ref(how.column)} = ${values[how.by]}`);
  // What they did where no customer was named, or at another's: the row tells nothing personal, what lies beside it does.
  const theirs = sql`select id from audit where actor_person_id = ${id} or (subject_id = ${id} and actor_kind = 'visitor')`;
  await deleteAll(connection, 'audit_personal', sql`id in (${theirs})`);
  for (const letterId of letterIds) await deleteAll(connection, 'letters', sql`id = ${letterId}`);
  await forgetActor(connection, id);
  await deleteAll(connection, 'sessions', sql`person_id = ${id}`);
  await deleteAll(connection, 'persons', sql`id = ${id}`);
  // By their place they are found again after a cut.
  await deleteAll(connection, 'memberships', sql`person_id = ${id}`);
}

/** What they caused at another customer is that one's: it stays, and tells of nobody any more. */
async function forgetActor(connection: Connection, personId: string): Promise<void> {
  await connection.write((tx) =>
    tx.updateTable('letters').set({ actor_person_id: null }).where('actor_person_id', '=', personId).execute(),
  );
}

/** The last rows of the customer. */
export async function eraseCustomer(connection: Connection, customerId: string): Promise<void> {
  for (const table of ['letters', 'jobs', 'memberships'] as const)
    await deleteAll(connection, table, sql`customer_id = ${customerId}`);
  await deleteAll(connection, 'customers', sql`id = ${customerId}`);
}

/** Both engines have a name for the place of a row, whatever its key is. */
const rowOf: Readonly<Record<Engine, RawBuilder<unknown>>> = { sqlite: sql.ref('rowid'), postgresql: sql.ref('ctid') };

async function deleteAll(connection: Connection, table: Table, where: RawBuilder<unknown>): Promise<number> {
  const row = rowOf[connection.engine];
  const portion = sql`delete from ${sql.table(table)} where ${row} in (select ${row} from ${sql.table(table)} where ${where} limit ${atOnce})`;
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await connection.write((tx) => portion.execute(tx));
    removed += Number(numAffectedRows);
    if (numAffectedRows < BigInt(atOnce)) return removed;
  }
}
