// Database servers, databases of sites, what is loaded into them, and what was taken out before something went.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const databases: Migrate = async (db) => {
  await db.schema
    .createTable('database_servers')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('server_id', 'text', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('port', 'integer', (c) => c.notNull())
    .addColumn('shown_host', 'text', (c) => c.notNull())
    .addColumn('shown_port', 'integer', (c) => c.notNull())
    .addColumn('login', 'text', (c) => c.notNull())
    .addColumn('password_sealed', 'text', (c) => c.notNull())
    .addColumn('backup_login', 'text')
    .addColumn('backup_password_sealed', 'text')
    .addColumn('prepared_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('database_servers_one').unique().on('database_servers').columns(['server_id', 'engine']).execute();
  await db.schema
    .createTable('databases')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('database_server_id', 'text', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('login', 'text', (c) => c.notNull())
    .addColumn('charset', 'text')
    .addColumn('begun_at', 'bigint', (c) => c.notNull())
    .addColumn('made_at', 'bigint')
    .addColumn('locked_at', 'bigint')
    .addColumn('removal_asked_at', 'bigint')
    .addColumn('removal_failed_at', 'bigint')
    .addColumn('dropped_at', 'bigint')
    .addColumn('bytes', 'bigint')
    .addColumn('table_count', 'integer')
    .addColumn('measured_at', 'bigint')
    .execute();
  // A name is free again once what had it is gone, also when two ask for it at the same moment.
  await db.schema
    .createIndex('databases_name')
    .unique()
    .on('databases')
    .columns(['database_server_id', 'name'])
    .where(sql.ref('dropped_at'), 'is', null)
    .execute();
  await db.schema.createIndex('databases_site').on('databases').column('site_id').execute();
  await imports(db);
  await trash(db);
};

const imports: (db: Parameters<Migrate>[0]) => Promise<void> = async (db) => {
  await db.schema
    .createTable('database_imports')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('database_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('mode', 'text', (c) => c.notNull())
    .addColumn('source', 'text')
    .addColumn('from_trash', 'integer', (c) => c.notNull())
    .addColumn('source_bytes', 'bigint', (c) => c.notNull())
    .addColumn('staged_name', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('text_bytes', 'bigint', (c) => c.notNull())
    .addColumn('read_bytes', 'bigint', (c) => c.notNull())
    .addColumn('lines', 'bigint', (c) => c.notNull())
    .addColumn('neutralised', 'bigint', (c) => c.notNull())
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('moved_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('fault', 'text')
    .addColumn('fault_line', 'bigint')
    .addColumn('fault_about', 'text')
    .execute();
  // One at a time into a database, also when two are sent at the same moment.
  await db.schema
    .createIndex('database_imports_open')
    .unique()
    .on('database_imports')
    .column('database_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('database_imports_of').on('database_imports').columns(['database_id', 'queued_at']).execute();
};

const trash: (db: Parameters<Migrate>[0]) => Promise<void> = async (db) => {
  await db.schema
    .createTable('database_trash')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('database_id', 'text', (c) => c.notNull())
    .addColumn('site_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('because', 'text', (c) => c.notNull())
    .addColumn('cause_id', 'text', (c) => c.notNull())
    .addColumn('archive', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('text_bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('table_count', 'integer', (c) => c.notNull())
    .addColumn('made_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await db.schema.createIndex('database_trash_site').on('database_trash').column('site_id').execute();
  // A job that runs twice leaves one.
  await db.schema.createIndex('database_trash_cause').unique().on('database_trash').column('cause_id').execute();
  await db.schema
    .createTable('database_grants')
    .addColumn('session_hash', 'text', (c) => c.notNull())
    .addColumn('subject_id', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('database_grants_pk', ['session_hash', 'subject_id'])
    .execute();
};
