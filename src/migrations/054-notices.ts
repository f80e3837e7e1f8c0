// Which text of which notice was shown to whom, on which page, on which day (KHADA 8.1; slide 8-2); and reminders of consent to advertising.
import type { Migrate } from './migrate.ts';

export const notices: Migrate = async (db) => {
  await db.schema
    .createTable('notice_texts')
    .addColumn('sha256', 'text', (c) => c.primaryKey())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('first_shown_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('notices_seen')
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('page', 'text', (c) => c.notNull())
    .addColumn('text_sha256', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('notice', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('notices_seen_key', ['customer_id', 'day', 'person_id', 'page', 'text_sha256', 'version'])
    .execute();
  await db.schema.createIndex('notices_seen_day').on('notices_seen').column('day').execute();
  await db.schema
    .createTable('consent_reminders')
    .addColumn('consent_id', 'text', (c) => c.notNull())
    .addColumn('sent_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('consent_reminders_key', ['consent_id', 'sent_at'])
    .execute();
};
