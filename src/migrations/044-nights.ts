// Nights of backups: their window, who is whose turn in them, and which backup read everything anew.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const nights: Migrate = async (db) => {
  await db.schema
    .createTable('backup_nights')
    .addColumn('day', 'text', (c) => c.primaryKey())
    .addColumn('due_at', 'bigint', (c) => c.notNull())
    .addColumn('ends_at', 'bigint', (c) => c.notNull())
    .addColumn('fed_at', 'bigint')
    .addColumn('closed_at', 'bigint')
    .addColumn('left_over', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('backup_nights_open').on('backup_nights').column('closed_at').execute();
  await db.schema.alterTable('backups').addColumn('place', 'integer').execute();
  await db.schema.alterTable('backups').addColumn('handed_at', 'bigint').execute();
  await db.schema.alterTable('backups').addColumn('read_whole', 'integer').execute();
  await db.schema
    .createIndex('backups_waiting')
    .on('backups')
    .columns(['state', 'day', 'place'])
    .where(sql.ref('place'), 'is not', null)
    .where(sql.ref('handed_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('backups_handed')
    .on('backups')
    .column('handed_at')
    .where(sql.ref('handed_at'), 'is not', null)
    .execute();
};
