// Login defence: growing waits of login names, failures in a row of a password, why it was closed, and why a customer is restricted.
import type { Migrate } from './migrate.ts';

export const loginDefence: Migrate = async (db) => {
  // By keyed digest of the name as it was typed, whether there is such an account or not.
  await db.schema
    .createTable('sign_in_waits')
    .addColumn('login_index', 'text', (c) => c.primaryKey())
    .addColumn('level', 'integer', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('forget_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('sign_in_waits_forget').on('sign_in_waits').column('forget_at').execute();
  await db.schema
    .createTable('password_ways')
    .addColumn('person_id', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_because', 'text')
    .addColumn('suspect_list', 'text')
    .execute();
  await db.schema.alterTable('customers').addColumn('restricted_because', 'text').execute();
};
