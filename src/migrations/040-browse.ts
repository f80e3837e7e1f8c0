// What differs between a backup and the one before it, who downloaded what, and links that download for an hour.
import type { Migrate } from './migrate.ts';

export const browse: Migrate = async (db) => {
  await db.schema
    .createTable('backup_changes')
    .addColumn('backup_id', 'text', (c) => c.primaryKey())
    .addColumn('before_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('added', 'bigint', (c) => c.notNull())
    .addColumn('added_bytes', 'bigint', (c) => c.notNull())
    .addColumn('changed', 'bigint', (c) => c.notNull())
    .addColumn('changed_bytes', 'bigint', (c) => c.notNull())
    .addColumn('removed', 'bigint', (c) => c.notNull())
    .addColumn('removed_bytes', 'bigint', (c) => c.notNull())
    .addColumn('compared_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('backup_downloads')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    // Hash of the session, or id of the link: what goes on where it broke off is one download.
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('by_link', 'integer', (c) => c.notNull())
    .addColumn('part', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('sent_bytes', 'bigint', (c) => c.notNull())
    .addColumn('begun_at', 'bigint', (c) => c.notNull())
    .addColumn('sent_at', 'bigint', (c) => c.notNull())
    .addColumn('address_sealed', 'text')
    .addUniqueConstraint('backup_downloads_key', ['holder', 'backup_id', 'part', 'path'])
    .execute();
  await db.schema.createIndex('backup_downloads_site').on('backup_downloads').columns(['site_id', 'begun_at']).execute();
  await db.schema
    .createTable('backup_links')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
};
