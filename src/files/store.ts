// The SQL of files: the results of uploads.
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Site } from '../sites/sites.ts';
import type { Upload } from './files.ts';
import type { UploadConflict, UploadResult } from './publishing.ts';

export type NewUpload = {
  readonly id: string;
  readonly site: Site;
  readonly personId: string;
  readonly folder: string;
  readonly conflict: UploadConflict;
  readonly counts: { stored: number; refused: number; skipped: number };
  readonly results: readonly UploadResult[];
  readonly now: number;
};

const anyOfSite = prepared((db, { id, customerId }: Pick<Site, 'id' | 'customerId'>) =>
  db.selectFrom('uploads').select('id').where('site_id', '=', id).where('customer_id', '=', customerId).limit(1),
);

/** of a site in a day, on the page of uploads: each may have refused many */
const mostUploads = 200;

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

  /** @returns what was refused since then, newest upload first, each path once */
  async refusedSince(
    site: Site,
    since: number,
  ): Promise<{ id: string; createdAt: number; result: UploadResult; folder: string }[]> {
    const rows = await this.#connection.db
      .selectFrom('uploads')
      .select(['id', 'folder', 'created_at', 'results'])
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('created_at', '>', since)
      .where('refused', '>', 0)
      .orderBy('created_at', 'desc')
      .limit(mostUploads)
      .execute();
    const known = new Set<string>();
    return rows.flatMap(({ id, folder, created_at: createdAt, results }) =>
      (JSON.parse(results) as UploadResult[])
        .filter(({ result, file }) => result === 'refused' && !known.has(`${folder}/${file}`) && known.add(`${folder}/${file}`))
        .map((result) => ({ id, createdAt, result, folder })),
    );
  }

  async any(site: Site): Promise<boolean> {
    const rows = await anyOfSite(this.#connection, { id: site.id, customerId: site.customerId });
    return rows.length > 0;
  }
}
