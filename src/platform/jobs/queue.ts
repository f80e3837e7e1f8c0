// Which engine does the jobs: graphile-worker on PostgreSQL, the table of the panel's own database on SQLite.
import type { Clock } from '../clock.ts';
import type { Connection } from '../database/database.ts';
import { graphileQueue, isGraphileInstalled } from './graphile-queue.ts';
import type { Queue } from './port.ts';
import { tableQueue } from './table-queue.ts';

/**
 * @param options.url the database's own address, as it was given to `openDatabase`
 * @throws Error with a sentence for the operator when the engine's tables are not there yet
 */
export async function newQueue(
  connection: Connection,
  options: { readonly url: string; readonly clock: Clock; readonly leaseMilliseconds?: number },
): Promise<Queue> {
  if (connection.engine === 'sqlite') return tableQueue(connection, options);
  if (await isGraphileInstalled(connection)) return graphileQueue(connection, options);
  throw new Error('DATABASE_URL: the tables of the job queue are missing; run gotgan migrate');
}
