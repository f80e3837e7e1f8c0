// Pulling: connections that a backup host opened and closed, renderings that it was asked for, and when it was last here (KHADA 8.7, 8.8).
import type { Migrate } from './migrate.ts';

export const pulls: Migrate = async (db) => {
  await db.schema
    .createTable('pull_connections')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('server', 'text', (c) => c.notNull())
    .addColumn('opened_at', 'bigint', (c) => c.notNull())
    // Null: open still, or its host died.
    .addColumn('closed_at', 'bigint')
    .addColumn('bytes', 'bigint')
    .addColumn('fault', 'text')
    .addColumn('says', 'text')
    .execute();
  await db.schema.createIndex('pull_connections_opened').on('pull_connections').column('opened_at').execute();
  await db.schema
    .createTable('pull_stagings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    // By the host: the rendering lies in the folder of staging.
    .addColumn('staged_at', 'bigint')
    // By the panel: it is an archive again.
    .addColumn('taken_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('fault', 'text')
    .execute();
  await db.schema.createIndex('pull_stagings_tier').on('pull_stagings').columns(['tier', 'asked_at']).execute();
  await db.schema.createIndex('pull_stagings_backup').on('pull_stagings').column('backup_id').execute();
  await db.schema
    .createTable('pull_hosts')
    .addColumn('tier', 'text', (c) => c.primaryKey())
    .addColumn('seen_at', 'bigint', (c) => c.notNull())
    .addColumn('copies', 'integer', (c) => c.notNull())
    .addColumn('erasures_waiting', 'integer', (c) => c.notNull())
    .execute();
};
