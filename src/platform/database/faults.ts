// Which errors of a driver mean that the database does not answer now (the person is told to come back, 503), or that what was sent is no text (400).
import { postgresFault } from './postgres.ts';
import { sqliteFault } from './sqlite.ts';

/** @returns the error that a person may see; undefined when `error` is another one */
export function databaseFault(error: unknown): Error | undefined {
  return sqliteFault(error) ?? postgresFault(error);
}
