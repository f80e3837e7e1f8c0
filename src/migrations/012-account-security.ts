// When a password was set, and the owner's history: which rows of the audit are about a person.
import type { Migrate } from './migrate.ts';

export const accountSecurity: Migrate = async (db) => {
  await db.schema.alterTable('persons').addColumn('password_set_at', 'bigint').execute();
  await db.schema.createIndex('audit_subject').on('audit').columns(['subject_id', 'at']).execute();
};
