// Requests for SSH with what was agreed to, and what was granted: only on servers that hold nobody but users of SSH (KHADA 7.3).
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const ssh: Migrate = async (db) => {
  await db.schema
    .createTable('ssh_requests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('key_kind', 'text', (c) => c.notNull())
    .addColumn('key_fingerprint', 'text', (c) => c.notNull())
    .addColumn('key_sealed', 'text', (c) => c.notNull())
    .addColumn('networks_sealed', 'text', (c) => c.notNull())
    .addColumn('ends_at', 'bigint', (c) => c.notNull())
    .addColumn('consent_id', 'text', (c) => c.notNull())
    .addColumn('consent_version', 'text', (c) => c.notNull())
    .addColumn('requested_at', 'bigint', (c) => c.notNull())
    .addColumn('approved_at', 'bigint')
    .addColumn('refused_at', 'bigint')
    .addColumn('reason_sealed', 'text')
    .addColumn('withdrawn_at', 'bigint')
    .addColumn('reminded_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_because', 'text')
    .execute();
  // One open request a site, also when two are sent at the same moment.
  await db.schema
    .createIndex('ssh_requests_open')
    .unique()
    .on('ssh_requests')
    .column('site_id')
    .where(sql.ref('approved_at'), 'is', null)
    .where(sql.ref('refused_at'), 'is', null)
    .where(sql.ref('withdrawn_at'), 'is', null)
    .execute();
  await db.schema.createIndex('ssh_requests_site').on('ssh_requests').columns(['site_id', 'requested_at']).execute();
  await db.schema.createIndex('ssh_requests_of_site').unique().on('ssh_requests').columns(['id', 'site_id']).execute();
  // A row stands here as long as the site's server may let somebody in, and goes when the server has said that it does not any more.
  // While it stands, the database itself keeps the site on a server of the group `ssh`, whatever the program does.
  await db.schema
    .createTable('ssh_grants')
    .addColumn('request_id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('server_id', 'text', (c) => c.notNull())
    .addColumn('server_group', 'text', (c) => c.notNull())
    .addColumn('ends_at', 'bigint', (c) => c.notNull())
    .addColumn('granted_at', 'bigint', (c) => c.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('written_at', 'bigint')
    .addColumn('shut_at', 'bigint')
    .addColumn('login_user', 'text')
    .addColumn('login_host', 'text')
    .addColumn('login_port', 'integer')
    .addColumn('host_keys', 'text')
    .addCheckConstraint('ssh_grants_only_there', sql`server_group = 'ssh'`)
    .addForeignKeyConstraint('ssh_grants_server', ['server_id', 'server_group'], 'servers', ['id', 'server_group'])
    .addForeignKeyConstraint('ssh_grants_site', ['site_id', 'server_id'], 'sites', ['id', 'server_id'])
    // At the end of the transaction: a move to another database copies tables by their names.
    .addForeignKeyConstraint('ssh_grants_request', ['request_id', 'site_id'], 'ssh_requests', ['id', 'site_id'], (key) =>
      key.deferrable().initiallyDeferred(),
    )
    .execute();
  await db.schema
    .createIndex('ssh_grants_open')
    .unique()
    .on('ssh_grants')
    .column('site_id')
    .where(sql.ref('closed_at'), 'is', null)
    .execute();
};
