// A worker process for jobs.contract.ts: says "begun" when its hand runs, and never ends by itself.
import { systemClock } from '../../src/platform/clock.ts';
import { openDatabase } from '../../src/platform/database/database.ts';
import { graphileQueue } from '../../src/platform/jobs/graphile-queue.ts';
import { tableQueue } from '../../src/platform/jobs/table-queue.ts';

const [kind = '', url = '', lease = '0'] = process.argv.slice(2);
const connection = await openDatabase(url, systemClock);
const options = { url, clock: systemClock, leaseMilliseconds: Number(lease) };
const queue = kind === 'graphile' ? graphileQueue(connection, options) : tableQueue(connection, options);
const begun = async () => {
  process.send?.('begun');
  await new Promise(() => {});
};
await queue.work({ hands: { 'test.long': begun }, signal: new AbortController().signal });
