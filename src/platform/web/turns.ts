// So many of one kind of work at once for each person: what takes a server's or this machine's time, or its disk.
import type { Request } from 'express';
import { tooMany } from '../errors.ts';

export type TurnsOptions = {
  readonly atOnce: number;
  /** of what is said to who has that many already */
  readonly refusal: string;
};

/** Of one process; a person whose work has ended leaves nothing behind. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #active = new Map<string, number>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** @throws PanelError 429 when the person has as many already; what the work throws */
  during<T>(req: Request, work: () => Promise<T>): Promise<T> {
    return this.of(req.visit.person?.personId ?? '', work);
  }

  /** The same for somebody else than who is signed in. @param whose a person's id, or a customer's: one kind for each of these */
  async of<T>(whose: string, work: () => Promise<T>): Promise<T> {
    const running = this.#active.get(whose) ?? 0;
    if (running >= this.#options.atOnce) throw tooMany(this.#options.refusal);
    this.#active.set(whose, running + 1);
    try {
      return await work();
    } finally {
      this.#leave(whose);
    }
  }

  /** those who have something running now */
  get size(): number {
    return this.#active.size;
  }

  #leave(whose: string): void {
    const left = (this.#active.get(whose) ?? 1) - 1;
    if (left > 0) this.#active.set(whose, left);
    else this.#active.delete(whose);
  }
}
