// Restores of backups: what was asked, how far each is, what it exchanged, and until when a backup must stay for one.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const restores: Migrate = async (db) => {
  // What a restore stands on, or would be undone with, outlives every policy.
  await db.schema.alterTable('backups').addColumn('held_until', 'bigint').execute();
  await db.schema
    .createTable('restores')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('backup_id', 'text', (c) => c.notNull())
    .addColumn('undo_of', 'text')
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('paths', 'text', (c) => c.notNull())
    .addColumn('dest', 'text', (c) => c.notNull())
    .addColumn('mode', 'text', (c) => c.notNull())
    .addColumn('folder', 'text')
    .addColumn('plan_hash', 'text', (c) => c.notNull())
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('act_id', 'text')
    .addColumn('safety_id', 'text')
    .addColumn('server_id', 'text')
    .addColumn('bytes_done', 'bigint', (c) => c.notNull())
    .addColumn('bytes_total', 'bigint', (c) => c.notNull())
    .addColumn('files_done', 'bigint', (c) => c.notNull())
    .addColumn('files_total', 'bigint', (c) => c.notNull())
    .addColumn('staging_ms', 'bigint')
    .addColumn('fault', 'text')
    .addColumn('fault_about', 'text')
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('moved_at', 'bigint', (c) => c.notNull())
    .addColumn('switched_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('undone_at', 'bigint')
    .execute();
  // One restore of a site at a time, also when two are asked for at the same moment.
  await db.schema
    .createIndex('restores_open')
    .unique()
    .on('restores')
    .column('site_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('restores_site').on('restores').columns(['site_id', 'asked_at']).execute();
  await db.schema
    .createTable('restore_items')
    .addColumn('restore_id', 'text', (c) => c.notNull())
    .addColumn('place', 'integer', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('comes', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('restore_items_one', ['restore_id', 'place'])
    .execute();
  await db.schema
    .createTable('restore_databases')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('restore_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('member', 'text')
    .addColumn('table_count', 'integer', (c) => c.notNull())
    .addColumn('row_count', 'bigint', (c) => c.notNull())
    .addColumn('undo_of', 'text')
    // Null: a new one is made.
    .addColumn('database_id', 'text')
    .addColumn('into_name', 'text', (c) => c.notNull())
    .addColumn('is_new', 'integer', (c) => c.notNull())
    .addColumn('staged_at', 'bigint')
    .addColumn('switching_at', 'bigint')
    .addColumn('switched_at', 'bigint')
    .addColumn('returned_at', 'bigint')
    .execute();
  await db.schema.createIndex('restore_databases_of').on('restore_databases').column('restore_id').execute();
};
