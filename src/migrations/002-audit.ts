// Who did what, when: append-only, without personal values; address and agent lie apart and may be erased alone.
import { appendOnly } from '../platform/database/dialect.ts';
import type { Migrate } from './migrate.ts';

export const audit: Migrate = async (db, engine) => {
  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('actor_kind', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('customer_id', 'text')
    .addColumn('site_id', 'text')
    .addColumn('subject_id', 'text')
    .addColumn('details', 'text', (c) => c.notNull())
    .addColumn('address_digest', 'text')
    .addColumn('agent_digest', 'text')
    .execute();
  await db.schema.createIndex('audit_customer').on('audit').columns(['customer_id', 'at']).execute();
  await db.schema.createIndex('audit_person').on('audit').columns(['actor_person_id', 'at']).execute();
  await db.schema
    .createTable('audit_personal')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('address_sealed', 'text')
    .addColumn('agent_sealed', 'text')
    .execute();
  await db.schema
    .createTable('audit_links')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('row_id', 'text', (c) => c.notNull().unique())
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await appendOnly(db, engine, 'audit');
  await appendOnly(db, engine, 'audit_links', 'position');
};
