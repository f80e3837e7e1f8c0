// Waiting and failed jobs from one engine of jobs to the other: rows of our own table on SQLite, graphile-worker's on PostgreSQL.
import { sql, type Transaction } from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Engine } from '../database/database.ts';
import { newId } from '../ids.ts';
import { graphileSchema, laneOf } from './graphile-rows.ts';
import type { Lane, Payload } from './port.ts';

/** A job without its engine. One that a worker held when it ended waits again: its attempt counts. */
export type MovedJob = {
  readonly name: string;
  readonly key: string | null;
  readonly lane: Lane;
  readonly group: string | null;
  /** of its group, so many come before */
  readonly turn: number;
  readonly payload: Payload;
  /** epoch milliseconds */
  readonly runAt: number;
  readonly createdAt: number;
  readonly attempts: number;
  readonly maximumAttempts: number;
  readonly lastError: string | null;
  readonly hasFailed: boolean;
};

type Tx = Transaction<Schema>;
const jobs = sql.table(`${graphileSchema}._private_jobs`);
const groups = sql.table(`${graphileSchema}._private_job_queues`);
const tasks = sql.table(`${graphileSchema}._private_tasks`);
const at = (milliseconds: number) => sql`to_timestamp(${milliseconds}::float8 / 1000)`;
const inMilliseconds = (column: string) => sql`round(extract(epoch from ${sql.ref(column)}) * 1000)::float8`;

/** @returns every job, oldest first; of two with one key only the first, which does the work of both */
export async function readJobs(engine: Engine, tx: Tx): Promise<MovedJob[]> {
  const all = engine === 'sqlite' ? await readTable(tx) : await readGraphile(tx);
  const keys = new Set<string>();
  return all.filter(({ key, hasFailed }) => {
    if (key === null || hasFailed) return true;
    const isFirst = !keys.has(key);
    keys.add(key);
    return isFirst;
  });
}

async function readTable(tx: Tx): Promise<MovedJob[]> {
  const rows = await tx.selectFrom('jobs').selectAll().orderBy('created_at').orderBy('id').execute();
  return rows.map((row) => ({
    name: row.name,
    // A failed job keeps nobody from being added, and graphile-worker has one row a key.
    key: row.failed_at === null ? row.key : null,
    lane: row.lane,
    group: row.group_key,
    turn: row.turn,
    payload: JSON.parse(row.payload),
    runAt: row.run_at,
    createdAt: row.created_at,
    attempts: row.failed_at === null ? row.attempts : row.maximum_attempts,
    maximumAttempts: row.maximum_attempts,
    lastError: row.last_error,
    hasFailed: row.failed_at !== null,
  }));
}

async function readGraphile(tx: Tx): Promise<MovedJob[]> {
  const { rows } = await sql<MovedJob>`select t.identifier as name,
      case when j.attempts >= j.max_attempts and j.locked_at is null then null else j.key end as key,
      ${laneOf('j.flags')} as lane, g.queue_name as "group", j.priority::int as turn, j.payload,
      ${inMilliseconds('j.run_at')} as "runAt", ${inMilliseconds('j.created_at')} as "createdAt",
      j.attempts::int, j.max_attempts::int as "maximumAttempts", j.last_error as "lastError",
      (j.attempts >= j.max_attempts and j.locked_at is null) as "hasFailed"
    from ${jobs} as j join ${tasks} as t on t.id = j.task_id left join ${groups} as g on g.id = j.job_queue_id order by j.created_at, j.id`.execute(
    tx,
  );
  return rows;
}

/** Adds these to an engine that has no jobs yet, in this transaction. */
export async function writeJobs(engine: Engine, tx: Tx, moved: readonly MovedJob[]): Promise<void> {
  for (const job of moved) await (engine === 'sqlite' ? writeRow(tx, job) : writeGraphile(tx, job));
}

async function writeRow(tx: Tx, job: MovedJob): Promise<void> {
  const idIn = (field: string) => (typeof job.payload[field] === 'string' ? String(job.payload[field]) : null);
  const row = {
    id: newId(job.createdAt),
    name: job.name,
    key: job.key,
    lane: job.lane,
    group_key: job.group,
    turn: job.turn,
    payload: JSON.stringify(job.payload),
    actor_person_id: idIn('actorPersonId'),
    customer_id: idIn('customerId'),
    run_at: job.runAt,
    attempts: job.attempts,
    maximum_attempts: job.maximumAttempts,
    lease_until: null,
    lease_owner: null,
    last_error: job.lastError,
    failed_at: job.hasFailed ? job.runAt : null,
    created_at: job.createdAt,
  };
  await tx.insertInto('jobs').values(row).execute();
}

async function writeGraphile(tx: Tx, job: MovedJob): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id::text from ${sql.raw(`${graphileSchema}.add_job`)}(${job.name},
    payload => ${JSON.stringify(job.payload)}::json, queue_name => ${job.group}::text, run_at => ${at(job.runAt)},
    max_attempts => ${job.maximumAttempts}::int, job_key => ${job.key}::text, priority => ${job.turn}::int, flags => array[${job.lane}]::text[])`.execute(
    tx,
  );
  await sql`update ${jobs} set attempts = ${job.attempts}::int, last_error = ${job.lastError}, created_at = ${at(job.createdAt)}
    where id = ${rows[0]?.id ?? ''}::bigint`.execute(tx);
}
