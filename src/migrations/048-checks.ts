// A backup that is read back once more because somebody asked for it.
import type { Migrate } from './migrate.ts';

export const checks: Migrate = async (db) => {
  await db.schema.alterTable('backups').addColumn('check_asked_at', 'bigint').execute();
};
