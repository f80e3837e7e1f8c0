// A panel's sites with databases on this machine's real servers: registered as the operator does, and everything dropped afterwards.

import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { administrator, engines } from './database-servers.ts';
import type { TestPanel } from './panel.ts';

type Where = Partial<Pick<DatabaseAccess, 'host' | 'port'>>;

/** Makes the engines known for the one server of the panel. @param where by way of another port, for instance of a proxy */
export async function hostDatabases(
  { panel }: Pick<TestPanel, 'panel'>,
  which: readonly DatabaseEngine[] = engines,
  where: Where = {},
): Promise<void> {
  const { connection, databases } = panel.doors;
  const server = await connection.db.selectFrom('servers').select('id').executeTakeFirstOrThrow();
  for (const engine of which) {
    const access = { ...administrator(engine), ...where };
    await databases.registerServer({ serverId: server.id, access }, { kind: 'operator' });
  }
}

/** Drops every database that this panel has made, and what imports were loaded into. To be called before the panel is closed. */
export async function dropHosted({ panel }: Pick<TestPanel, 'panel'>): Promise<void> {
  const { db } = panel.doors.connection;
  const made = await db.selectFrom('databases').select(['id', 'name', 'login', 'engine']).execute();
  const staged = await db.selectFrom('database_imports').select(['database_id', 'staged_name']).execute();
  for (const { id, name, login, engine } of made) {
    const server = databaseServer(administrator(engine));
    await server.drop({ name, user: login });
    for (const one of staged.filter(({ database_id, staged_name }) => database_id === id && staged_name !== null))
      await server.drop({ name: one.staged_name ?? '', user: one.staged_name ?? '' });
  }
}

/** Both, one after the other. */
export async function closeHosted(house: TestPanel): Promise<void> {
  try {
    await dropHosted(house);
  } finally {
    await house.close();
  }
}
