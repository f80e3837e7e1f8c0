// The SQL of files: the results of uploads.
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Site } from '../sites/sites.ts';
import type { Upload } from './files.ts';
import type { Conflict, UploadResult } from './publishing.ts';

export type NewUpload = {
  readonly id: string;
  readonly site: Site;
  readonly personId: string;
  readonly folder: string;
  readonly conflict: Conflict;
  readonly counts: { stored: number; refused: number; skipped: number };
  readonly results: readonly UploadResult[];
  readonly now: number;
};

const anyOfSite = prepared((db, { id, customerId }: Pick<Site, 'id' | 'customerId'>) =>
  db.selectFrom('uploads').select('id').where('site_id', '=', id).where('customer_id', '=', customerId).limit(1),
);

export class FileStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, { id, site, personId, folder, conflict, counts, results, now }: NewUpload): Promise<void> {
    await tx
      .insertInto('uploads')
      .values({
        id,
        site_id: site.id,
        customer_id: site.customerId,
        actor_person_id: personId,
        folder,
        conflict,
        ...counts,
        results: JSON.stringify(results),
        created_at: now,
      })
      .execute();
  }

  async byId(site: Site, id: string): Promise<Upload | undefined> {
    const row = await this.#connection.db
      .selectFrom('uploads')
      .select(['id', 'folder', 'created_at', 'results'])
      .where('id', '=', id)
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .executeTakeFirst();
    return row && { id: row.id, folder: row.folder, createdAt: row.created_at, results: JSON.parse(row.results) };
  }

  async any(site: Site): Promise<boolean> {
    const rows = await anyOfSite(this.#connection, { id: site.id, customerId: site.customerId });
    return rows.length > 0;
  }
}
