// What customers are told of their backups, and what of it was told; and the signs of life of workers.
import type { Migrate } from './migrate.ts';

export const alerts: Migrate = async (db) => {
  // The newest good backup of a site is looked for every few minutes, of all sites.
  await db.schema.createIndex('backups_data').on('backups').columns(['site_id', 'data_at']).execute();
  await db.schema
    .createTable('alerts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('cause', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('told_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addUniqueConstraint('alerts_key', ['site_id', 'cause', 'subject'])
    .execute();
  await db.schema.createIndex('alerts_open').on('alerts').columns(['ended_at', 'site_id']).execute();
  await db.schema
    .createTable('alert_choices')
    .addColumn('customer_id', 'text', (c) => c.primaryKey())
    .addColumn('digest', 'integer', (c) => c.notNull())
    .addColumn('reminder', 'integer', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('alert_rounds')
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('round_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('alert_rounds_key', ['customer_id', 'kind'])
    .execute();
  await db.schema
    .createTable('webhooks')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull().unique())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('url_sealed', 'text', (c) => c.notNull())
    .addColumn('secret_sealed', 'text', (c) => c.notNull())
    .addColumn('made_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('webhook_deliveries')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('webhook_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('status', 'integer')
    .addColumn('fault', 'text')
    .addColumn('tried_at', 'bigint')
    .addColumn('delivered_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('webhook_deliveries_customer')
    .on('webhook_deliveries')
    .columns(['customer_id', 'queued_at'])
    .execute();
  await db.schema
    .createTable('heartbeats')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('told_at', 'bigint')
    .execute();
};
