// Customers who come from another panel: which import made whom, and the domain that their order is for.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const imports: Migrate = async (db) => {
  await db.schema.alterTable('orders').addColumn('domain', 'text').execute();
  await db.schema.createIndex('orders_domain').on('orders').column('domain').execute();
  await db.schema
    .createTable('imports')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('file_digest', 'text', (c) => c.notNull())
    .addColumn('row_count', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('finished_at', 'bigint')
    .addColumn('undone_at', 'bigint')
    .execute();
  // One import of a file at a time: whoever begins it again goes on with it.
  await db.schema
    .createIndex('imports_file')
    .unique()
    .on('imports')
    .column('file_digest')
    .where(sql.ref('undone_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('import_rows')
    .addColumn('import_id', 'text', (c) => c.notNull())
    .addColumn('row_number', 'integer', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('import_rows_key', ['import_id', 'row_number'])
    .execute();
};
