// Databases inside of backups, backups that shrank, and drills that prove that one can be restored.
import type { Migrate } from './migrate.ts';

export const drills: Migrate = async (db) => {
  await db.schema.alterTable('backups').addColumn('database_list', 'text').execute();
  await db.schema.alterTable('backups').addColumn('shrunk', 'text').execute();
  await db.schema
    .createTable('backup_drills')
    .addColumn('site_id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('backup_id', 'text')
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('moved_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('outcome', 'text')
    .addColumn('reason', 'text')
    .addColumn('due_at', 'bigint')
    .addColumn('proven_at', 'bigint')
    .addColumn('tools', 'text', (c) => c.notNull())
    .addColumn('throw_aways', 'text', (c) => c.notNull())
    .addColumn('files', 'bigint')
    .addColumn('bytes', 'bigint')
    .addColumn('databases', 'integer')
    .addColumn('tables', 'bigint')
    .addColumn('rows', 'bigint')
    .execute();
  await db.schema.createIndex('backup_drills_due').on('backup_drills').column('due_at').execute();
  await db.schema.createIndex('backup_drills_proven').on('backup_drills').column('proven_at').execute();
};
