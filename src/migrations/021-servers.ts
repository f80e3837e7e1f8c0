// What a server needs so that more than one can be used: how sites are made there, its FTP server, its state.
import type { Migrate } from './migrate.ts';

export const servers: Migrate = async (db) => {
  // No new site is put on a server that is drained; those that are there stay.
  await db.schema.alterTable('servers').renameColumn('retired_at', 'drained_at').execute();
  await db.schema
    .alterTable('servers')
    .addColumn('host_kind', 'text', (c) => c.notNull().defaultTo('folders'))
    .execute();
  await db.schema.alterTable('servers').addColumn('host_command', 'text').execute();
  await db.schema.alterTable('servers').addColumn('ftp_host', 'text').execute();
  await db.schema.alterTable('servers').addColumn('ftp_port', 'integer').execute();
  await db.schema.alterTable('servers').addColumn('checked_at', 'bigint').execute();
  await db.schema.alterTable('servers').addColumn('check_fault', 'text').execute();
  await db.schema.createIndex('sites_on_server').on('sites').columns(['server_id', 'terminated_at']).execute();
  // Where the site's host says that it lies, so that a page need not ask it; and the host's last trouble with it, for the operator.
  await db.schema.alterTable('sites').addColumn('home_folder', 'text').execute();
  await db.schema.alterTable('sites').addColumn('home_user_id', 'integer').execute();
  await db.schema.alterTable('sites').addColumn('home_group_id', 'integer').execute();
  await db.schema.alterTable('sites').addColumn('home_user', 'text').execute();
  await db.schema.alterTable('sites').addColumn('host_fault', 'text').execute();
  // Keys that other tables point at: what is bound to a server's group, or to a site's server, cannot be anything else.
  await db.schema.createIndex('servers_group').unique().on('servers').columns(['id', 'server_group']).execute();
  await db.schema.createIndex('sites_server').unique().on('sites').columns(['id', 'server_id']).execute();
};
