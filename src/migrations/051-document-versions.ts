// Versions of documents as they were published: their texts, from when, whether they are to a customer's disadvantage, and who was told.
import { appendOnly } from '../platform/database/dialect.ts';
import type { Migrate } from './migrate.ts';

export const documentVersions: Migrate = async (db, engine) => {
  await db.schema
    .createTable('document_versions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('published_at', 'bigint', (c) => c.notNull())
    .addColumn('unfavourable', 'integer', (c) => c.notNull())
    .addColumn('needs_consent', 'integer', (c) => c.notNull())
    .addColumn('joint_terms', 'text')
    .addColumn('source', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('document_texts')
    .addColumn('sha256', 'text', (c) => c.primaryKey())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('document_tellings')
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('told_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('document_tellings_key', ['document', 'version', 'customer_id', 'kind'])
    .execute();
  await db.schema.createIndex('document_tellings_customer').on('document_tellings').column('customer_id').execute();
  await appendOnly(db, engine, 'document_versions');
  await appendOnly(db, engine, 'document_texts', 'sha256');
  await appendOnly(db, engine, 'documents', ['document', 'version', 'language']);
};
