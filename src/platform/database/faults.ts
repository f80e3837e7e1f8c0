// Which errors of a driver mean that the database does not answer now; the person is told to come back (503).
import { postgresFault } from './postgres.ts';
import { sqliteFault } from './sqlite.ts';

export function databaseFault(error: unknown): Error | undefined {
  return sqliteFault(error) ?? postgresFault(error);
}
