// Copying, extracting and compressing in the file manager: what was asked, how far it has come, and what came of it.
import type { Migrate } from './migrate.ts';

export const fileJobs: Migrate = async (db) => {
  await db.schema
    .createTable('file_jobs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('sources', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('name', 'text')
    .addColumn('conflict', 'text', (c) => c.notNull())
    .addColumn('words', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('act_id', 'text')
    // Null: nothing of it lies beside `www/`.
    .addColumn('staged', 'text')
    .addColumn('bytes_done', 'bigint', (c) => c.notNull())
    .addColumn('bytes_total', 'bigint', (c) => c.notNull())
    .addColumn('files_done', 'bigint', (c) => c.notNull())
    .addColumn('files_total', 'bigint', (c) => c.notNull())
    .addColumn('kept', 'bigint', (c) => c.notNull())
    .addColumn('refused', 'bigint', (c) => c.notNull())
    .addColumn('skipped', 'bigint', (c) => c.notNull())
    .addColumn('results', 'text', (c) => c.notNull())
    .addColumn('fault', 'text')
    .addColumn('fault_about', 'text')
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('moved_at', 'bigint')
    .addColumn('cancelled_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  await db.schema.createIndex('file_jobs_site').on('file_jobs').columns(['site_id', 'queued_at']).execute();
};
