// Hashing of passwords with argon2id: never more at once than the machine bears, and the same work for people who do not exist.
import { randomBytes } from 'node:crypto';
import { hash as argon2Hash, argon2id, verify as argon2Verify } from 'argon2';
import { Lane } from '../platform/lane.ts';
import {
  costOf,
  type HashParameters,
  isTooCostly,
  parametersOf,
  phc,
  refuseParameters,
  usualParameters,
} from './hash-parameters.ts';
import { legacyDigest } from './legacy-hashes.ts';
import { canonicalPassword } from './passwords.ts';

export { type HashParameters, usualParameters } from './hash-parameters.ts';

export type HashingOptions = {
  /** hashes computed at the same time; see `hashingConcurrency` */
  readonly concurrency: number;
  /** how many may wait for their turn; who comes later is told to try again */
  readonly queueLimit?: number;
  readonly queueWaitMilliseconds?: number;
  readonly parameters?: HashParameters;
};

const saltBytes = 16;
const tagBytes = 32;
// libuv's threads serve files, names and pictures as well: two are always left to them.
const threadsLeftFree = 2;

export type Machine = {
  readonly cores: number;
  /** UV_THREADPOOL_SIZE of this process, 4 where it is not set */
  readonly threadPoolSize?: number;
  /** memory this process may take */
  readonly memoryBytes?: number;
};

/** All hashes at once take at most a quarter of the memory (security.md B.5). @returns KiB */
export const hashingMemory = (memoryBytes: number) => Math.floor(memoryBytes / 4 / 1024);

/** @returns how many hashes may be computed at once so that files and names are still served and memory lasts (security.md B.5) */
export function hashingConcurrency({ cores, threadPoolSize = 4, memoryBytes = Number.POSITIVE_INFINITY }: Machine): number {
  const bearable = Math.floor(hashingMemory(memoryBytes) / usualParameters.memoryKibibytes);
  return Math.max(1, Math.min(cores, threadPoolSize - threadsLeftFree, bearable));
}

/** A password hash as it is kept: argon2id alone, or argon2id over the digest that an older panel kept, behind its kind, cost and salt. */
function storedParts(stored: string): { setting?: string; hash: string } {
  const at = stored.lastIndexOf(wrapSign);
  return at < 0 ? { hash: stored } : { setting: stored.slice(0, at), hash: stored.slice(at + wrapSign.length) };
}

const wrapSign = '|';

/**
 * At most `concurrency` computations at once, up to `queueLimit` (32) more wait in the order of arrival, each at most
 * `queueWaitMilliseconds` (2000). Errors: PanelError 503 `login.busy` when the queue is full or the wait too long, the same for
 * every cause. A place is held until the computation has ended, even when nobody waits for its outcome any more.
 */
export class PasswordHashing {
  readonly concurrency: number;
  readonly #lane: Lane;
  #parameters: HashParameters;
  #nobody: string;

  /** @throws RangeError for parameters below ASVS 5.0 appendix C or above what `verify` accepts, and for a concurrency below 1 */
  constructor({ concurrency, queueLimit, queueWaitMilliseconds, parameters = usualParameters }: HashingOptions) {
    if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency: at least 1 is needed');
    refuseParameters(parameters);
    this.concurrency = concurrency;
    this.#parameters = parameters;
    this.#lane = new Lane({
      width: concurrency,
      ...(queueLimit !== undefined && { mostWaiting: queueLimit }),
      ...(queueWaitMilliseconds !== undefined && { longestWaitMilliseconds: queueWaitMilliseconds }),
      refusal: 'login.busy',
    });
    // Made without hashing, or the first unknown address would take twice as long. A random tag fits no password.
    this.#nobody = this.ofNobody;
  }

  get parameters(): HashParameters {
    return this.#parameters;
  }

  /** From now on new hashes cost this. @throws RangeError as the constructor does */
  adopt(parameters: HashParameters): void {
    refuseParameters(parameters);
    this.#parameters = parameters;
    this.#nobody = this.ofNobody;
  }

  /** A hash with the current parameters that no password has. */
  get ofNobody(): string {
    return phc(this.#parameters, randomBytes(saltBytes), randomBytes(tagBytes));
  }

  /** @throws PanelError 503 `login.busy` when the queue is full now: before anything else is done for what could not be hashed anyway */
  refuseWhenFull(): void {
    this.#lane.refuseWhenFull();
  }

  /** Hashes that are being computed and that wait now. */
  get load(): { readonly running: number; readonly waiting: number } {
    return this.#lane.load;
  }

  /** @returns a PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$tag`; forms of Unicode that look the same hash alike (NFC) */
  hash(password: string): Promise<string> {
    return this.#hash(canonicalPassword(password), this.#parameters);
  }

  /**
   * For a hash of another panel: what is kept of it is argon2id over its digest, so that no weak hash stands in the database, and
   * a sign-in computes the older function once and argon2id once (ruling 15; security.md C.2).
   */
  async wrap({ setting, digest }: { setting: string; digest: string }): Promise<string> {
    return `${setting}${wrapSign}${await this.#hash(digest, this.#parameters)}`;
  }

  #hash(text: string, parameters: HashParameters): Promise<string> {
    const { memoryKibibytes: memoryCost, passes: timeCost, parallelism } = parameters;
    return this.#lane.run(async () => {
      const salt = randomBytes(saltBytes);
      const options = { type: argon2id, memoryCost, timeCost, parallelism, hashLength: tagBytes, salt, raw: true } as const;
      return phc(parameters, salt, await argon2Hash(text, options));
    });
  }

  /**
   * @param stored undefined where there is no such person: the same work is done as for a hash with the current parameters, and
   * the answer is false
   * @throws Error when the stored text is no argon2id hash or asks for more than 1 GiB, 10 passes or 16 threads, or rests on an
   * older hash of no known kind or beyond `legacyLimits`: it was tampered with, and nothing is computed
   */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const { setting, hash } = storedParts(stored ?? this.#nobody);
    if (isTooCostly(parametersOf(hash))) throw new Error('stored password hash: parameters beyond the limit');
    const canonical = canonicalPassword(password);
    const matches = await this.#lane.run(async () =>
      argon2Verify(hash, setting === undefined ? canonical : await legacyDigest(setting, canonical)),
    );
    return stored !== undefined && matches;
  }

  /** @returns whether it rests on an older panel's hash, or the parameters grew since it was made; ask after a password was right */
  needsRehash(stored: string): boolean {
    const { setting, hash } = storedParts(stored);
    return setting !== undefined || costOf(parametersOf(hash)) < costOf(this.#parameters);
  }

  /** @returns milliseconds of one hash with these parameters on this machine: the shortest of three, since others work meanwhile */
  async measure(parameters: HashParameters): Promise<number> {
    return this.#shortest(3, () => this.#hash('how long does it take', parameters));
  }

  /** @param setting see `legacyHash` @returns milliseconds of the older function alone */
  async measureLegacy(setting: string): Promise<number> {
    return this.#shortest(1, () => this.#lane.run(() => legacyDigest(setting, 'how long does it take')));
  }

  async #shortest(times: number, work: () => Promise<unknown>): Promise<number> {
    let shortest = Number.POSITIVE_INFINITY;
    for (let time = 0; time < times; time += 1) {
      const begun = performance.now();
      await work();
      shortest = Math.min(shortest, performance.now() - begun);
    }
    return shortest;
  }
}
