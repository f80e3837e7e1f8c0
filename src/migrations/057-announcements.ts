// What the public pages announced, and since when: where backups lie, and when officers changed (KHADA 1.1, 7.6): append-only.
import { appendOnly } from '../platform/database/dialect.ts';
import type { Migrate } from './migrate.ts';

export const announcements: Migrate = async (db, engine) => {
  await db.schema
    .createTable('announcements')
    // `<subject>/<position>`: two processes that start together cannot announce the same twice.
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('said', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('announcements_subject').unique().on('announcements').columns(['subject', 'position']).execute();
  await appendOnly(db, engine, 'announcements');
};
