// The SQL of usage: a row a site and day, and the largest folders of each site.
import type { Insertable, Selectable } from 'kysely';
import type { UsageTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Site } from '../sites/sites.ts';

type Row = Selectable<UsageTables['usage_days']>;
type Owned = Pick<Site, 'id' | 'customerId'>;

/** How full a site was on one day; sizes in bytes. */
export type UsageDay = {
  /** local, `YYYY-MM-DD` */
  readonly day: string;
  /** of files in `www/` and `trash/`, which the quota is about */
  readonly bytes: number;
  readonly files: number;
  /** beside the quota */
  readonly databaseBytes: number;
  readonly backupBytes: number;
  readonly quotaBytes: number;
};

/** `path` as it is shown, from the site's folder. */
export type LargeFolder = { readonly path: readonly string[]; readonly bytes: number; readonly files: number };

const fromRow = (row: Row): UsageDay => ({
  day: row.day,
  bytes: Number(row.bytes),
  files: Number(row.files),
  databaseBytes: Number(row.database_bytes),
  backupBytes: Number(row.backup_bytes),
  quotaBytes: Number(row.quota_bytes),
});

const daysOfSite = prepared((db, { id, customerId, first }: Owned & { first: string }) =>
  db
    .selectFrom('usage_days')
    .selectAll()
    .where('site_id', '=', id)
    .where('customer_id', '=', customerId)
    .where('day', '>=', first)
    .orderBy('day'),
);

export class UsageStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when the site has a row of that day */
  async begin(tx: Tx, row: Insertable<UsageTables['usage_days']>): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('usage_days')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async set(tx: Tx, { site_id, day, ...row }: Insertable<UsageTables['usage_days']>): Promise<void> {
    await tx.updateTable('usage_days').set(row).where('site_id', '=', site_id).where('day', '=', day).execute();
  }

  /** @returns those of the sites that have a row of that day */
  async begun(siteIds: readonly string[], day: string): Promise<Set<string>> {
    if (siteIds.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('usage_days')
      .select('site_id')
      .where('day', '=', day)
      .where('site_id', 'in', [...siteIds])
      .execute();
    return new Set(rows.map(({ site_id }) => site_id));
  }

  /** @param first `YYYY-MM-DD`. @returns rows from that day on, oldest first */
  async since(site: Owned, first: string): Promise<UsageDay[]> {
    return (await daysOfSite(this.#connection, { id: site.id, customerId: site.customerId, first })).map(fromRow);
  }

  async setFolders(tx: Tx, site: Owned, folders: readonly LargeFolder[]): Promise<void> {
    await tx.deleteFrom('usage_folders').where('site_id', '=', site.id).execute();
    if (folders.length === 0) return;
    const row = ({ path, bytes, files }: LargeFolder, at: number) => ({
      ...{ site_id: site.id, place: at + 1, customer_id: site.customerId, path: path.join('/'), bytes, files },
    });
    await tx.insertInto('usage_folders').values(folders.map(row)).execute();
  }

  /** @returns largest first */
  async folders(site: Owned): Promise<LargeFolder[]> {
    const rows = await this.#connection.db
      .selectFrom('usage_folders')
      .selectAll()
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .orderBy('place')
      .execute();
    return rows.map(({ path, bytes, files }) => ({ path: path.split('/'), bytes: Number(bytes), files: Number(files) }));
  }

  /** Forgets days before `first`, `YYYY-MM-DD`. */
  async forgetBefore(first: string): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('usage_days').where('day', '<', first).execute());
  }
}
