// Until when an order is paid, as the company's billing says it, and closings that customers asked for at the end of that time.
import { sql } from 'kysely';
import type { Migrate } from './migrate.ts';

export const paidTime: Migrate = async (db) => {
  for (const column of ['paid_from', 'paid_until', 'paid_won'])
    await db.schema.alterTable('orders').addColumn(column, 'bigint').execute();
  await db.schema
    .createTable('closing_wishes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('actor_person_id', 'text')
    .addColumn('said_sealed', 'text')
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('close_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('outcome', 'text')
    .execute();
  // One at a time, also when two ask at the same moment.
  await db.schema
    .createIndex('closing_wishes_open')
    .unique()
    .on('closing_wishes')
    .column('customer_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
};
