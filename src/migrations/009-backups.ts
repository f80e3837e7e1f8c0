// Backups of sites and the grants to download them (KHADA 7.6).
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const backups: Migrate = async (db) => {
  await db.schema
    .createTable('backups')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('file_name', 'text')
    .addColumn('bytes', 'bigint')
    .addColumn('original_bytes', 'bigint')
    .addColumn('sha256', 'text')
    .addColumn('files', 'bigint')
    .addColumn('folders', 'bigint')
    .addColumn('databases', 'integer')
    .addColumn('left_out', 'text', (c) => c.notNull())
    .addColumn('data_at', 'bigint')
    .addColumn('step', 'text')
    .addColumn('files_done', 'bigint', (c) => c.notNull())
    .addColumn('files_total', 'bigint', (c) => c.notNull())
    .addColumn('moved_at', 'bigint')
    .addColumn('reason', 'text')
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('made_at', 'bigint')
    .addColumn('verified_at', 'bigint')
    .addColumn('proven_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('expired_at', 'bigint')
    .addColumn('kept_because', 'text')
    .execute();
  await db.schema.createIndex('backups_site').on('backups').columns(['site_id', 'queued_at']).execute();
  await db.schema
    .createIndex('backups_nightly')
    .unique()
    .on('backups')
    .columns(['site_id', 'day'])
    .where(sql.ref('kind'), '=', 'nightly')
    .execute();
  await db.schema.createIndex('backups_states').on('backups').columns(['state', 'queued_at']).execute();
  await db.schema.createIndex('backups_days').on('backups').columns(['kind', 'day', 'verified_at']).execute();
  await db.schema.createIndex('backups_file').unique().on('backups').columns(['site_id', 'file_name']).execute();
  await db.schema
    .createTable('download_grants')
    .addColumn('session_hash', 'text', (c) => c.notNull())
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('download_grants_key', ['session_hash', 'backup_id'])
    .execute();
};
