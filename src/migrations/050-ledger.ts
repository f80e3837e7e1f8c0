// The ledger of consents (korea.md 2.7): what a row did not hold yet, its place in the chain, the chain's head and its anchors.
import { appendOnly, refuseSecond } from '../platform/database/dialect.ts';
import type { Migrate } from './migrate.ts';

export const ledger: Migrate = async (db, engine) => {
  const texts = ['kind', 'actor_kind', 'actor_role', 'page', 'reason', 'withdraws'];
  for (const column of texts) await db.schema.alterTable('consents').addColumn(column, 'text').execute();
  await db.schema.alterTable('consents').addColumn('reconfirm_by', 'bigint').execute();
  await db.schema.createIndex('consents_withdraws').on('consents').column('withdraws').execute();
  await db.schema.alterTable('consents_links').addColumn('row_sha256', 'text').execute();
  await refuseSecond(db, engine, 'consents_links', 'row_id');
  await db.schema
    .createTable('consents_head')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('position', 'bigint', (c) => c.notNull())
    .addColumn('mac', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('consents_anchors')
    .addColumn('position', 'bigint', (c) => c.primaryKey())
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('key_name', 'text', (c) => c.notNull())
    .addColumn('signature', 'text', (c) => c.notNull())
    .execute();
  await appendOnly(db, engine, 'consents_anchors', 'position');
  // What became of a consent later is told beside it, since no row is ever changed.
  await db.schema
    .createTable('consents_results')
    .addColumn('consent_id', 'text', (c) => c.primaryKey())
    .addColumn('sent_at', 'bigint', (c) => c.notNull())
    .execute();
  await appendOnly(db, engine, 'consents_results', 'consent_id');
};
