// Jobs that take turns: a customer's run one after the other, and those of others come in between.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const jobGroups: Migrate = async (db) => {
  await db.schema.alterTable('jobs').addColumn('group_key', 'text').execute();
  await db.schema
    .alterTable('jobs')
    .addColumn('turn', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.dropIndex('jobs_due').execute();
  await db.schema
    .createIndex('jobs_due')
    .on('jobs')
    .columns(['lane', 'turn', 'run_at'])
    .where(sql.ref('failed_at'), 'is', null)
    .execute();
  await db.schema.createIndex('jobs_group').on('jobs').column('group_key').where(sql.ref('group_key'), 'is not', null).execute();
};
