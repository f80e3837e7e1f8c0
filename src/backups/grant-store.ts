// The SQL of download grants: which session may download which backup.
import type { Insertable } from 'kysely';
import type { BackupTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';

export type Grant = Insertable<BackupTables['download_grants']>;

type Asked = { sessionHash: string; backupId: string; personId: string; customerId: string };

const granted = prepared((db, { sessionHash, backupId, personId, customerId }: Asked) =>
  db
    .selectFrom('download_grants')
    .select('created_at')
    .where('session_hash', '=', sessionHash)
    .where('backup_id', '=', backupId)
    .where('actor_person_id', '=', personId)
    .where('customer_id', '=', customerId),
);

export class GrantStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when there is one already; then nothing was written */
  async add(tx: Tx, grant: Grant): Promise<boolean> {
    const result = await tx
      .insertInto('download_grants')
      .values(grant)
      .onConflict((conflict) => conflict.columns(['session_hash', 'backup_id']).doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async has(sessionHash: string, backupId: string, by: { personId: string; customerId: string }): Promise<boolean> {
    const rows = await granted(this.#connection, { sessionHash, backupId, personId: by.personId, customerId: by.customerId });
    return rows.length > 0;
  }

  async removeBefore(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('download_grants').where('created_at', '<', before).execute();
  }
}
