// The two real database servers tests work on: nothing of theirs is changed, and what a test makes has a name drawn at random and goes again.
import { randomBytes } from 'node:crypto';
import { type DatabaseServerOptions, databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine, DatabaseServer, HostedDatabase } from '../../src/platform/database-server/port.ts';

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
  readonly access: DatabaseAccess;
  readonly server: DatabaseServer;
  /** a database with its user; dropped with the world */
  database(charset?: string): Promise<Hosted>;
  /** a name nobody has, dropped with the world if it comes to be */
  unused(): Hosted;
  as(database: Hosted): DatabaseAccess;
  close(): Promise<void>;
};

export function databaseWorld(engine: DatabaseEngine, options: DatabaseServerOptions = {}): DatabaseWorld {
  const access = administrator(engine);
  const server = databaseServer(access, options);
  const made: Hosted[] = [];
  const unused = () => {
    const drawn = randomBytes(5).toString('hex');
    const hosted = { name: `t${drawn}_shop`, user: `u${drawn}_shop`, password: `Pw-${randomBytes(9).toString('base64')}` };
    made.push(hosted);
    return hosted;
  };
  return {
    access,
    server,
    unused,
    async database(charset) {
      const hosted = unused();
      await server.create(hosted, { password: hosted.password, ...(charset !== undefined && { charset }) });
      return hosted;
    },
    as: (database) => ({ ...access, user: database.user, password: database.password }),
    async close() {
      for (const database of made.splice(0)) await server.drop(database);
    },
  };
}
