// Every backup that a customer ever had, for a bundle of evidence.
import type { Connection } from '../platform/database/database.ts';
import type { Backup } from './states.ts';
import { fromRow } from './store.ts';

const rowsAtOnce = 500;

/** @yields expired and failed ones as well, oldest first */
export async function* everOf({ db }: Pick<Connection, 'db'>, customerId: string): AsyncGenerator<Backup> {
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('backups')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute();
    yield* rows.map(fromRow);
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}
