// What waits for its turn in an archive that is being written, and how much of it may.
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { Known, Run } from './carry-over.ts';
import type { Listed } from './site-listing.ts';

/** Small files that are read and compressed ahead while the ones before them are written. */
const ahead = 32;
/** With what is carried over, which costs nothing but its lines: between them the few that changed are begun early. */
const aheadInAll = 4096;
const aheadBytes = 3 * pieceBytes;

export type Write = () => Promise<void>;

/** What waits for its turn: members that are copied, a file of which the content is known, or one that is prepared. `bytes`: that it holds */
export type Queued = { readonly members: number; readonly bytes: number; readonly costs: number } & (
  | { readonly run: Run; readonly one?: undefined; readonly ready?: undefined }
  | { readonly one: Listed; readonly known: Known; readonly run?: undefined; readonly ready?: undefined }
  | { readonly ready: Promise<Write>; readonly run?: undefined; readonly one?: undefined }
);

/** Everything is written in its turn, and no sooner than it is ready; what has to be prepared is so side by side. */
export class WriteQueue {
  readonly #write: (next: Queued) => Promise<void>;
  readonly #waiting: Queued[] = [];
  #members = 0;
  #bytes = 0;
  #costs = 0;

  /** @param write is given one after the other */
  constructor(write: (next: Queued) => Promise<void>) {
    this.#write = write;
  }

  /** Returns once so much is written that more may be prepared. */
  async add(next: Queued): Promise<void> {
    this.#waiting.push(next);
    this.#count(next, 1);
    while (this.#isCheap() || this.#isFull()) await this.#writeNext();
  }

  #isCheap(): boolean {
    return this.#waiting[0] !== undefined && this.#waiting[0].ready === undefined;
  }

  #isFull(): boolean {
    return this.#costs >= ahead || this.#members >= aheadInAll || this.#bytes > aheadBytes;
  }

  #count({ members, bytes, costs }: Queued, sign: 1 | -1): void {
    this.#members += sign * members;
    this.#bytes += sign * bytes;
    this.#costs += sign * costs;
  }

  async #writeNext(): Promise<void> {
    const next = this.#waiting.shift();
    if (!next) return;
    await this.#write(next);
    this.#count(next, -1);
  }

  async empty(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeNext();
  }

  /** After a failure: what is on its way has ended when this returns. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#waiting.map((one) => one.ready));
  }
}
