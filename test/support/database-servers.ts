// The two real database servers tests work on: nothing of theirs is changed, and what a test makes has a name drawn at random and goes again.
import { randomBytes } from 'node:crypto';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine, DatabaseServer, HostedDatabase } from '../../src/platform/database-server/port.ts';
import { prepareDatabaseServer } from '../../src/platform/database-server/prepare.ts';
import { ask } from './database-client.ts';

export const engines: readonly DatabaseEngine[] = ['mariadb', 'postgresql'];

/** An administrator's access: GOTGAN_TEST_MARIADB and GOTGAN_TEST_POSTGRES (URLs), or this machine's own servers. */
export function administrator(engine: DatabaseEngine): DatabaseAccess {
  const [given, usual] =
    engine === 'mariadb'
      ? [process.env.GOTGAN_TEST_MARIADB, 'mysql://root@127.0.0.1:3306']
      : [process.env.GOTGAN_TEST_POSTGRES, 'postgres://postgres@127.0.0.1:5432'];
  const url = new URL(given || usual);
  return {
    engine,
    host: url.hostname,
    port: Number(url.port) || (engine === 'mariadb' ? 3306 : 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

export type Hosted = HostedDatabase & { readonly password: string };

export type DatabaseWorld = {
  /** an administrator's, as the tests ask what the panel may not */
  readonly access: DatabaseAccess;
  /** the panel's own and the backup's, prepared as an operator does it */
  readonly panel: DatabaseAccess;
  readonly backup: DatabaseAccess;
  /** where the panel stands on PostgreSQL */
  readonly home: string;
  readonly server: DatabaseServer;
  /** a database with its user; dropped with the world */
  database(charset?: string): Promise<Hosted>;
  /** a name nobody has, dropped with the world if it comes to be */
  unused(): Hosted;
  as(database: Hosted): DatabaseAccess;
  /** drops what a test made */
  tidy(): Promise<void>;
  close(): Promise<void>;
};

/** A server prepared under names nobody else has, and what is made on it; all of it goes with `close`. */
export async function databaseWorld(engine: DatabaseEngine): Promise<DatabaseWorld> {
  const access = administrator(engine);
  const drawn = randomBytes(5).toString('hex');
  const home = `gt_${drawn}_home`;
  if (engine === 'postgresql') await ask(access, 'postgres', `CREATE DATABASE ${home}`);
  const names = { panel: `gt_${drawn}_panel`, backup: `gt_${drawn}_backup` };
  const prepared = await prepareDatabaseServer(access, { ...names, common: [home] });
  const [panel, backup] = [
    { ...access, ...prepared.panel },
    { ...access, ...prepared.backup },
  ];
  const made: Hosted[] = [];
  const server = databaseServer(panel, { backup: prepared.backup, home });
  const unused = () => {
    const name = randomBytes(5).toString('hex');
    const hosted = { name: `t${name}_shop`, user: `u${name}_shop`, password: `Pw-${randomBytes(9).toString('base64')}` };
    made.push(hosted);
    return hosted;
  };
  return {
    ...{ access, panel, backup, home, server, unused },
    async database(charset) {
      const hosted = unused();
      await server.create(hosted, { password: hosted.password, ...(charset !== undefined && { charset }) });
      return hosted;
    },
    as: (database) => ({ ...access, user: database.user, password: database.password }),
    async tidy() {
      for (const database of made.splice(0)) await server.drop(database);
    },
    async close() {
      const users = [names.panel, names.backup];
      if (engine === 'mariadb') {
        const rows = await ask(
          access,
          'mysql',
          `SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) AS account FROM global_priv WHERE User IN ('${users.join("','")}')`,
        );
        for (const { account } of rows) await ask(access, 'mysql', `DROP USER ${account}`);
        return;
      }
      await ask(access, 'postgres', `DROP DATABASE ${home} WITH (FORCE)`);
      for (const user of users) await ask(access, 'postgres', `DROP OWNED BY ${user}`);
      for (const user of users) await ask(access, 'postgres', `DROP ROLE ${user}`);
    },
  };
}
