// Work with a name, done later or on time. Each engine passes test/platform/jobs.contract.ts.
import type { Tx } from '../database/database.ts';

/**
 * `short`: letters, opening a site. `medium`: what a person looks at until it is done, and takes minutes: copying, unpacking, restoring.
 * `long`: backups, erasures. No lane makes another wait.
 */
export const lanes = ['short', 'medium', 'long'] as const;
export type Lane = (typeof lanes)[number];

/** Jobs at once by lane of one worker (docs/decisions/0037). */
export const usualConcurrency: Readonly<Record<Lane, number>> = { short: 4, medium: 2, long: 1 };

/** Ids, actor and customer only: a payload never holds a personal value. */
export type Payload = Readonly<Record<string, string | number | boolean | null>>;

export type AddOptions = {
  /** at most one waiting job a key; a second add leaves it as it is, and while one runs one more may wait */
  readonly key?: string;
  readonly lane?: Lane;
  /**
   * Jobs of one group run one after the other, and take turns with those of other groups: who has one job waits for the first of
   * somebody's three, not for all of them.
   */
  readonly group?: string;
  /** epoch milliseconds before which it is not begun */
  readonly runAt?: number;
  /** default 10 */
  readonly maximumAttempts?: number;
};

export type JobRun = {
  readonly payload: Payload;
  /** 1 for the first attempt */
  readonly attempt: number;
  readonly lastAttempt: boolean;
  /** aborted when the worker is asked to stop, or another one has the job by now: long work ends at its next safe point by throwing */
  readonly signal: AbortSignal;
};

/** Must be able to run twice without harm. A throw means: again later with back-off, until the attempts are used up. */
export type Hand = (run: JobRun) => Promise<void>;

export type Hands = Readonly<Record<string, Hand>>;

/** How a worker works. */
export type WorkOptions = {
  readonly hands: Hands;
  readonly concurrency?: Partial<Readonly<Record<Lane, number>>>;
  /** ends the work: nothing new is begun, running hands get the signal, and the promise resolves when they have ended */
  readonly signal: AbortSignal;
  /** told of each failed attempt, for the log */
  readonly failed?: (name: string, error: unknown, lastAttempt: boolean) => void;
};

/** How many jobs there are now, for the operator. */
export type QueueFigures = {
  /** could be begun now, and nobody has begun them */
  readonly due: number;
  /** wait for their time, also for the next attempt */
  readonly later: number;
  readonly running: number;
  /** have no attempt left */
  readonly failed: number;
  /** since when the oldest of those that are due could have been begun, epoch milliseconds */
  readonly oldestDueAt: number | null;
  /** of those that are due and those that run, which lane they are in */
  readonly lanes: Readonly<Record<Lane, { readonly due: number; readonly running: number }>>;
};

/**
 * Jobs that outlive the process: each runs at least once, so a hand must bear being run twice. An add that fails fails its transaction.
 */
export interface Queue {
  /** Adds on the caller's transaction: the job exists if and only if its cause does. */
  add(tx: Tx, name: string, payload: Payload, options?: AddOptions): Promise<void>;
  /** Works until the signal. A job whose worker died is begun again once its lease has run out. */
  work(options: WorkOptions): Promise<void>;
  /** Does everything that is due now, also what falls due by doing it, and returns how many hands ran. For tests and `gotgan work --once`. */
  drain(hands: Hands): Promise<number>;
  /** @returns how much waits, runs and has failed now, for the operator's figures */
  figures(): Promise<QueueFigures>;
  /** Lets go of what the engine holds of its own (connections); jobs stay where they are. */
  close(): Promise<void>;
}
