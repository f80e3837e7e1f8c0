// Tables of the platform: counters, jobs, letters and the keys that make a repeated form harmless.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const platform: Migrate = async (db) => {
  await db.schema
    .createTable('counters')
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('slice_at', 'bigint', (c) => c.notNull())
    .addColumn('hits', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('counters_key', ['key', 'slice_at'])
    .execute();
  await db.schema.createIndex('counters_expiry').on('counters').column('expires_at').execute();

  await db.schema
    .createTable('jobs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('key', 'text')
    .addColumn('lane', 'text', (c) => c.notNull())
    .addColumn('payload', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('customer_id', 'text')
    .addColumn('run_at', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('maximum_attempts', 'integer', (c) => c.notNull())
    .addColumn('lease_until', 'bigint')
    .addColumn('lease_owner', 'text')
    .addColumn('last_error', 'text')
    .addColumn('failed_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('jobs_due')
    .on('jobs')
    .columns(['lane', 'run_at'])
    .where(sql.ref('failed_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('jobs_waiting_key')
    .unique()
    .on('jobs')
    .column('key')
    .where(sql.ref('lease_until'), 'is', null)
    .where(sql.ref('failed_at'), 'is', null)
    .execute();

  await db.schema
    .createTable('letters')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('template', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('recipient_sealed', 'text')
    .addColumn('parameters_sealed', 'text')
    .addColumn('actor_person_id', 'text')
    .addColumn('customer_id', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('last_error', 'text')
    .execute();
  await db.schema
    .createIndex('letters_failed')
    .on('letters')
    .column('failed_at')
    .where(sql.ref('failed_at'), 'is not', null)
    .execute();

  await db.schema
    .createTable('idempotency_keys')
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('finished_at', 'bigint')
    .addColumn('location', 'text')
    .addPrimaryKeyConstraint('idempotency_keys_key', ['owner', 'key'])
    .execute();
  await db.schema.createIndex('idempotency_keys_age').on('idempotency_keys').column('created_at').execute();
};
