// A queue in front of work that the machine bears only a little of at a time, such as hashing (security.md B.5).
import { unavailable } from './errors.ts';

export type LaneOptions = {
  /** work done at the same time */
  readonly width: number;
  /** of it at most so much for one caller; as much as there is, unless given */
  readonly widthOfOne?: number;
  /** how many may wait for their turn; who comes later is refused */
  readonly mostWaiting?: number;
  readonly longestWaitMilliseconds?: number;
  /** message key of the refusal */
  readonly refusal: string;
};

type Waiter = { readonly whose: string; begin(): void };

/**
 * First come, first served, but that a caller who has `widthOfOne` inside lets others pass. Who has waited too long leaves.
 * Errors: PanelError 503 with the key `refusal`, the same for every cause. A place is held until the work has ended, even when nobody
 * waits for its outcome any more.
 */
export class Lane {
  readonly #width: number;
  readonly #widthOfOne: number;
  readonly #mostWaiting: number;
  readonly #longestWait: number;
  readonly #refusal: string;
  readonly #inside = new Map<string, number>();
  readonly #waiters: Waiter[] = [];
  #running = 0;

  constructor({ width, widthOfOne = width, mostWaiting = 32, longestWaitMilliseconds = 2000, refusal }: LaneOptions) {
    this.#width = width;
    this.#widthOfOne = widthOfOne;
    this.#mostWaiting = mostWaiting;
    this.#longestWait = longestWaitMilliseconds;
    this.#refusal = refusal;
  }

  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiters.length };
  }

  /** @throws PanelError 503 when nobody else may wait now */
  refuseWhenFull(): void {
    if (this.#waiters.length >= this.#mostWaiting) throw unavailable(this.#refusal);
  }

  /** @param whose the caller, as far as `widthOfOne` counts them apart */
  async run<T>(work: () => Promise<T>, whose = ''): Promise<T> {
    if (this.#mayBegin(whose)) this.#enter(whose);
    else await this.#turn(whose);
    try {
      return await work();
    } finally {
      this.#leave(whose);
    }
  }

  #mayBegin(whose: string): boolean {
    return this.#running < this.#width && (this.#inside.get(whose) ?? 0) < this.#widthOfOne;
  }

  #enter(whose: string): void {
    this.#running += 1;
    this.#inside.set(whose, (this.#inside.get(whose) ?? 0) + 1);
  }

  // The place passes on directly, so that nobody who arrives in between can take it.
  #leave(whose: string): void {
    this.#running -= 1;
    const left = (this.#inside.get(whose) ?? 1) - 1;
    if (left > 0) this.#inside.set(whose, left);
    else this.#inside.delete(whose);
    const next = this.#waiters.findIndex((waiter) => this.#mayBegin(waiter.whose));
    if (next < 0) return;
    const [waiter] = this.#waiters.splice(next, 1);
    if (!waiter) return;
    this.#enter(waiter.whose);
    waiter.begin();
  }

  #turn(whose: string): Promise<void> {
    this.refuseWhenFull();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(unavailable(this.#refusal));
      }, this.#longestWait);
      const waiter: Waiter = {
        whose,
        begin: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiters.push(waiter);
    });
  }
}
