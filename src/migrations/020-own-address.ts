// Changes of a person's e-mail address with what each letter may do, and the networks from which a person alone may come.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const ownAddress: Migrate = async (db) => {
  await db.schema
    .createTable('address_changes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('asked_by', 'text', (c) => c.notNull())
    .addColumn('old_sealed', 'text', (c) => c.notNull())
    .addColumn('new_sealed', 'text', (c) => c.notNull())
    .addColumn('old_token_hash', 'text', (c) => c.unique())
    .addColumn('new_token_hash', 'text', (c) => c.unique())
    .addColumn('undo_token_hash', 'text', (c) => c.unique())
    .addColumn('renames_login', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('waits_until', 'bigint')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('old_confirmed_at', 'bigint')
    .addColumn('new_confirmed_at', 'bigint')
    .addColumn('done_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  // One change a person at a time: whatever was asked before is over.
  await db.schema
    .createIndex('address_changes_open')
    .unique()
    .on('address_changes')
    .column('person_id')
    .where(sql.ref('done_at'), 'is', null)
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('address_changes_person').on('address_changes').columns(['person_id', 'created_at']).execute();
  // What a letter tells of, so that "this was not me" undoes just that.
  await db.schema.alterTable('mailed_tokens').addColumn('about', 'text').execute();
  await db.schema
    .createTable('own_networks')
    .addColumn('person_id', 'text', (c) => c.primaryKey())
    .addColumn('networks_sealed', 'text', (c) => c.notNull())
    .addColumn('set_at', 'bigint', (c) => c.notNull())
    .execute();
};
