// What is counted for the operator: runs of jobs over all workers, and indexes that make figures and pages cheap.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const figures: Migrate = async (db) => {
  await db.schema
    .createTable('job_figures')
    .addColumn('job', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('runs', 'bigint', (c) => c.notNull())
    .addColumn('milliseconds', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('job_figures_key', ['job', 'outcome'])
    .execute();
  // In the order in which pages read: a sort with a limit makes SQLite open a table of its own, four times as long as the reading.
  await db.schema.dropIndex('backups_site').execute();
  await db.schema.createIndex('backups_site').on('backups').columns(['site_id', 'queued_at', 'id']).execute();
  await db.schema.dropIndex('audit_customer').execute();
  await db.schema.createIndex('audit_customer').on('audit').columns(['customer_id', 'at', 'id']).execute();
  await db.schema.createIndex('backups_state_day').on('backups').columns(['state', 'day']).execute();
  await db.schema.createIndex('backups_newest_good').on('backups').columns(['state', 'data_at', 'site_id']).execute();
  await db.schema
    .createIndex('letters_unsent')
    .on('letters')
    .columns(['failed_at', 'created_at'])
    .where(sql.ref('sent_at'), 'is', null)
    .execute();
};
