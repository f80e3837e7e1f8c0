// What each customer agreed to, for which order, in which words (KHADA 8.3; korea.md 2.7): append-only.
import { appendOnly } from '../platform/database/dialect.ts';
import type { Migrate } from './migrate.ts';

export const consent: Migrate = async (db, engine) => {
  await db.schema
    .createTable('documents')
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('first_seen_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('documents_key', ['document', 'version', 'language'])
    .execute();
  await db.schema
    .createTable('consents')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('order_id', 'text')
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('item', 'text', (c) => c.notNull())
    .addColumn('required', 'integer', (c) => c.notNull())
    .addColumn('agreed', 'integer', (c) => c.notNull())
    .addColumn('document', 'text')
    .addColumn('version', 'text')
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('text_sha256', 'text')
    .addColumn('wording', 'text', (c) => c.notNull())
    .addColumn('method', 'text', (c) => c.notNull())
    .addColumn('address_digest', 'text')
    .addColumn('agent_digest', 'text')
    .execute();
  await db.schema.createIndex('consents_order').on('consents').column('order_id').execute();
  await db.schema.createIndex('consents_customer').on('consents').columns(['customer_id', 'at']).execute();
  await db.schema
    .createTable('consents_personal')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('address_sealed', 'text')
    .addColumn('agent_sealed', 'text')
    .execute();
  await db.schema
    .createTable('consents_links')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('row_id', 'text', (c) => c.notNull().unique())
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await appendOnly(db, engine, 'consents');
  await appendOnly(db, engine, 'consents_links', 'position');
};
