// Upload folders as customers switch them: the program a folder belongs to, proposals, the last look at everything, and what the web server was told.
import type { Migrate } from './migrate.ts';

export const uploadFolders: Migrate = async (db) => {
  await db.schema.alterTable('site_folders').addColumn('program', 'text').execute();
  // What stood there when it was found: what is taken out or deleted later is that and nothing newer.
  await db.schema.alterTable('file_findings').addColumn('stamp', 'text').execute();
  await db.schema
    .createTable('folder_proposals')
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('program', 'text', (c) => c.notNull())
    .addColumn('proposed_at', 'bigint', (c) => c.notNull())
    .addColumn('declined_at', 'bigint')
    .addPrimaryKeyConstraint('folder_proposals_place', ['site_id', 'path'])
    .execute();
  await db.schema
    .createTable('folder_scans')
    .addColumn('site_id', 'text', (c) => c.primaryKey())
    .addColumn('requested_at', 'bigint')
    .addColumn('started_at', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('found', 'bigint', (c) => c.notNull())
    .addColumn('fault', 'text')
    .addColumn('searched_at', 'bigint')
    .addColumn('searched_files', 'bigint')
    .addColumn('written_at', 'bigint')
    .addColumn('write_fault', 'text')
    .execute();
};
