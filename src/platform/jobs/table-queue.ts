// Jobs as rows of the panel's own database, on either engine: nothing more to install or to run.
import type { Clock } from '../clock.ts';
import type { Connection } from '../database/database.ts';
import { lastError } from './failure.ts';
import { type Hands, type Lane, lanes, type Queue, usualConcurrency, type WorkOptions } from './port.ts';
import { type Job, JobRows } from './table-rows.ts';

export type TableQueueOptions = {
  readonly clock: Clock;
  readonly ids?: () => string;
  /** how long a job stays with a worker that is no longer heard of; default 60 s */
  readonly leaseMilliseconds?: number;
  /** how long an idle lane waits before it looks again; default 500 ms */
  readonly pollMilliseconds?: number;
};

type Asked = Pick<WorkOptions, 'hands' | 'signal' | 'failed'>;

/**
 * A queue on the table `jobs`. The connection stays the caller's: `close` leaves it open.
 * Between attempts it waits 5 s, doubled each time, at most an hour. A job without attempts left keeps its row, with `failed_at`.
 */
export function tableQueue(connection: Connection, options: TableQueueOptions): Queue {
  const { clock, ids, leaseMilliseconds = 60_000, pollMilliseconds = 500 } = options;
  const rows = new JobRows(connection, clock, leaseMilliseconds, ids);
  return {
    add: (tx, name, payload, options) => rows.add(tx, name, payload, options),
    work: async ({ concurrency, ...asked }) => {
      const most = { ...usualConcurrency, ...concurrency };
      await Promise.all(lanes.map((lane) => workLane(rows, lane, most[lane], asked, { leaseMilliseconds, pollMilliseconds })));
    },
    drain: (hands) => drain(rows, hands, leaseMilliseconds),
    figures: () => rows.figures(),
    close: async () => {},
  };
}

async function drain(rows: JobRows, hands: Hands, leaseMilliseconds: number): Promise<number> {
  const asked = { hands, signal: new AbortController().signal };
  for (let count = 0; ; count += 1) {
    const job = await rows.take(lanes, Object.keys(hands));
    if (!job) return count;
    await carryOut(rows, job, asked, new AbortController(), leaseMilliseconds);
  }
}

type Times = { readonly leaseMilliseconds: number; readonly pollMilliseconds: number };

async function workLane(rows: JobRows, lane: Lane, most: number, asked: Asked, times: Times): Promise<void> {
  const names = Object.keys(asked.hands);
  const running = new Map<Promise<void>, { stop: AbortController; id: string }>();
  let wake = () => {};
  asked.signal.addEventListener('abort', () => {
    for (const { stop } of running.values()) stop.abort();
    wake();
  });
  const tell = (error: unknown) => asked.failed?.('jobs', error, false);
  const begin = (job: Job) => {
    const stop = new AbortController();
    const run = carryOut(rows, job, asked, stop, times.leaseMilliseconds)
      .catch(tell)
      .finally(() => {
        running.delete(run);
        wake();
      });
    running.set(run, { stop, id: job.id });
  };
  while (!asked.signal.aborted) {
    let pause = times.pollMilliseconds;
    // A database that does not answer is told, waited for and asked again; the lease brings back what was left.
    // Not what runs here: after a jump of the clock its lease looks over until it is renewed.
    const ours = [...running.values()].map(({ id }) => id);
    const job = await (running.size < most ? rows.take([lane], names, ours) : undefined)?.catch((error) => {
      tell(error);
      pause *= 10;
    });
    if (job) begin(job);
    else if (!asked.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, pause);
      await promise;
      clearTimeout(timer);
    }
  }
  await Promise.all(running.keys());
}

/** One attempt, and what becomes of the job after it. `stop` is the run's own: AbortSignal.any on a signal that lives for months leaks. */
async function carryOut(
  rows: JobRows,
  job: Job,
  { hands, signal, failed }: Asked,
  stop: AbortController,
  leaseMilliseconds: number,
): Promise<void> {
  if (signal.aborted) return rows.giveBack(job);
  const lastAttempt = job.attempts >= job.maximum_attempts;
  // Another worker has the job once a renewal finds it gone; a renewal that fails is tried again.
  const renew = () => rows.renew(job).then((held) => held || stop.abort());
  const lease = setInterval(() => void renew().catch(() => {}), leaseMilliseconds / 3);
  try {
    await hands[job.name]?.({ payload: JSON.parse(job.payload), attempt: job.attempts, lastAttempt, signal: stop.signal });
  } catch (error) {
    if (signal.aborted) return rows.giveBack(job);
    failed?.(job.name, error, lastAttempt);
    return lastAttempt ? rows.giveUp(job, lastError(error)) : rows.retryLater(job, lastError(error));
  } finally {
    clearInterval(lease);
  }
  await rows.remove(job);
}
