// How long one site may take: a storage or database that says nothing any more must not keep the night from all others.
import type { Clock } from '../platform/clock.ts';

/** What the work of a site is given up with. */
export class OutOfTime extends Error {
  readonly reason: 'backups.reason.silent' | 'backups.reason.tooLong';

  constructor(reason: OutOfTime['reason']) {
    super(reason === 'backups.reason.silent' ? 'the site has not answered for too long' : 'the backup took too long');
    this.name = 'OutOfTime';
    this.reason = reason;
  }
}

export type Limits = {
  /** without any news */
  readonly silentMilliseconds: number;
  readonly totalMilliseconds: number;
};

const longestLookMilliseconds = 5000;

export class TimeLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limits: Limits;
  readonly #begunAt: number;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #newsAt: number;

  /** By the clock that only grows: a jump of the other one ends nothing. */
  constructor(clock: Pick<Clock, 'monotonic'>, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#begunAt = this.#newsAt = clock.monotonic();
    const every = Math.min(longestLookMilliseconds, Math.min(limits.silentMilliseconds, limits.totalMilliseconds) / 10);
    this.#timer = setInterval(() => this.#look(), every);
  }

  /** Aborted with OutOfTime. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Something has come of it. */
  news(): void {
    this.#newsAt = this.#clock.monotonic();
  }

  #look(): void {
    const now = this.#clock.monotonic();
    if (now - this.#begunAt >= this.#limits.totalMilliseconds) this.#over.abort(new OutOfTime('backups.reason.tooLong'));
    else if (now - this.#newsAt >= this.#limits.silentMilliseconds) this.#over.abort(new OutOfTime('backups.reason.silent'));
  }

  /**
   * Waits for work that has the signal. What hangs in a call of the system hears no signal: it is left alone, and ends by the signal
   * once that call returns.
   * @throws OutOfTime, and what the work throws
   */
  async of<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this;
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([work(signal), over]);
    } finally {
      clearInterval(this.#timer);
    }
  }
}
