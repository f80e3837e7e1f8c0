// Persons who sign in, customers who are party to a contract, and a person's place at a customer.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const accounts: Migrate = async (db) => {
  await db.schema
    .createTable('persons')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('login_name_sealed', 'text', (c) => c.notNull())
    .addColumn('login_name_index', 'text', (c) => c.notNull())
    .addColumn('email_sealed', 'text', (c) => c.notNull())
    .addColumn('email_index', 'text', (c) => c.notNull())
    .addColumn('name_sealed', 'text')
    .addColumn('phone_sealed', 'text')
    .addColumn('phone_last4_index', 'text')
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('verified_at', 'bigint')
    .addColumn('erase_at', 'bigint')
    .execute();
  // Sign-ups of one address coexist; the first that is verified wins (architecture §9).
  await db.schema
    .createIndex('persons_email')
    .unique()
    .on('persons')
    .column('email_index')
    .where(sql.ref('verified_at'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('persons_login')
    .unique()
    .on('persons')
    .column('login_name_index')
    .where(sql.ref('verified_at'), 'is not', null)
    .execute();
  await db.schema.createIndex('persons_email_any').on('persons').column('email_index').execute();
  await db.schema
    .createIndex('persons_unverified')
    .on('persons')
    .column('erase_at')
    .where(sql.ref('verified_at'), 'is', null)
    .execute();
  await db.schema.createIndex('persons_phone').on('persons').column('phone_last4_index').execute();
  await db.schema
    .createTable('customers')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('external_reference', 'text', (c) => c.unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('restricted_at', 'bigint')
    .addColumn('closed_at', 'bigint')
    .execute();
  await db.schema
    .createTable('memberships')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  await db.schema.createIndex('memberships_person').on('memberships').column('person_id').execute();
  await db.schema.createIndex('memberships_customer').on('memberships').column('customer_id').execute();
  await db.schema
    .createTable('mailed_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('session_hash', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await db.schema.createIndex('mailed_tokens_person').on('mailed_tokens').column('person_id').execute();
};
