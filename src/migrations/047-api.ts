// Tokens by which programs of customers read and download backups.
import type { Migrate } from './migrate.ts';

export const api: Migrate = async (db) => {
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text')
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('name_sealed', 'text', (c) => c.notNull())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('used_address_sealed', 'text')
    .addColumn('known_networks', 'text', (c) => c.notNull())
    .addColumn('expiry_told_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  await db.schema.createIndex('api_tokens_customer').on('api_tokens').columns(['customer_id', 'created_at']).execute();
};
