// Plans, and the orders of customers: an order is a plan chosen once, with the consents given for it.
import type { Migrate } from './migrate.ts';

export const orders: Migrate = async (db) => {
  await db.schema
    .createTable('plans')
    .addColumn('slug', 'text', (c) => c.primaryKey())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('name_ko', 'text', (c) => c.notNull())
    .addColumn('name_en', 'text', (c) => c.notNull())
    .addColumn('summary_ko', 'text', (c) => c.notNull())
    .addColumn('summary_en', 'text', (c) => c.notNull())
    .addColumn('price_won', 'bigint', (c) => c.notNull())
    .addColumn('storage_bytes', 'bigint', (c) => c.notNull())
    .addColumn('traffic_bytes', 'bigint', (c) => c.notNull())
    .addColumn('databases', 'integer', (c) => c.notNull())
    .addColumn('ftp_accounts', 'integer', (c) => c.notNull())
    .addColumn('manual_backups', 'integer', (c) => c.notNull())
    .addColumn('backup_variant', 'text', (c) => c.notNull())
    .addColumn('availability_percent', 'double precision', (c) => c.notNull())
    .addColumn('sla_version', 'text', (c) => c.notNull())
    .addColumn('closed_at', 'bigint')
    .execute();
  await db.schema
    .createTable('orders')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('price_won', 'bigint', (c) => c.notNull())
    .addColumn('storage_bytes', 'bigint', (c) => c.notNull())
    .addColumn('manual_backups', 'integer', (c) => c.notNull())
    .addColumn('backup_variant', 'text', (c) => c.notNull())
    .addColumn('placed_at', 'bigint', (c) => c.notNull())
    .addColumn('consented_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  await db.schema.createIndex('orders_customer').on('orders').column('customer_id').execute();
};
