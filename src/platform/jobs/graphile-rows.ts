// graphile-worker's own rows, as far as our promise needs more than its functions give. They are private to its exact version in package.json.
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Connection, Tx } from '../database/database.ts';
import { newId } from '../ids.ts';
import { backOff } from './failure.ts';
import { figuresOf, type LaneFigures } from './figures.ts';
import type { AddOptions, Payload, QueueFigures } from './port.ts';

export const graphileSchema = 'gotgan_worker';

const jobs = sql.table(`${graphileSchema}._private_jobs`);
const tasks = sql.table(`${graphileSchema}._private_tasks`);
/** One row a group: its jobs run one after the other. */
const groups = sql.table(`${graphileSchema}._private_job_queues`);
const addJob = sql.raw(`${graphileSchema}.add_job`);

export type TakenJob = {
  readonly id: string;
  readonly name: string;
  readonly key: string | null;
  readonly payload: Payload;
  readonly attempts: number;
  readonly maximumAttempts: number;
};

/** @returns the lane of a job's row: one of its flags */
export const laneOf = (flags: string) => {
  const column = sql.ref(flags);
  return sql`case when ${column} ? 'long' then 'long' when ${column} ? 'medium' then 'medium' else 'short' end`;
};

const at = (milliseconds: number) => sql`to_timestamp(${milliseconds}::float8 / 1000)`;

export class GraphileRows {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #leaseMilliseconds: number;
  /** who holds the jobs that `take` gives */
  readonly drainer: string;

  constructor(connection: Connection, clock: Clock, leaseMilliseconds: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#leaseMilliseconds = leaseMilliseconds;
    this.drainer = `drain-${newId(clock.now())}`;
  }

  /**
   * None of the engine's three modes is our promise: `replace` and `preserve_run_at` change the waiting job, `unsafe_dedupe` drops a
   * second add while the first runs. So we look ourselves, one adder of a key at a time, and hold a waiting job until the caller's
   * transaction ends: no worker begins it before this cause is committed. `replace` then meets only a running or failed job, takes
   * its key and its further attempts from it, and adds the one that may wait.
   */
  async add(tx: Tx, name: string, payload: Payload, options: AddOptions = {}): Promise<void> {
    const { key = null, lane = 'short', group = null, runAt, maximumAttempts = 10 } = options;
    if (key !== null) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`gotgan.job.${key}`}, 0))`.execute(tx);
      const waiting = await sql`select 1 from ${jobs} where key = ${key} and is_available for update`.execute(tx);
      if (waiting.rows.length > 0) return;
    }
    // Due now means due by both clocks, so that a small difference between two machines delays nothing.
    const now = this.#clock.now();
    const due = runAt !== undefined && runAt > now ? at(runAt) : sql`least(${at(runAt ?? now)}, now())`;
    const turn = group === null ? 0 : await this.#dueOf(tx, group);
    await sql`select ${addJob}(${name}, payload => ${JSON.stringify(payload)}::json, queue_name => ${group}::text, run_at => ${due},
      max_attempts => ${maximumAttempts}::int, job_key => ${key}::text, priority => ${turn}::int,
      flags => array[${lane}]::text[])`.execute(tx);
  }

  /** @returns how many jobs of the group come before one that is added now */
  async #dueOf(tx: Tx, group: string): Promise<number> {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count
      from ${jobs} as j join ${groups} as g on g.id = j.job_queue_id
      where g.queue_name = ${group} and j.attempts < j.max_attempts and j.run_at <= ${at(this.#clock.now())}`.execute(tx);
    return rows[0]?.count ?? 0;
  }

  /** Takes the job that is due longest by our clock of those whose turn comes first, for `drain`. */
  async take(names: readonly string[]): Promise<TakenJob | undefined> {
    const { rows } = await this.#connection.write((tx) =>
      sql<TakenJob>`update ${jobs} as j set attempts = j.attempts + 1, locked_at = now(), locked_by = ${this.drainer}
        from ${tasks} as t where t.id = j.task_id and j.id = (
          select d.id from ${jobs} as d join ${tasks} as n on n.id = d.task_id
          where d.is_available and d.run_at <= ${at(this.#clock.now())} and n.identifier = any(${names})
            and not exists (select 1 from ${jobs} as o where o.job_queue_id = d.job_queue_id and o.locked_at is not null)
          order by d.priority, d.run_at, d.id limit 1 for update of d skip locked)
        returning j.id::text, t.identifier as name, j.key, j.payload, j.attempts::int, j.max_attempts::int as "maximumAttempts"`.execute(
        tx,
      ),
    );
    return rows[0];
  }

  async figures(): Promise<QueueFigures> {
    const now = at(this.#clock.now());
    const { rows } = await sql<LaneFigures>`select ${laneOf('flags')} as lane,
        count(*) filter (where is_available and run_at <= ${now})::int as due,
        count(*) filter (where is_available and run_at > ${now})::int as later,
        count(*) filter (where locked_at is not null)::int as running,
        count(*) filter (where locked_at is null and attempts >= max_attempts)::int as failed,
        round(extract(epoch from min(run_at) filter (where is_available and run_at <= ${now})) * 1000)::float8 as "oldestDueAt"
      from ${jobs} group by 1`.execute(this.#connection.owner);
    return figuresOf(rows);
  }

  async remove(job: TakenJob): Promise<void> {
    await this.#connection.write((tx) =>
      sql`delete from ${jobs} where id = ${job.id}::bigint and locked_by = ${this.drainer}`.execute(tx),
    );
  }

  /** After a failed attempt of a taken job; the last one leaves the row, not available any more. */
  async retryLater(job: TakenJob, error: string): Promise<void> {
    const runAt = this.#clock.now() + backOff(job.attempts);
    await this.#connection.write(async (tx) => {
      if (await this.#removeReplaced(tx, job)) return;
      await sql`update ${jobs} set last_error = ${error}, run_at = ${at(runAt)}, locked_at = null, locked_by = null
        where id = ${job.id}::bigint and locked_by = ${this.drainer}`.execute(tx);
    });
  }

  /** After an attempt by the engine that was stopped and does not count: due again at once. */
  async giveBack(job: { readonly id: string; readonly key: string | null; readonly attempts: number }): Promise<void> {
    await this.#connection.write(async (tx) => {
      if (await this.#removeReplaced(tx, job)) return;
      await sql`update ${jobs} set attempts = ${job.attempts - 1}::int, run_at = now(), last_error = null
        where id = ${job.id}::bigint and locked_at is null`.execute(tx);
    });
  }

  /** @returns whether another job of its key waits by now (`add` took the key from this one) */
  async isReplaced(job: { readonly id: string; readonly key: string | null }): Promise<boolean> {
    if (job.key === null) return false;
    const { rows } = await sql`select 1 from ${jobs} where id = ${job.id}::bigint and key is null`.execute(
      this.#connection.owner,
    );
    return rows.length > 0;
  }

  async #removeReplaced(tx: Tx, job: { readonly id: string; readonly key: string | null }): Promise<boolean> {
    if (job.key === null) return false;
    const { rows } = await sql`delete from ${jobs} where id = ${job.id}::bigint and key is null returning 1`.execute(tx);
    return rows.length > 0;
  }

  /**
   * Renews the leases of these workers, and of the groups whose jobs they have. The engine does not let go of a group whose job another
   * worker finished: such a group comes free by its lease.
   */
  async renew(workers: readonly string[]): Promise<void> {
    await this.#connection.write(async (tx) => {
      await sql`update ${jobs} set locked_at = now() where locked_by = any(${workers})`.execute(tx);
      await sql`update ${groups} as g set locked_at = now() where g.locked_by = any(${workers})
        and exists (select 1 from ${jobs} as j where j.job_queue_id = g.id and j.locked_by = g.locked_by)`.execute(tx);
    });
  }

  /** @returns which of these jobs none of the workers holds any more */
  async lostBy(workers: readonly string[], ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const { rows } = await sql<{ id: string }>`select id::text from ${jobs}
      where id = any(${ids}::bigint[]) and locked_by = any(${workers})`.execute(this.#connection.owner);
    const held = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !held.has(id));
  }

  /** Makes the jobs and groups available again whose workers are no longer heard of. */
  async releaseLost(): Promise<void> {
    const lease = sql`${this.#leaseMilliseconds}::float8 * interval '1 millisecond'`;
    await this.#connection.write(async (tx) => {
      for (const held of [jobs, groups])
        await sql`update ${held} set locked_at = null, locked_by = null where locked_at < now() - ${lease}`.execute(tx);
      // The engine locks all groups for a moment when it looks for a job: only those of jobs that are there may be left.
      await sql`delete from ${groups} as g where g.locked_at is null
        and not exists (select 1 from ${jobs} as j where j.job_queue_id = g.id)`.execute(tx);
    });
  }
}
