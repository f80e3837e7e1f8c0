// Outages of servers, what of them does not count, and which sites could not be used for how long under which contract (KHADA 8.2).
import type { Migrate } from './migrate.ts';

export const outages: Migrate = async (db) => {
  await db.schema
    .createTable('outages')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('server_id', 'text', (c) => c.notNull())
    // JSON array of ids; null: every site that was on the server.
    .addColumn('site_ids', 'text')
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('restored', 'integer', (c) => c.notNull())
    .addColumn('cause', 'text', (c) => c.notNull())
    .addColumn('recorded_at', 'bigint', (c) => c.notNull())
    .addColumn('withdrawn_at', 'bigint')
    .addColumn('told_at', 'bigint')
    .execute();
  await db.schema.createIndex('outages_start').on('outages').columns(['started_at', 'id']).execute();
  await db.schema
    .createTable('outage_exclusions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('outage_id', 'text', (c) => c.notNull())
    .addColumn('because', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint', (c) => c.notNull())
    .addColumn('announced_at', 'bigint')
    .addColumn('note', 'text', (c) => c.notNull())
    .addColumn('recorded_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('outage_exclusions_outage').on('outage_exclusions').column('outage_id').execute();
  await db.schema
    .createTable('outage_sites')
    .addColumn('outage_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('order_id', 'text', (c) => c.notNull())
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('price_won', 'bigint', (c) => c.notNull())
    .addColumn('availability_percent', 'double precision', (c) => c.notNull())
    .addColumn('sla_version', 'text', (c) => c.notNull())
    .addColumn('agreed_at', 'bigint')
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('told_at', 'bigint')
    .addPrimaryKeyConstraint('outage_sites_key', ['outage_id', 'site_id', 'started_at'])
    .execute();
  await db.schema.createIndex('outage_sites_customer').on('outage_sites').columns(['customer_id', 'started_at']).execute();
};
