// FTP accounts of sites, the sessions that run now, who signed in or tried to, and how far the server's log was read.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const ftp: Migrate = async (db) => {
  await db.schema
    .createTable('ftp_accounts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('maker_person_id', 'text', (c) => c.notNull())
    .addColumn('user_name', 'text', (c) => c.notNull())
    .addColumn('folder', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('password_set_at', 'bigint', (c) => c.notNull())
    .addColumn('password_person_id', 'text', (c) => c.notNull())
    .addColumn('networks_sealed', 'text')
    .addColumn('plain_allowed_at', 'bigint')
    .addColumn('expires_at', 'bigint')
    .addColumn('off_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('used_at', 'bigint')
    .addColumn('used_address_sealed', 'text')
    .addColumn('plain_at', 'bigint')
    .execute();
  // A name is free again once its account has ended.
  await db.schema
    .createIndex('ftp_accounts_user')
    .unique()
    .on('ftp_accounts')
    .column('user_name')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('ftp_accounts_site').on('ftp_accounts').column('site_id').execute();

  await db.schema
    .createTable('ftp_sessions')
    .addColumn('server_id', 'text', (c) => c.notNull())
    .addColumn('session', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('begun_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('ftp_sessions_key', ['server_id', 'session'])
    .execute();
  await db.schema.createIndex('ftp_sessions_site').on('ftp_sessions').column('site_id').execute();

  await db.schema
    .createTable('ftp_logins')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('is_encrypted', 'integer', (c) => c.notNull())
    .addColumn('address_digest', 'text', (c) => c.notNull())
    .addColumn('address_sealed', 'text')
    .addColumn('first_at', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addColumn('count', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('ftp_logins_account').on('ftp_logins').columns(['account_id', 'last_at']).execute();
  await db.schema.createIndex('ftp_logins_site').on('ftp_logins').columns(['site_id', 'last_at']).execute();
  await db.schema.createIndex('ftp_logins_end').on('ftp_logins').column('last_at').execute();

  await db.schema
    .createTable('ftp_logs')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('position', 'text', (c) => c.notNull())
    .addColumn('read_at', 'bigint', (c) => c.notNull())
    .execute();
};
