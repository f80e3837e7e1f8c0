// SHA-256 of many streams at once, computed in a thread of its own: hashing costs a core, and so does compression.
import { createHash, type Hash } from 'node:crypto';
import { Worker } from 'node:worker_threads';

export type DigestStep =
  | { readonly act: 'update'; readonly id: number; readonly start: number; readonly end: number }
  | { readonly act: 'digest' | 'drop'; readonly id: number }
  | { readonly act: 'copy'; readonly id: number; readonly to: number };

export type DigestBatch = { readonly segment: number; readonly steps: readonly DigestStep[] };
export type DigestResult = { readonly segment: number; readonly digests: readonly string[] };

type Waiting = { resolve(hex: string): void; reject(cause: unknown): void };
type Filling = { readonly segment: number; used: number; readonly steps: DigestStep[]; readonly waiting: Waiting[] };

const segmentBytes = 1024 * 1024;
const mostSteps = 8192;
const patienceMilliseconds = 5;

/** A SHA-256 that is being computed. Its calls must follow one another; different ones may mix. */
export interface RunningDigest {
  /** Takes the bytes before it returns (they may be reused), and waits while the thread is behind. */
  update(bytes: Uint8Array): Promise<void>;
  /** Ends it. @returns settles once its place in the queue is taken; `hex` inside settles when the thread has got there */
  end(): Promise<{ readonly hex: Promise<string> }>;
  /** @returns a second one that starts from the same bytes */
  copy(): Promise<RunningDigest>;
  drop(): Promise<void>;
}

/** Where SHA-256 are computed. Errors reject whatever waits. */
export interface Digests {
  start(): RunningDigest;
  close(): Promise<void>;
}

/** Less is hashed sooner than a thread begins: thousands of small sites would begin one each, every night. */
const worthAThread = 8 * 1024 * 1024;

/** @param bytes about so many will be hashed */
export const digestsFor = (bytes: number): Digests => (bytes < worthAThread ? new DigestsHere() : new DigestThread());

/** In the calling thread. */
class DigestsHere implements Digests {
  start(): RunningDigest {
    return runningHere(createHash('sha256'));
  }

  async close(): Promise<void> {}
}

function runningHere(hash: Hash): RunningDigest {
  return {
    update: async (bytes) => void hash.update(bytes),
    end: async () => ({ hex: Promise.resolve(hash.digest('hex')) }),
    copy: async () => runningHere(hash.copy()),
    drop: async () => {},
  };
}

/** The thread. Memory is fixed: `segments` MiB that both sides share. Errors of the thread reject whatever waits. */
export class DigestThread implements Digests {
  readonly #worker: Worker;
  readonly #segments: readonly Buffer[];
  readonly #free: number[];
  readonly #sent = new Map<number, Waiting[]>();
  #waitingForRoom: (() => void)[] = [];
  #filling: Filling | undefined;
  #ids = 0;
  #failure: unknown;

  constructor(segments = 3) {
    const shared = Array.from({ length: segments }, () => new SharedArrayBuffer(segmentBytes));
    this.#segments = shared.map((buffer) => Buffer.from(buffer));
    this.#free = shared.map((_, index) => index);
    // the same code runs from source (.ts) and from the built module (.js)
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./digest-worker.${extension}`, import.meta.url), {
      workerData: { segments: shared },
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32, stackSizeMb: 1 },
    });
    this.#worker.on('message', (result: DigestResult) => this.#receive(result));
    this.#worker.on('error', (cause) => this.#fail(cause));
    this.#worker.on('exit', () => this.#fail(new Error('the digest thread has ended')));
  }

  start(): RunningDigest {
    return this.#handle(++this.#ids);
  }

  async close(): Promise<void> {
    this.#fail(new Error('the digest thread was closed'));
    await this.#worker.terminate();
  }

  #handle(id: number): RunningDigest {
    return {
      update: (bytes) => this.#update(id, bytes),
      end: () =>
        this.#withRoom((filling) => {
          const hex = new Promise<string>((resolve, reject) => filling.waiting.push({ resolve, reject }));
          hex.catch(() => {}); // whoever asks for it still gets the error; nobody asking must not end the process
          this.#step(filling, { act: 'digest', id });
          return { hex };
        }),
      copy: () =>
        this.#withRoom((filling) => {
          const to = ++this.#ids;
          this.#step(filling, { act: 'copy', id, to });
          return this.#handle(to);
        }),
      drop: () => this.#withRoom((filling) => this.#step(filling, { act: 'drop', id })),
    };
  }

  async #update(id: number, bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      taken += await this.#withRoom((filling) => {
        const part = bytes.subarray(taken, taken + segmentBytes - filling.used);
        const start = filling.used;
        this.#segments[filling.segment]?.set(part, start);
        filling.used += part.length;
        this.#step(filling, { act: 'update', id, start, end: filling.used });
        return part.length;
      });
    }
  }

  /** `use` runs in the same turn in which the room was found, or another stream could fill it in between. */
  async #withRoom<T>(use: (filling: Filling) => T): Promise<T> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const segment = this.#filling ? undefined : this.#free.pop();
      if (segment !== undefined) this.#filling = { segment, used: 0, steps: [], waiting: [] };
      if (this.#filling) return use(this.#filling);
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
    }
  }

  #step(filling: Filling, step: DigestStep): void {
    filling.steps.push(step);
    if (filling.used === segmentBytes || filling.steps.length >= mostSteps) this.#send(filling);
    // waking the thread for every small file would cost more than hashing it
    else if (filling.steps.length === 1) setTimeout(() => this.#filling === filling && this.#send(filling), patienceMilliseconds);
  }

  #send(filling: Filling): void {
    this.#filling = undefined;
    this.#sent.set(filling.segment, filling.waiting);
    this.#worker.postMessage({ segment: filling.segment, steps: filling.steps } satisfies DigestBatch);
  }

  #receive({ segment, digests }: DigestResult): void {
    for (const [index, waiting] of (this.#sent.get(segment) ?? []).entries()) waiting.resolve(digests[index] ?? '');
    this.#sent.delete(segment);
    this.#free.push(segment);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const go of waiting) go();
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause;
    for (const waiting of [...this.#sent.values(), this.#filling?.waiting ?? []].flat()) waiting.reject(this.#failure);
    this.#sent.clear();
    this.#filling = undefined;
    this.#wake();
  }
}
