// Backup tiers: the key of each site's repository, what each tier holds, and how its last run and its last check went (KHADA 8.5).
import type { Migrate } from './migrate.ts';

export const tiers: Migrate = async (db) => {
  await db.schema
    .createTable('tier_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('tier', 'text', (c) => c.notNull())
    // Null: destroyed, and with it everything that it opened.
    .addColumn('password_sealed', 'text')
    .addColumn('made_at', 'bigint', (c) => c.notNull())
    .addColumn('destroyed_at', 'bigint')
    .execute();
  await db.schema.createIndex('tier_keys_site').unique().on('tier_keys').columns(['site_id', 'tier']).execute();
  await db.schema.createIndex('tier_keys_destroyed').on('tier_keys').column('destroyed_at').execute();
  await db.schema
    .createTable('tier_snapshots')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('data_at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('fault', 'text')
    .addColumn('bytes', 'bigint')
    .addColumn('kept_because', 'text')
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('kept_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('forgotten_at', 'bigint')
    .execute();
  await db.schema.createIndex('tier_snapshots_backup').unique().on('tier_snapshots').columns(['backup_id', 'tier']).execute();
  await db.schema.createIndex('tier_snapshots_site').on('tier_snapshots').columns(['site_id', 'tier', 'data_at']).execute();
  await db.schema.createIndex('tier_snapshots_state').on('tier_snapshots').columns(['state', 'queued_at']).execute();
  await db.schema
    .createTable('tier_states')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    // Of the newest that is kept.
    .addColumn('data_at', 'bigint')
    .addColumn('kept_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('fault', 'text')
    .addColumn('told_at', 'bigint')
    .addColumn('check_due_at', 'bigint', (c) => c.notNull())
    .addColumn('checks', 'integer', (c) => c.notNull())
    .addColumn('checked_at', 'bigint')
    .addColumn('check_fault', 'text')
    .addColumn('bytes', 'bigint')
    .addPrimaryKeyConstraint('tier_states_key', ['site_id', 'tier'])
    .execute();
  await db.schema.createIndex('tier_states_check').on('tier_states').column('check_due_at').execute();
};
