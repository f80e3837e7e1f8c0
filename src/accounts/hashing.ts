// Hashing of passwords with argon2id: never more at once than the machine bears, and the same work for people who do not exist.
import { randomBytes } from 'node:crypto';
import { hash as argon2Hash, argon2id, verify as argon2Verify } from 'argon2';
import { unavailable } from '../platform/errors.ts';
import { canonicalPassword } from './passwords.ts';

export type HashParameters = { readonly memoryKibibytes: number; readonly passes: number; readonly parallelism: number };

export type HashingOptions = {
  /** hashes computed at the same time; see `hashingConcurrency` */
  readonly concurrency: number;
  /** how many may wait for their turn; who comes later is told to try again */
  readonly queueLimit?: number;
  readonly queueWaitMilliseconds?: number;
  readonly parameters?: HashParameters;
};

/** The minimum of OWASP's password storage sheet. */
export const usualParameters: HashParameters = { memoryKibibytes: 19_456, passes: 2, parallelism: 1 };

const saltBytes = 16;
const tagBytes = 32;
// A changed row must not be able to exhaust the machine.
const highest: HashParameters = { memoryKibibytes: 1024 * 1024, passes: 10, parallelism: 16 };
// libuv's threads serve files, names and pictures as well: two are always left to them.
const threadsLeftFree = 2;

/**
 * @param cores of the machine
 * @param threadPoolSize UV_THREADPOOL_SIZE of this process, 4 where it is not set
 * @returns how many hashes may be computed at once so that files and names are still served (security.md B.5)
 */
export function hashingConcurrency(cores: number, threadPoolSize = 4): number {
  return Math.max(1, Math.min(cores, threadPoolSize - threadsLeftFree));
}

/**
 * At most `concurrency` computations at once, up to `queueLimit` (32) more wait in the order of arrival, each at most
 * `queueWaitMilliseconds` (2000). Errors: PanelError 503 `login.busy` when the queue is full or the wait too long, the same for
 * every cause. A place is held until the computation has ended, even when nobody waits for its outcome any more.
 */
export class PasswordHashing {
  readonly #parameters: HashParameters;
  readonly #queue: Queue;
  readonly #nobody: string;

  /** @throws RangeError for parameters below ASVS 5.0 appendix C or above what `verify` accepts, and for a concurrency below 1 */
  constructor({ concurrency, queueLimit = 32, queueWaitMilliseconds = 2000, parameters = usualParameters }: HashingOptions) {
    if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency: at least 1 is needed');
    refuseWeak(parameters);
    if (isTooCostly(parameters)) throw new RangeError('parameters: at most 1 GiB, 10 passes and 16 threads');
    this.#parameters = parameters;
    this.#queue = new Queue(concurrency, queueLimit, queueWaitMilliseconds);
    // Made without hashing, or the first unknown address would take twice as long. A random tag fits no password.
    this.#nobody = phc(parameters, randomBytes(saltBytes), randomBytes(tagBytes));
  }

  /** Hashes that are being computed and that wait now. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#queue.running, waiting: this.#queue.waiting };
  }

  /** @returns a PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$tag`; forms of Unicode that look the same hash alike (NFC) */
  hash(password: string): Promise<string> {
    const { memoryKibibytes: memoryCost, passes: timeCost, parallelism } = this.#parameters;
    return this.#queue.run(async () => {
      const salt = randomBytes(saltBytes);
      const options = { type: argon2id, memoryCost, timeCost, parallelism, hashLength: tagBytes, salt, raw: true } as const;
      return phc(this.#parameters, salt, await argon2Hash(canonicalPassword(password), options));
    });
  }

  /**
   * @param stored undefined where there is no such person: the same work is done as for a hash with the current parameters, and
   * the answer is false
   * @throws Error when the stored text is no argon2id hash or asks for more than 1 GiB, 10 passes or 16 threads: it was tampered
   * with, and nothing is computed
   */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    if (stored !== undefined && isTooCostly(parametersOf(stored)))
      throw new Error('stored password hash: parameters beyond the limit');
    const matches = await this.#queue.run(() => argon2Verify(stored ?? this.#nobody, canonicalPassword(password)));
    return stored !== undefined && matches;
  }

  /** @returns whether the hash was made with other parameters than the current ones; ask after a password was right */
  needsRehash(stored: string): boolean {
    const { memoryKibibytes, passes, parallelism } = parametersOf(stored);
    const current = this.#parameters;
    return memoryKibibytes !== current.memoryKibibytes || passes !== current.passes || parallelism !== current.parallelism;
  }
}

function refuseWeak({ memoryKibibytes, passes, parallelism }: HashParameters): void {
  const least = passes >= 3 ? 12_288 : passes === 2 ? 19_456 : 47_104;
  if (![memoryKibibytes, passes, parallelism].every(Number.isInteger))
    throw new RangeError('parameters: whole numbers are needed');
  if (passes < 1 || parallelism < 1) throw new RangeError('parameters: at least 1 pass and 1 thread are needed');
  if (memoryKibibytes < least) throw new RangeError(`parameters: at least ${least} KiB are needed with ${passes} passes`);
}

const isTooCostly = ({ memoryKibibytes, passes, parallelism }: HashParameters) =>
  memoryKibibytes > highest.memoryKibibytes || passes > highest.passes || parallelism > highest.parallelism;

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

// Written here because the library orders the parameters m,p,t, which other programs that read PHC strings refuse.
const phc = ({ memoryKibibytes, passes, parallelism }: HashParameters, salt: Buffer, tag: Buffer) =>
  `$argon2id$v=19$m=${memoryKibibytes},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;

const phcString =
  /^\$argon2id\$v=19\$m=(?<m>\d{1,10}),t=(?<t>\d{1,10}),p=(?<p>\d{1,10})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{22,88}$/;

function parametersOf(text: string): HashParameters {
  const { m, t, p } = phcString.exec(text)?.groups ?? {};
  if (!m || !t || !p) throw new Error('stored password hash: not an argon2id PHC string');
  return { memoryKibibytes: Number(m), passes: Number(t), parallelism: Number(p) };
}

/** First come, first served; a waiter that has waited too long leaves. */
class Queue {
  running = 0;
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #waitMilliseconds: number;
  readonly #waiters: (() => void)[] = [];

  constructor(concurrency: number, limit: number, waitMilliseconds: number) {
    this.#concurrency = concurrency;
    this.#limit = limit;
    this.#waitMilliseconds = waitMilliseconds;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.#concurrency) this.running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiters.shift();
      // The place passes on directly, so that nobody who arrives in between can take it.
      if (next) next();
      else this.running -= 1;
    }
  }

  #turn(): Promise<void> {
    if (this.#waiters.length >= this.#limit) throw unavailable('login.busy');
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(begin), 1);
        reject(unavailable('login.busy'));
      }, this.#waitMilliseconds);
      this.#waiters.push(begin);
    });
  }
}
