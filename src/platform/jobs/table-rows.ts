// The rows of the table queue: adding, taking under a lease, and what becomes of a job afterwards.
import type { ExpressionBuilder, Selectable } from 'kysely';
import type { PlatformTables, Schema } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import type { Connection, Tx } from '../database/database.ts';
import { newId } from '../ids.ts';
import { backOff, longestPauseMilliseconds } from './failure.ts';
import { figuresOf } from './figures.ts';
import type { AddOptions, Lane, Payload, QueueFigures } from './port.ts';

export type Job = Selectable<PlatformTables['jobs']>;

/** Each change of a taken job touches it only while it is still held under the lease it was taken with. */
export class JobRows {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #ids: () => string;
  readonly #leaseMilliseconds: number;

  constructor(connection: Connection, clock: Clock, leaseMilliseconds: number, ids = idsInOrder(clock)) {
    this.#connection = connection;
    this.#clock = clock;
    this.#ids = ids;
    this.#leaseMilliseconds = leaseMilliseconds;
  }

  async add(tx: Tx, name: string, payload: Payload, options: AddOptions = {}): Promise<void> {
    const { key, lane, group, runAt, maximumAttempts } = options;
    const now = this.#clock.now();
    const job: Job = {
      id: this.#ids(),
      name,
      key: key ?? null,
      lane: lane ?? 'short',
      group_key: group ?? null,
      turn: group === undefined ? 0 : await this.#dueOf(tx, group),
      payload: JSON.stringify(payload),
      actor_person_id: idIn(payload, 'actorPersonId'),
      customer_id: idIn(payload, 'customerId'),
      run_at: runAt ?? now,
      attempts: 0,
      maximum_attempts: maximumAttempts ?? 10,
      lease_until: null,
      lease_owner: null,
      last_error: null,
      failed_at: null,
      created_at: now,
    };
    // `do nothing` would leave the waiting row unlocked: a worker could begin it before this cause is committed, and miss it.
    await tx
      .insertInto('jobs')
      .values(job)
      .onConflict((oc) =>
        oc
          .column('key')
          .where('lease_until', 'is', null)
          .where('failed_at', 'is', null)
          .doUpdateSet((eb) => ({ key: eb.ref('excluded.key') })),
      )
      .execute();
  }

  /** @returns how many jobs of the group come before one that is added now */
  async #dueOf(tx: Tx, group: string): Promise<number> {
    const { count } = await tx
      .selectFrom('jobs')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('group_key', '=', group)
      .where('failed_at', 'is', null)
      .where('run_at', '<=', this.#clock.now())
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Takes the job that is due longest of those whose turn comes first, none of `except` (ids). Looking writes nothing: an idle worker never holds SQLite's one writing transaction. */
  async take(lanes: readonly Lane[], names: readonly string[], except: readonly string[] = []): Promise<Job | undefined> {
    for (;;) {
      const id = await this.#nextDue(lanes, names, except);
      if (!id) return undefined;
      const job = await this.#takeOne(id);
      // Its last worker died at the last attempt: one more could kill this worker as well.
      if (job && job.attempts > job.maximum_attempts) await this.giveUp(job, 'the worker ended', job.maximum_attempts);
      else if (job) return job;
    }
  }

  async #nextDue(lanes: readonly Lane[], names: readonly string[], except: readonly string[]): Promise<string | undefined> {
    if (names.length === 0) return undefined;
    const next = await this.#connection.db
      .selectFrom('jobs')
      .select('id')
      .where('lane', 'in', lanes)
      .where('name', 'in', names)
      .where(this.#isDue())
      .where(this.#isItsTurn())
      .$if(except.length > 0, (query) => query.where('id', 'not in', except))
      .orderBy('turn')
      .orderBy('run_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    return next?.id;
  }

  #takeOne(id: string): Promise<Job | undefined> {
    const now = this.#clock.now();
    return this.#connection.write((tx) =>
      tx
        .updateTable('jobs')
        .set((eb) => ({
          attempts: eb('attempts', '+', 1),
          lease_until: now + this.#leaseMilliseconds,
          lease_owner: newId(now),
        }))
        .where('id', '=', id)
        .where(this.#isDue())
        .where(this.#isItsTurn())
        .returningAll()
        .executeTakeFirst(),
    );
  }

  /** Times further ahead than they can have been set were set before the clock was set back: who waits for them waits for a day. */
  #isDue() {
    const now = this.#clock.now();
    const latestLease = now + 2 * this.#leaseMilliseconds;
    return (eb: ExpressionBuilder<Schema, 'jobs'>) =>
      eb.and([
        eb('failed_at', 'is', null),
        eb.or([
          eb('run_at', '<=', now),
          eb.and([eb('created_at', '>', now), eb('run_at', '<=', eb.ref('created_at'))]),
          eb.and([eb('attempts', '>', 0), eb('last_error', 'is not', null), eb('run_at', '>', now + longestPauseMilliseconds)]),
        ]),
        eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now), eb('lease_until', '>', latestLease)]),
      ]);
  }

  /** Of its group nobody works at another one. */
  #isItsTurn() {
    const now = this.#clock.now();
    return (eb: ExpressionBuilder<Schema, 'jobs'>) =>
      eb.or([
        eb('group_key', 'is', null),
        eb.not(
          eb.exists(
            eb
              .selectFrom('jobs as other')
              .select('other.id')
              .whereRef('other.group_key', '=', 'jobs.group_key')
              .where('other.lease_until', '>', now)
              .where('other.lease_until', '<=', now + 2 * this.#leaseMilliseconds),
          ),
        ),
      ]);
  }

  /** @returns false when another worker has the job by now */
  async renew(job: Job): Promise<boolean> {
    const leaseUntil = this.#clock.now() + this.#leaseMilliseconds;
    const renewed = await this.#connection.write((tx) =>
      tx.updateTable('jobs').set({ lease_until: leaseUntil }).where(isHeld(job)).returning('id').executeTakeFirst(),
    );
    return renewed !== undefined;
  }

  async figures(): Promise<QueueFigures> {
    const now = this.#clock.now();
    const isDue = this.#isDue();
    const count = (eb: ExpressionBuilder<Schema, 'jobs'>) => eb.fn.countAll<number>();
    const rows = await this.#connection.db
      .selectFrom('jobs')
      .select((eb) => [
        'lane',
        count(eb).filterWhere('failed_at', 'is', null).as('open'),
        count(eb)
          .filterWhere('failed_at', 'is', null)
          .filterWhere('lease_until', '>', now)
          .filterWhere('lease_until', '<=', now + 2 * this.#leaseMilliseconds)
          .as('running'),
        count(eb).filterWhere('failed_at', 'is not', null).as('failed'),
        count(eb).filterWhere(isDue).as('due'),
        eb.fn.min('run_at').filterWhere(isDue).as('oldest'),
      ])
      .groupBy('lane')
      .execute();
    return figuresOf(
      rows.map(({ lane, open, running, failed, due, oldest }) => ({
        ...{ lane, due: Number(due), later: Number(open) - Number(due) - Number(running), running: Number(running) },
        ...{ failed: Number(failed), oldestDueAt: oldest === null ? null : Number(oldest) },
      })),
    );
  }

  async remove(job: Job): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('jobs').where(isHeld(job)).execute());
  }

  /** No attempt is left: the row stays, for the operator. */
  async giveUp(job: Job, error: string, attempts = job.attempts): Promise<void> {
    const end = { attempts, failed_at: this.#clock.now(), last_error: error, lease_until: null, lease_owner: null };
    await this.#connection.write((tx) => tx.updateTable('jobs').set(end).where(isHeld(job)).execute());
  }

  /** After a failed attempt. */
  retryLater(job: Job, error: string): Promise<void> {
    return this.#putBack({ ...job, run_at: this.#clock.now() + backOff(job.attempts), last_error: error });
  }

  /** After an attempt that was stopped and does not count: due again at once. */
  giveBack(job: Job): Promise<void> {
    return this.#putBack({ ...job, attempts: job.attempts - 1 });
  }

  // Removed and added again: where another of its key waits by now, that one does the work of both.
  #putBack(job: Job): Promise<void> {
    return this.#connection.write(async (tx) => {
      const removed = await tx.deleteFrom('jobs').where(isHeld(job)).returning('id').executeTakeFirst();
      if (!removed) return;
      await tx
        .insertInto('jobs')
        .values({ ...job, lease_until: null, lease_owner: null })
        .onConflict((oc) => oc.column('key').where('lease_until', 'is', null).where('failed_at', 'is', null).doNothing())
        .execute();
    });
  }
}

const isHeld = (job: Job) => (eb: ExpressionBuilder<Schema, 'jobs'>) =>
  eb.and([eb('id', '=', job.id), eb('lease_owner', '=', job.lease_owner)]);

const idIn = (payload: Payload, field: string) => {
  const value = payload[field];
  return typeof value === 'string' ? value : null;
};

/** UUIDv7 whose 12 bits after the time count up within a millisecond: jobs of one moment are done in the order they were added. */
function idsInOrder(clock: Clock): () => string {
  let last = 0;
  let count = 0;
  return () => {
    const now = clock.now();
    count = now === last ? (count + 1) % 4096 : 0;
    last = now;
    const id = newId(now);
    return `${id.slice(0, 15)}${count.toString(16).padStart(3, '0')}${id.slice(18)}`;
  };
}
