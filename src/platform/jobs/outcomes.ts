// What came of each run of a hand: told to the log, and added up in the database, since the worker is a process without a port of its own.
import type { Clock } from '../clock.ts';
import type { Connection } from '../database/database.ts';
import type { Hand, Hands } from './port.ts';

/** `failed`: it is tried again. `gave_up`: it was the last attempt. `stopped`: the worker was asked to end; the attempt does not count. */
export type JobOutcome = 'done' | 'failed' | 'gave_up' | 'stopped';

export type EndedJob = {
  readonly job: string;
  readonly outcome: JobOutcome;
  readonly milliseconds: number;
  /** 1 for the first */
  readonly attempt: number;
  readonly error?: unknown;
};

/** @returns the same hands, which tell of each run that ended */
export function watched(hands: Hands, clock: Clock, ended: (run: EndedJob) => void): Hands {
  const watch =
    (job: string, hand: Hand): Hand =>
    async (run) => {
      const begun = clock.monotonic();
      const tell = (outcome: JobOutcome, error?: unknown) => {
        const milliseconds = Math.round(clock.monotonic() - begun);
        ended({ job, outcome, milliseconds, attempt: run.attempt, ...(error !== undefined && { error }) });
      };
      try {
        await hand(run);
      } catch (error) {
        tell(run.signal.aborted ? 'stopped' : run.lastAttempt ? 'gave_up' : 'failed', error);
        throw error;
      }
      tell('done');
    };
  return Object.fromEntries(Object.entries(hands).map(([name, hand]) => [name, watch(name, hand)]));
}

export type JobFigure = {
  readonly job: string;
  readonly outcome: JobOutcome;
  readonly runs: number;
  readonly milliseconds: number;
};

/** Sums over all workers, since the database was made. A worker that is killed loses at most what it counted since its last `write`. */
export class JobFigures {
  readonly #connection: Connection;
  #unwritten = new Map<string, JobFigure>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  note({ job, outcome, milliseconds }: EndedJob): void {
    const key = `${job} ${outcome}`;
    const before = this.#unwritten.get(key) ?? { job, outcome, runs: 0, milliseconds: 0 };
    this.#unwritten.set(key, { ...before, runs: before.runs + 1, milliseconds: before.milliseconds + milliseconds });
  }

  /** Adds what was noted to the sums; what cannot be written now is kept for the next time. */
  async write(): Promise<void> {
    const figures = [...this.#unwritten.values()];
    if (figures.length === 0) return;
    this.#unwritten = new Map();
    try {
      await this.#connection.write((tx) =>
        tx
          .insertInto('job_figures')
          .values(figures)
          .onConflict((oc) =>
            oc.columns(['job', 'outcome']).doUpdateSet((eb) => ({
              runs: eb('job_figures.runs', '+', eb.ref('excluded.runs')),
              milliseconds: eb('job_figures.milliseconds', '+', eb.ref('excluded.milliseconds')),
            })),
          )
          .execute(),
      );
    } catch (error) {
      for (const figure of figures) this.#keep(figure);
      throw error;
    }
  }

  #keep(figure: JobFigure): void {
    const key = `${figure.job} ${figure.outcome}`;
    const since = this.#unwritten.get(key);
    this.#unwritten.set(key, {
      ...figure,
      runs: figure.runs + (since?.runs ?? 0),
      milliseconds: figure.milliseconds + (since?.milliseconds ?? 0),
    });
  }

  read(): Promise<JobFigure[]> {
    return this.#connection.db.selectFrom('job_figures').selectAll().orderBy('job').orderBy('outcome').execute();
  }
}
