// The adapter for a server's engine.
import { type MariaDbOptions, MariaDbServer } from './mariadb.ts';
import type { DatabaseAccess, DatabaseServer } from './port.ts';
import { type PostgresOptions, PostgresServer } from './postgresql.ts';

export type DatabaseServerOptions = Omit<MariaDbOptions & PostgresOptions, 'home' | 'clients'> &
  Pick<MariaDbOptions, 'clients'> &
  Pick<PostgresOptions, 'home'>;

/** @returns the name of the socket that an engine's clients look for in the folder they are told as host */
export function socketOf({ engine, port }: Pick<DatabaseAccess, 'engine' | 'port'>): string {
  return engine === 'mariadb' ? 'mysqld.sock' : `.s.PGSQL.${port}`;
}

/** Connects to nothing yet: every act opens its own connection. */
export function databaseServer(access: DatabaseAccess, options: DatabaseServerOptions = {}): DatabaseServer {
  return access.engine === 'mariadb' ? new MariaDbServer(access, options) : new PostgresServer(access, options);
}
