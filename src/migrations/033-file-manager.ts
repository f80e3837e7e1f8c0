// What was deleted in the file manager, and how to get it back.
import type { Migrate } from './migrate.ts';

export const fileManager: Migrate = async (db) => {
  await db.schema
    .createTable('file_trash')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('act_id', 'text', (c) => c.notNull())
    .addColumn('because', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('trashed_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    // Null: announced, and not known to lie in the trash yet.
    .addColumn('moved_at', 'bigint')
    .execute();
  await db.schema.createIndex('file_trash_site').on('file_trash').columns(['site_id', 'trashed_at']).execute();
  await db.schema.createIndex('file_trash_due').on('file_trash').column('expires_at').execute();
};
