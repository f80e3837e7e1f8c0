// The SQL of downloads and of links. What is shown to a person is looked up by customer and site.
import type { Selectable } from 'kysely';
import type { BrowseTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Site } from '../sites/sites.ts';

type Row = Selectable<BrowseTables['backup_downloads']>;
type Part = Row['part'];

/** What one session or link took of one backup. */
export type Download = {
  readonly id: string;
  readonly backupId: string;
  /** who downloaded, or made the link */
  readonly personId: string;
  readonly byLink: boolean;
  /** a program of theirs did, by a token */
  readonly byToken: boolean;
  readonly part: Part;
  readonly path: string;
  /** of all of it, and of what went out so far */
  readonly bytes: number;
  readonly sentBytes: number;
  readonly begunAt: number;
  readonly sentAt: number;
  readonly address: string | undefined;
  /** local day of the backup, while it has a row */
  readonly day: string | undefined;
};

export type Link = {
  readonly id: string;
  readonly backupId: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly personId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
};

type Of = { readonly holder: string; readonly backupId: string; readonly part: Part; readonly path: string };
type NewDownload = Of & {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly personId: string;
  readonly byLink: boolean;
  readonly byToken: boolean;
  readonly bytes: number;
  readonly begunAt: number;
  readonly address: string | undefined;
};
type Asked = { readonly site: Pick<Site, 'id' | 'customerId'>; readonly personId: string | undefined; readonly since: number };

const place = (row: string) => ({ table: 'backup_downloads', column: 'address_sealed', row });

/** Asked for each part that a program fetches by Range. */
const begun = prepared((db, { holder, backupId, part, path }: Of) =>
  db
    .selectFrom('backup_downloads')
    .select('id')
    .where('holder', '=', holder)
    .where('backup_id', '=', backupId)
    .where('part', '=', part)
    .where('path', '=', path),
);

export class DownloadStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @returns its id */
  async find({ holder, backupId, part, path }: Of): Promise<string | undefined> {
    const [row] = await begun(this.#connection, { holder, backupId, part, path });
    return row?.id;
  }

  /** @returns false when there is one already; then nothing was written */
  async add(tx: Tx, { id, address, ...of }: NewDownload): Promise<boolean> {
    const result = await tx
      .insertInto('backup_downloads')
      .values({
        ...{ id, backup_id: of.backupId, site_id: of.siteId, customer_id: of.customerId, actor_person_id: of.personId },
        ...{
          holder: of.holder,
          by_link: of.byToken ? 2 : Number(of.byLink),
          part: of.part,
          path: of.path,
          bytes: of.bytes,
          sent_bytes: 0,
        },
        ...{ begun_at: of.begunAt, sent_at: of.begunAt },
        address_sealed: address ? this.#secrets.seal(address, place(id)) : null,
      })
      .onConflict((conflict) => conflict.columns(['holder', 'backup_id', 'part', 'path']).doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async sent(tx: Tx, id: string, { bytes, at }: { bytes: number; at: number }): Promise<void> {
    await tx
      .updateTable('backup_downloads')
      .set((eb) => ({ sent_bytes: eb('sent_bytes', '+', bytes), sent_at: at }))
      .where('id', '=', id)
      .execute();
  }

  #asked({ site, personId, since }: Asked) {
    return this.#connection.db
      .selectFrom('backup_downloads')
      .where('backup_downloads.site_id', '=', site.id)
      .where('backup_downloads.customer_id', '=', site.customerId)
      .where('begun_at', '>=', since)
      .$if(personId !== undefined, (query) => query.where('backup_downloads.actor_person_id', '=', personId ?? ''));
  }

  async count(asked: Asked): Promise<number> {
    const row = await this.#asked(asked)
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** Newest first. */
  async page(asked: Asked, { offset, count }: { offset: number; count: number }): Promise<Download[]> {
    const rows = await this.#asked(asked)
      .leftJoin('backups as of', 'of.id', 'backup_downloads.backup_id')
      .selectAll('backup_downloads')
      .select('of.day as day')
      .orderBy('begun_at', 'desc')
      .orderBy('backup_downloads.id', 'desc')
      .limit(count)
      .offset(offset)
      .execute();
    return rows.map((row) => this.#opened(row));
  }

  #opened({ day, ...row }: Row & { day: string | null }): Download {
    return {
      ...{
        id: row.id,
        backupId: row.backup_id,
        personId: row.actor_person_id,
        byLink: row.by_link === 1,
        byToken: row.by_link === 2,
      },
      ...{ part: row.part, path: row.path, bytes: Number(row.bytes), sentBytes: Number(row.sent_bytes) },
      ...{ begunAt: row.begun_at, sentAt: row.sent_at },
      address: row.address_sealed === null ? undefined : this.#secrets.open(row.address_sealed, place(row.id)),
      day: day ?? undefined,
    };
  }

  async lastAt({ id, customerId }: Pick<Site, 'id' | 'customerId'>): Promise<number | undefined> {
    const row = await this.#connection.db
      .selectFrom('backup_downloads')
      .select(({ fn }) => fn.max('begun_at').as('at'))
      .where('site_id', '=', id)
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
    return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
  }

  async addLink(tx: Tx, link: Link): Promise<void> {
    const { id, backupId, siteId, customerId, personId, createdAt, expiresAt } = link;
    await tx
      .insertInto('backup_links')
      .values({
        ...{ id, backup_id: backupId, site_id: siteId, customer_id: customerId, actor_person_id: personId },
        ...{ created_at: createdAt, expires_at: expiresAt },
      })
      .execute();
  }

  async link(id: string): Promise<Link | undefined> {
    const row = await this.#connection.db.selectFrom('backup_links').selectAll().where('id', '=', id).executeTakeFirst();
    return (
      row && {
        ...{ id, backupId: row.backup_id, siteId: row.site_id, customerId: row.customer_id, personId: row.actor_person_id },
        ...{ createdAt: row.created_at, expiresAt: row.expires_at },
      }
    );
  }

  /** By the clock: rows older than these times. */
  async sweep(tx: Tx, before: { downloads: number; links: number }): Promise<void> {
    await tx.deleteFrom('backup_downloads').where('begun_at', '<', before.downloads).execute();
    await tx.deleteFrom('backup_links').where('expires_at', '<', before.links).execute();
  }
}
