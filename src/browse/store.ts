// The SQL of comparisons: what differs between a backup and the good one before it.
import type { BrowseTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Site } from '../sites/sites.ts';
import type { ChangeCounts } from './changes.ts';

export type Compared = ChangeCounts & { readonly backupId: string; readonly beforeId: string; readonly comparedAt: number };

type Owned = Pick<Site, 'id' | 'customerId'>;
type Row = BrowseTables['backup_changes'];

const ofBackup = prepared((db, { id, customerId, backupId }: Owned & { backupId: string }) =>
  db
    .selectFrom('backup_changes')
    .selectAll()
    .where('backup_id', '=', backupId)
    .where('site_id', '=', id)
    .where('customer_id', '=', customerId),
);

const fromRow = (row: Row): Compared => ({
  ...{ backupId: row.backup_id, beforeId: row.before_id, comparedAt: row.compared_at },
  ...{ added: Number(row.added), changed: Number(row.changed), removed: Number(row.removed) },
  addedBytes: Number(row.added_bytes),
  changedBytes: Number(row.changed_bytes),
  removedBytes: Number(row.removed_bytes),
});

export class BrowseStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async find({ id, customerId }: Owned, backupId: string): Promise<Compared | undefined> {
    const [row] = await ofBackup(this.#connection, { id, customerId, backupId });
    return row && fromRow(row);
  }

  /** A second one of the same backup changes nothing. */
  async add(tx: Tx, { id, customerId }: Owned, compared: Compared): Promise<void> {
    const { added, changed, removed } = compared;
    await tx
      .insertInto('backup_changes')
      .values({
        ...{ backup_id: compared.backupId, before_id: compared.beforeId, site_id: id, customer_id: customerId },
        ...{ added, changed, removed, added_bytes: compared.addedBytes, changed_bytes: compared.changedBytes },
        ...{ removed_bytes: compared.removedBytes, compared_at: compared.comparedAt },
      })
      .onConflict((conflict) => conflict.column('backup_id').doNothing())
      .execute();
  }
}
