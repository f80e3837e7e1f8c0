// What comes into a site by FTP, or by any other way past the panel: folder kinds, the queue of files to be judged, what was refused or found.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const incoming: Migrate = async (db) => {
  await db.schema
    .createTable('site_folders')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('marked_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('site_folders_place', ['site_id', 'path'])
    .execute();
  await db.schema
    .createTable('file_arrivals')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('user_name', 'text')
    .addColumn('is_respelled', 'integer', (c) => c.notNull())
    .addColumn('arrived_at', 'bigint', (c) => c.notNull())
    .addColumn('due_at', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('round', 'bigint', (c) => c.notNull())
    .addColumn('stamp', 'text')
    .addColumn('judged_at', 'bigint')
    .execute();
  // One row a path, however often the file is written before it is judged.
  await db.schema.createIndex('file_arrivals_path').unique().on('file_arrivals').columns(['site_id', 'path']).execute();
  await db.schema
    .createIndex('file_arrivals_due')
    .on('file_arrivals')
    .columns(['site_id', 'due_at'])
    .where(sql.ref('judged_at'), 'is', null)
    .execute();
  await db.schema.createIndex('file_arrivals_judged').on('file_arrivals').column('judged_at').execute();
  await db.schema
    .createTable('file_findings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('user_name', 'text')
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('parameters', 'text', (c) => c.notNull())
    .addColumn('found_at', 'bigint', (c) => c.notNull())
    .addColumn('told_at', 'bigint')
    .addColumn('restored_at', 'bigint')
    .addColumn('dropped_at', 'bigint')
    .execute();
  await db.schema.createIndex('file_findings_site').on('file_findings').columns(['site_id', 'found_at']).execute();
  await db.schema
    .createIndex('file_findings_untold')
    .on('file_findings')
    .columns(['site_id', 'kind'])
    .where(sql.ref('told_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('watched_folders')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('stamp', 'text', (c) => c.notNull())
    .addColumn('newest', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('watched_folders_place', ['site_id', 'path'])
    .execute();
  await db.schema
    .createTable('known_scripts')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('stamp', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('known_scripts_place', ['site_id', 'path'])
    .execute();
};
