// Jobs by graphile-worker, for a panel on PostgreSQL with many workers: a job begins as soon as its cause is committed.
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner, RunnerOptions, Task, WorkerEvents } from 'graphile-worker';
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Connection } from '../database/database.ts';
import { lastError } from './failure.ts';
import { GraphileRows, graphileSchema } from './graphile-rows.ts';
import { type Hand, type Hands, type Lane, lanes, type Queue, usualConcurrency, type WorkOptions } from './port.ts';

export type GraphileQueueOptions = {
  /** `postgres://…` of the same database; the engine keeps connections of its own, one of them for LISTEN */
  readonly url: string;
  readonly clock: Clock;
  /** how long a job stays with a worker that is no longer heard of; default 60 s (the engine's own 4 h stand behind it) */
  readonly leaseMilliseconds?: number;
};

/** Makes or updates the engine's tables, in a schema of their own: another program's graphile-worker in this database is not touched. */
export async function installGraphile(url: string): Promise<void> {
  // The package reads the environment and files when it is imported, so only a panel that uses it does that.
  const { runMigrations } = await import('graphile-worker');
  await runMigrations({ connectionString: url, schema: graphileSchema, logger: await silence(), maxPoolSize: 2 });
}

/** @returns whether `installGraphile` was run on this database */
export async function isGraphileInstalled({ owner }: Connection): Promise<boolean> {
  const { rows } = await sql<{
    found: string | null;
  }>`select to_regclass(${`${graphileSchema}._private_jobs`})::text as found`.execute(owner);
  return rows[0]?.found != null;
}

/**
 * A queue by graphile-worker. `work` follows the database's clock and the engine's pauses between attempts (e^attempt seconds,
 * at most 6 h); `drain` is our own loop over the engine's rows and follows `clock` and the table queue's pauses exactly.
 * A job without attempts left keeps its row, with `attempts = max_attempts` and `last_error`.
 */
export function graphileQueue(connection: Connection, options: GraphileQueueOptions): Queue {
  const { url, clock, leaseMilliseconds = 60_000 } = options;
  const rows = new GraphileRows(connection, clock, leaseMilliseconds);
  return {
    add: (tx, name, payload, options) => rows.add(tx, name, payload, options),
    work: (asked) => work(rows, url, asked, leaseMilliseconds),
    drain: (hands) => drain(rows, hands, leaseMilliseconds),
    figures: () => rows.figures(),
    close: async () => {},
  };
}

/** What runs here by the ids of jobs: each has its own end, which comes when the worker stops or another one has the job. */
type Running = Map<string, AbortController>;

/** Renews the leases of these workers, and ends what they lost. An id that is done meanwhile ends nothing. */
async function renewed(rows: GraphileRows, workers: readonly string[], running: Running): Promise<void> {
  await rows.renew(workers);
  const before = new Map(running);
  for (const id of await rows.lostBy(workers, [...before.keys()])) before.get(id)?.abort();
}

async function drain(rows: GraphileRows, hands: Hands, leaseMilliseconds: number): Promise<number> {
  const running: Running = new Map();
  const lease = setInterval(() => void renewed(rows, [rows.drainer], running).catch(() => {}), leaseMilliseconds / 3);
  try {
    for (let count = 0; ; count += 1) {
      const job = await rows.take(Object.keys(hands));
      if (!job) return count;
      const stop = new AbortController();
      running.set(job.id, stop);
      try {
        const lastAttempt = job.attempts >= job.maximumAttempts;
        await hands[job.name]?.({ payload: job.payload, attempt: job.attempts, lastAttempt, signal: stop.signal });
      } catch (error) {
        await rows.retryLater(job, lastError(error));
        continue;
      } finally {
        running.delete(job.id);
      }
      await rows.remove(job);
    }
  } finally {
    clearInterval(lease);
  }
}

type Stopped = { readonly id: string; readonly key: string | null; readonly attempts: number };

async function work(rows: GraphileRows, url: string, asked: WorkOptions, leaseMilliseconds: number): Promise<void> {
  const { concurrency, signal, failed } = asked;
  const workers = new Set<string>();
  const stopped: Stopped[] = [];
  const running: Running = new Map();
  const stop = () => {
    for (const one of running.values()) one.abort();
  };
  signal.addEventListener('abort', stop, { once: true });
  const tasks = Object.fromEntries(
    Object.entries(asked.hands).map(([name, hand]) => [name, task(rows, name, hand, asked, { stopped, running })]),
  );
  const events: WorkerEvents = new EventEmitter();
  events.on('pool:create', ({ workerPool }) => workers.add(workerPool.id));
  events.on('pool:release', ({ workerPool }) => workers.delete(workerPool.id));
  const renew = () => renewed(rows, [...workers], running).then(() => rows.releaseLost());
  const lease = setInterval(() => void renew().catch((error) => failed?.('jobs', error, false)), leaseMilliseconds / 4);
  const lane = async (name: Lane, most: number) => {
    const common = { connectionString: url, schema: graphileSchema, events, taskList: tasks, ...engineHabits };
    const flags = { forbiddenFlags: lanes.filter((other) => other !== name) };
    await runLane({ ...common, ...flags, concurrency: most, maxPoolSize: most + 2, logger: await silence() }, signal, (error) =>
      failed?.('jobs', error, false),
    );
  };
  try {
    const most = { ...usualConcurrency, ...concurrency };
    await Promise.all(lanes.map((name) => lane(name, most[name])));
  } finally {
    clearInterval(lease);
    signal.removeEventListener('abort', stop);
    for (const job of stopped) await rows.giveBack(job);
  }
}

/** No console, no signal handlers, no files; without the delays an end that cannot be written would be an unhandled rejection. */
const engineHabits = {
  noHandleSignals: true,
  parsedCronItems: [],
  pollInterval: 1000,
  preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
} satisfies RunnerOptions;

const silence = async () => {
  const { Logger } = await import('graphile-worker');
  return new Logger(() => () => {});
};

/** Runs one lane until the signal; the engine ends by itself when the database goes away, and is begun again. */
async function runLane(options: RunnerOptions, signal: AbortSignal, tell: (error: unknown) => void): Promise<void> {
  const { run } = await import('graphile-worker');
  while (!signal.aborted) {
    try {
      await untilEnd(await run({ ...options }), signal);
      if (!signal.aborted) throw new Error('the engine of jobs ended');
    } catch (error) {
      tell(error);
      if (!signal.aborted) await sleep(2000);
    }
  }
}

async function untilEnd(runner: Runner, signal: AbortSignal): Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping = runner.stop();
    stopping.catch(() => {});
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await runner.promise;
    await stopping;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** A hand as the engine calls it. What was stopped is noted, since the engine counts it as failed. */
function task(
  rows: GraphileRows,
  name: string,
  hand: Hand,
  { signal, failed }: WorkOptions,
  { stopped, running }: { stopped: Stopped[]; running: Running },
): Task {
  return async (payload, { job }) => {
    const lastAttempt = job.attempts >= job.max_attempts;
    const own = new AbortController();
    running.set(job.id, own);
    try {
      signal.throwIfAborted();
      const given = payload as Parameters<Hand>[0]['payload'];
      await hand({ payload: given, attempt: job.attempts, lastAttempt, signal: own.signal });
    } catch (error) {
      if (signal.aborted) stopped.push({ id: job.id, key: job.key, attempts: job.attempts });
      else {
        failed?.(name, error, lastAttempt);
        // Returning removes the job: the one of its key that waits does the work of both.
        if (await rows.isReplaced(job)) return;
      }
      throw new Error(lastError(error));
    } finally {
      running.delete(job.id);
    }
  };
}
