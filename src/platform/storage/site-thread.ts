// A thread that looks at and reads many files of a site by plain calls of the system: a promise for each call of a million costs several
// times as much as the call. What hangs there hangs nobody else.
import { Worker } from 'node:worker_threads';
import type { Entry, EntryKind, SitePath } from './port.ts';
import type { Walked, WalkOrder } from './site-walk.ts';

/** @param folder path of a folder with a slash at its end; who asks holds it open until the answer */
export type LookOrder = { readonly folder: string; readonly names: readonly string[] };

/**
 * A file to be read into shared memory, `length` bytes at most.
 * @param root an open folder, the same in all orders, that whoever asks keeps open
 * @param path from there, as it is shown: the file's own name is the last
 */
export type ReadItem = {
  readonly root: number;
  readonly path: SitePath;
  readonly into: SharedArrayBuffer;
  readonly length: number;
};
export type ReadOrder = { readonly items: readonly ReadItem[] };
/** Begins to go through a folder, or goes on (`undefined`). */
export type WalkStep = { readonly walk: WalkOrder | undefined };
export type SiteOrder = LookOrder | ReadOrder | WalkStep;

/** What was seen, one after the other; undefined: nothing stands there any more. */
export type Seen = {
  readonly kinds: (EntryKind | undefined)[];
  /** size, content time, change time and mode of each */
  readonly numbers: Float64Array;
  /** with spaces between them */
  readonly stamps: string;
  readonly targets: readonly (readonly [number, string])[];
};

/** What a file was after it was read. `isNameless`: it has lost its name meanwhile */
export type ReadOutcome =
  | { readonly filled: number; readonly stamp: string; readonly size: number; readonly isNameless: boolean }
  | { readonly fault: string };

/** `fault`: the system's code of a fault that is not of one entry */
type Looked = { readonly seen: Seen; readonly more?: readonly ReadOutcome[] };
export type Found = { readonly fault: string } | Looked | { readonly walked: Walked };

/** Orders are done one after the other. */
export class SiteThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve(found: Found): void; reject(cause: unknown): void }[] = [];
  #failure: unknown;

  /** @param mostMemoryMebibytes of what it holds in V8's heap */
  constructor(mostMemoryMebibytes = 64) {
    // the same code runs from source (.ts) and from the built module (.js)
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./site-worker.${extension}`, import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: mostMemoryMebibytes, stackSizeMb: 1 },
    });
    this.#worker.on('message', (found: Found) => this.#waiting.shift()?.resolve(found));
    this.#worker.on('error', (cause) => this.#fail(cause));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that reads sites has ended')));
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  /** @throws with the system's `code`, as the call itself would */
  async ask(order: LookOrder | ReadOrder): Promise<Looked> {
    const found = await this.#answer(order);
    if (!('seen' in found)) throw new Error('the thread that reads sites gave another answer');
    return found;
  }

  /** @param order undefined: what comes next of the folder that it goes through. @throws as `ask` */
  async walk(order: WalkOrder | undefined): Promise<Walked> {
    const found = await this.#answer({ walk: order });
    if (!('walked' in found)) throw new Error('the thread that reads sites gave another answer');
    return found.walked;
  }

  async #answer(order: SiteOrder): Promise<Exclude<Found, { fault: string }>> {
    if (this.#failure) throw this.#failure;
    const found = await new Promise<Found>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(order);
    });
    if ('fault' in found) throw withCode(found.fault);
    return found;
  }

  /** What hangs in a call of the system ends late: whoever cannot wait for it does not. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

export const withCode = (code: string) => Object.assign(new Error('the system refused a call'), { code });

/** @returns what was seen as entries with these names, undefined where nothing stands any more */
export function entriesSeen(names: readonly string[], { kinds, numbers, stamps, targets }: Seen): (Entry | undefined)[] {
  const stampOf = stamps.split(' ');
  const targetOf = new Map(targets);
  return names.map((name, index) => {
    const kind = kinds[index];
    if (kind === undefined) return undefined;
    const at = 4 * index;
    const [size, modifiedAt] = [numbers[at] ?? 0, numbers[at + 1] ?? 0];
    const [changedAt, mode] = [numbers[at + 2] ?? 0, numbers[at + 3] ?? 0];
    const entry = { name, kind, size, modifiedAt, changedAt, mode, stamp: stampOf[index] ?? '' };
    return kind === 'link' ? { ...entry, target: targetOf.get(index) ?? '' } : entry;
  });
}
