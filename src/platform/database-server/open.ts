// The adapter for a server's engine.
import { type MariaDbOptions, MariaDbServer } from './mariadb.ts';
import type { DatabaseAccess, DatabaseServer } from './port.ts';
import { type PostgresOptions, PostgresServer } from './postgresql.ts';

export type DatabaseServerOptions = Omit<MariaDbOptions & PostgresOptions, 'home' | 'clients'> &
  Pick<MariaDbOptions, 'clients'> &
  Pick<PostgresOptions, 'home'>;

/** Connects to nothing yet: every act opens its own connection. */
export function databaseServer(access: DatabaseAccess, options: DatabaseServerOptions = {}): DatabaseServer {
  return access.engine === 'mariadb' ? new MariaDbServer(access, options) : new PostgresServer(access, options);
}
