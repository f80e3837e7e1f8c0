// Uploads that may pause: what is still expected of each, and for a day what became of it.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const unfinishedUploads: Migrate = async (db) => {
  await db.schema
    .createTable('unfinished_uploads')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('conflict', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('changed_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('judged_until', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('upload_id', 'text')
    .execute();
  await db.schema
    .createIndex('unfinished_uploads_site')
    .on('unfinished_uploads')
    .columns(['site_id', 'path'])
    .where(sql.ref('finished_at'), 'is', null)
    .execute();
  await db.schema.createIndex('unfinished_uploads_expiry').on('unfinished_uploads').column('expires_at').execute();
};
