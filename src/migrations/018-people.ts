// Other people at a customer: which sites a place is for, from where it may be used, and invitations by letter.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const people: Migrate = async (db) => {
  // One at a time: SQLite adds one column a statement.
  await db.schema.alterTable('memberships').addColumn('site_ids', 'text').execute();
  await db.schema.alterTable('memberships').addColumn('networks_sealed', 'text').execute();
  await db.schema.alterTable('memberships').addColumn('lapsed_at', 'bigint').execute();
  await db.schema
    .createTable('invitations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('inviter_person_id', 'text', (c) => c.notNull())
    .addColumn('email_sealed', 'text', (c) => c.notNull())
    .addColumn('email_index', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('site_ids', 'text', (c) => c.notNull())
    .addColumn('networks_sealed', 'text')
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('place_ends_at', 'bigint')
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('accepted_at', 'bigint')
    .addColumn('withdrawn_at', 'bigint')
    .execute();
  // One open invitation an address and customer, also when two are sent at the same moment.
  await db.schema
    .createIndex('invitations_open')
    .unique()
    .on('invitations')
    .columns(['customer_id', 'email_index'])
    .where(sql.ref('accepted_at'), 'is', null)
    .where(sql.ref('withdrawn_at'), 'is', null)
    .execute();
  await db.schema.createIndex('invitations_customer').on('invitations').column('customer_id').execute();
  await db.schema.createIndex('invitations_end').on('invitations').column('expires_at').execute();
  await db.schema
    .createIndex('memberships_end')
    .on('memberships')
    .column('expires_at')
    .where(sql.ref('lapsed_at'), 'is', null)
    .execute();
};
