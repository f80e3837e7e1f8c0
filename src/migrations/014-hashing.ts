// Settings that processes agree on, and which passwords still rest on a hash of another panel.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const hashing: Migrate = async (db) => {
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.alterTable('persons').addColumn('legacy_hash', 'text').execute();
  await db.schema
    .createIndex('persons_legacy_hash')
    .on('persons')
    .column('legacy_hash')
    .where(sql.ref('legacy_hash'), 'is not', null)
    .execute();
};
