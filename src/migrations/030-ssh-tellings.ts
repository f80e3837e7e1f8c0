// Two writers of one server's list of keys at the same moment: only a telling that was alone counts, any other is done again.
import type { Migrate } from './migrate.ts';

export const sshTellings: Migrate = async (db) => {
  for (const column of ['tellings', 'told'])
    await db.schema
      .alterTable('ssh_grants')
      .addColumn(column, 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
};
