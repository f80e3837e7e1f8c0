// Sites that move to another server: how far each move is, which databases go along, and what is left where the site was.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const moves: Migrate = async (db) => {
  // While its last changes are carried over, a site is closed on every door.
  await db.schema.alterTable('sites').addColumn('frozen_at', 'bigint').execute();
  await db.schema
    .createTable('site_moves')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('from_server_id', 'text', (c) => c.notNull())
    .addColumn('to_server_id', 'text', (c) => c.notNull())
    .addColumn('keep_days', 'integer', (c) => c.notNull())
    .addColumn('over_move_id', 'text')
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('seen_at', 'bigint', (c) => c.notNull())
    .addColumn('backup_id', 'text')
    .addColumn('pass', 'integer', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text')
    .addColumn('fault', 'text')
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('step_at', 'bigint', (c) => c.notNull())
    .addColumn('frozen_at', 'bigint')
    .addColumn('switched_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('left_on_server_id', 'text')
    .addColumn('left_until', 'bigint')
    .addColumn('removed_at', 'bigint')
    .execute();
  // One move of a site at a time, also when two are asked for at the same moment.
  await db.schema
    .createIndex('site_moves_open')
    .unique()
    .on('site_moves')
    .column('site_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('site_moves_site').on('site_moves').columns(['site_id', 'asked_at']).execute();
  await db.schema
    .createIndex('site_moves_left')
    .on('site_moves')
    .column('left_until')
    .where(sql.ref('removed_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('site_move_databases')
    .addColumn('move_id', 'text', (c) => c.notNull())
    .addColumn('database_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('login', 'text', (c) => c.notNull())
    .addColumn('from_id', 'text', (c) => c.notNull())
    .addColumn('to_id', 'text', (c) => c.notNull())
    .addColumn('table_count', 'integer')
    .addColumn('row_count', 'bigint')
    .addColumn('carried_at', 'bigint')
    .addPrimaryKeyConstraint('site_move_databases_one', ['move_id', 'database_id'])
    .execute();
};
