// Acts on a site's files that are under way, with the room they hold: a row that outlives its process shows what was cut off.
import type { Migrate } from './migrate.ts';

export type FileActKind =
  | 'upload'
  | 'folder'
  | 'move'
  | 'remove'
  | 'trash'
  | 'restore'
  | 'edit'
  | 'mode'
  | 'judge'
  | 'hold'
  | 'copy'
  | 'extract'
  | 'compress';

export type FileAct = {
  id: string;
  site_id: string;
  customer_id: string;
  actor_person_id: string | null;
  kind: FileActKind;
  bytes: number;
  files: number;
  begun_at: number;
  held_until: number;
};

export const fileActs: Migrate = async (db) => {
  await db.schema
    .createTable('file_acts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('begun_at', 'bigint', (c) => c.notNull())
    .addColumn('held_until', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('file_acts_site').on('file_acts').column('site_id').execute();
  await db.schema.createIndex('file_acts_held').on('file_acts').column('held_until').execute();
  // Grows with every change of what a site uses, so that a count that took a while knows whether it is still true.
  await db.schema
    .alterTable('sites')
    .addColumn('usage_changes', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute();
};
