// Second factors that were lost: an operator asks for their removal, and a waiting time passes. And whether a password is closed.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export type LostFactor = {
  id: string;
  person_id: string;
  /** who asked the operator, and why */
  asked_by_sealed: string;
  reason_sealed: string;
  started_at: number;
  /** not before */
  ends_at: number;
  /** the letter of the start: until it has gone out for the whole wait nothing is removed */
  letter_id: string;
  /** when the newest letter about it was written */
  told_at: number;
  ended_at: number | null;
  /** `found`: somebody signed in with a factor */
  outcome: 'removed' | 'stopped' | 'found' | 'withdrawn' | null;
};

export const lostFactors: Migrate = async (db) => {
  await db.schema.alterTable('persons').addColumn('password_closed_at', 'bigint').execute();
  await db.schema
    .createTable('lost_factors')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull())
    .addColumn('asked_by_sealed', 'text', (c) => c.notNull())
    .addColumn('reason_sealed', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ends_at', 'bigint', (c) => c.notNull())
    .addColumn('letter_id', 'text', (c) => c.notNull())
    .addColumn('told_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('outcome', 'text')
    .execute();
  // One waiting time a person, and the worker finds those that run.
  await db.schema
    .createIndex('lost_factors_open')
    .unique()
    .on('lost_factors')
    .column('person_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
};
