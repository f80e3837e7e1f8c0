// What is still to be removed from a tier whose key is destroyed: written with the key's end, so that no crash forgets it.
import type { Migrate } from './migrate.ts';

export const tierRemovals: Migrate = async (db) => {
  await db.schema.alterTable('tier_keys').addColumn('removed_at', 'bigint').execute();
  await db.schema.alterTable('tier_keys').addColumn('removal_tried_at', 'bigint').execute();
};
