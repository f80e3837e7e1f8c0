// How full sites are, day by day, where their bytes lie, and what was told of it.
import type { Migrate } from './migrate.ts';

export const usage: Migrate = async (db) => {
  await db.schema
    .alterTable('sites')
    .addColumn('usage_level', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('usage_days')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('database_bytes', 'bigint', (c) => c.notNull())
    .addColumn('backup_bytes', 'bigint', (c) => c.notNull())
    .addColumn('quota_bytes', 'bigint', (c) => c.notNull())
    // Null: as acts had kept it, no count has come about that day.
    .addColumn('counted_at', 'bigint')
    .addPrimaryKeyConstraint('usage_days_key', ['site_id', 'day'])
    .execute();
  await db.schema.createIndex('usage_days_day').on('usage_days').column('day').execute();
  await db.schema
    .createTable('usage_folders')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('place', 'integer', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('usage_folders_key', ['site_id', 'place'])
    .execute();
};
