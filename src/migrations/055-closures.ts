// Closed accounts, how far the erasure of each has come, and what a law has kept of it.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const closures: Migrate = async (db) => {
  await db.schema
    .createTable('closures')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('because', 'text', (c) => c.notNull())
    .addColumn('said_sealed', 'text')
    .addColumn('answering_sites', 'text', (c) => c.notNull())
    .addColumn('closed_at', 'bigint', (c) => c.notNull())
    .addColumn('erase_at', 'bigint', (c) => c.notNull())
    .addColumn('held_at', 'bigint')
    .addColumn('reopened_at', 'bigint')
    .addColumn('begun_at', 'bigint')
    .addColumn('erased_at', 'bigint')
    .addColumn('letter_id', 'text')
    .addColumn('certificate', 'text')
    .addColumn('certificate_hash', 'text')
    .addColumn('fault', 'text')
    .execute();
  // An account is closed once at a time, also when two ask for it at the same moment.
  await db.schema
    .createIndex('closures_open')
    .unique()
    .on('closures')
    .column('customer_id')
    .where(sql.ref('reopened_at'), 'is', null)
    .execute();
  await db.schema.createIndex('closures_due').on('closures').column('erase_at').where(sql.ref('erased_at'), 'is', null).execute();
  await db.schema.createIndex('closures_certificate').on('closures').column('certificate_hash').execute();
  await db.schema
    .createTable('closure_steps')
    .addColumn('closure_id', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    // A site's id, or empty for what is done once.
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('done_at', 'bigint', (c) => c.notNull())
    .addColumn('counts', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('closure_steps_one', ['closure_id', 'step', 'subject'])
    .execute();
  await db.schema
    .createTable('kept_records')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('closure_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('subject_digest', 'text')
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('kept_since', 'bigint', (c) => c.notNull())
    .addColumn('ends_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('kept_records_one').unique().on('kept_records').columns(['closure_id', 'kind']).execute();
  await db.schema.createIndex('kept_records_subject').on('kept_records').column('subject_digest').execute();
  await db.schema.createIndex('kept_records_end').on('kept_records').column('ends_at').execute();
};
