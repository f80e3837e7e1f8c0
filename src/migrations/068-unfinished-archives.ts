// Archives that their owners bring back in pieces: what is still expected of each, and for a day what became of it.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const unfinishedArchives: Migrate = async (db) => {
  await db.schema
    .createTable('unfinished_archives')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('changed_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('judged_until', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('backup_id', 'text')
    .execute();
  // One at a time of a site, also when two are announced at the same moment.
  await db.schema
    .createIndex('unfinished_archives_open')
    .unique()
    .on('unfinished_archives')
    .column('site_id')
    .where(sql.ref('finished_at'), 'is', null)
    .execute();
  await db.schema.createIndex('unfinished_archives_expiry').on('unfinished_archives').column('expires_at').execute();
};
