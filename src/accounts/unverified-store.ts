// The SQL of sign-ups that nobody verified.
import type { Connection, Tx } from '../platform/database/database.ts';

/** Sign-ups that nobody verified in time. */
export async function unverified(connection: Connection, now: number, count: number): Promise<string[]> {
  const rows = await connection.db
    .selectFrom('persons')
    .select('id')
    .where('verified_at', 'is', null)
    .where('erase_at', '<=', now)
    .orderBy('id')
    .limit(count)
    .execute();
  return rows.map(({ id }) => id);
}

/** Deletes the person if it is still unverified and due. @returns customers nobody belongs to any more; undefined when it stayed */
export async function removeUnverified(tx: Tx, personId: string, now: number): Promise<string[] | undefined> {
  const removed = await tx
    .deleteFrom('persons')
    .where('id', '=', personId)
    .where('verified_at', 'is', null)
    .where('erase_at', '<=', now)
    .executeTakeFirst();
  if (removed.numDeletedRows === 0n) return undefined;
  const left = await tx.deleteFrom('memberships').where('person_id', '=', personId).returning('customer_id').execute();
  const orphans: string[] = [];
  for (const { customer_id } of left) {
    const other = await tx
      .selectFrom('memberships')
      .select('id')
      .where('customer_id', '=', customer_id)
      .limit(1)
      .executeTakeFirst();
    if (other) continue;
    await tx.deleteFrom('customers').where('id', '=', customer_id).execute();
    orphans.push(customer_id);
  }
  return orphans;
}
