// How costly hashing is on this machine, measured beside the start and kept, and how long a failed sign-in takes because of it.
import { availableParallelism, cpus } from 'node:os';
import { type Clock, day } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Settings } from '../platform/settings.ts';
import {
  costFrom,
  costOf,
  costText,
  type HashParameters,
  isAllowedCost,
  parametersFor,
  usualParameters,
  wantedMilliseconds,
} from './hash-parameters.ts';
import { hashingMemory, type PasswordHashing } from './hashing.ts';
import { settingLike } from './legacy-hashes.ts';

/** A failed sign-in never takes less (ruling 15). */
const leastFailureMilliseconds = 300;
/** The dearest hashes that are taken over stay below; a changed row must not stop sign-ins. */
const mostFailureMilliseconds = 20_000;
/** The first seconds of a process are busy ones. */
const settleMilliseconds = 2000;
/** So long a measurement counts on the machine it was made on: a busy hour may have spoilt it. */
const measuredHolds = 7 * day;
const names = {
  parameters: 'accounts.hashing',
  highest: 'accounts.hashing.highest',
  failure: 'accounts.failureMilliseconds',
  measured: 'accounts.hashing.measured',
};

export type HashingCostParts = {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly hashing: PasswordHashing;
  /** memory this process may take */
  readonly memoryBytes: number;
  /** @returns the kinds of older hashes that passwords still rest on */
  readonly legacyKinds: () => Promise<string[]>;
};

/** @returns what a change of makes old measurements worthless */
const thisMachine = () => `${cpus()[0]?.model} x ${availableParallelism()}, Node.js ${process.version}`;

/**
 * Parameters so that one verification takes 100 to 250 ms, kept in the database so that processes agree: a start takes what is kept
 * and measures beside it. The time of a failed sign-in is kept as well, later than the slowest verification there is (ruling 15).
 */
export class HashingCost {
  readonly #parts: HashingCostParts;

  constructor(parts: HashingCostParts) {
    this.#parts = parts;
  }

  /** Takes over what was measured before; what is weaker than allowed, or too costly, was tampered with and is not taken. */
  async recall(): Promise<void> {
    const text = (await this.#parts.settings.read(names.parameters)) ?? '';
    const kept = isAllowedCost(text) ? costFrom(text) : undefined;
    if (kept && costOf(kept) >= costOf(usualParameters)) this.#parts.hashing.adopt(kept);
  }

  /**
   * Measures a little after the start, so that the first page waits for nothing; what was measured on this machine lately holds.
   * @returns what ends it, also in the middle, when the panel is closed
   */
  measureSoon(log: Log): () => Promise<void> {
    let measuring: Promise<void> | undefined;
    const begin = async () => {
      const found = await this.measureWhenDue();
      if (found) log.info({ cost: costText(found) }, 'hashing');
    };
    const timer = setTimeout(() => {
      // What cannot be measured now stays as it was kept, or at the minimum.
      measuring = begin().catch((error) => log.warn({ err: error }, 'hashing could not be measured'));
    }, settleMilliseconds);
    timer.unref();
    return async () => {
      clearTimeout(timer);
      await measuring;
    };
  }

  /** @returns nothing when this machine was measured lately: what is kept holds */
  async measureWhenDue(): Promise<HashParameters | undefined> {
    const { settings, clock } = this.#parts;
    const [at, machine] = ((await settings.read(names.measured)) ?? '').split(' on ');
    const age = clock.now() - Number(at);
    return machine === thisMachine() && age >= 0 && age < measuredHolds ? undefined : this.measure();
  }

  /** Measures, takes other parameters where this machine is faster or slower than wanted, and keeps them. @returns what is in use now */
  async measure(): Promise<HashParameters> {
    const { hashing, settings } = this.#parts;
    const milliseconds = await hashing.measure(hashing.parameters);
    const { least, most } = wantedMilliseconds;
    const fits = milliseconds >= least && milliseconds <= most;
    const found = fits ? hashing.parameters : await this.#found();
    hashing.adopt(found);
    await settings.change(names.parameters, () => costText(found));
    await settings.change(names.highest, (before) => (Number(before ?? 0) >= costOf(found) ? undefined : String(costOf(found))));
    await this.allowFor([]);
    await settings.change(names.measured, () => `${this.#parts.clock.now()} on ${thisMachine()}`);
    return found;
  }

  async #found(): Promise<HashParameters> {
    const { hashing, memoryBytes } = this.#parts;
    const most = Math.floor(hashingMemory(memoryBytes) / hashing.concurrency);
    const floor = await hashing.measure(usualParameters);
    const guess = parametersFor(floor, most);
    const taken = await hashing.measure(guess);
    if (taken >= wantedMilliseconds.least && taken <= wantedMilliseconds.most) return guess;
    // The first one ran beside the start: judged once more by what was just measured.
    return parametersFor((taken * costOf(usualParameters)) / costOf(guess), most);
  }

  /**
   * Makes failed sign-ins late enough for these older hashes too, before one of them is there.
   * @param coming kinds as `legacyHash` gives them; those that are kept already are counted in
   */
  async allowFor(coming: readonly string[]): Promise<void> {
    const { hashing, settings, legacyKinds } = this.#parts;
    const kinds = [...new Set([...coming, ...(await legacyKinds())])];
    const highest = Math.max(Number((await settings.read(names.highest)) ?? 0), costOf(hashing.parameters));
    const argon = ((await hashing.measure(hashing.parameters)) * highest) / costOf(hashing.parameters);
    let slowest = 0;
    for (const kind of kinds) {
      const setting = settingLike(kind);
      if (setting) slowest = Math.max(slowest, await hashing.measureLegacy(setting));
    }
    // Twice, since others compute beside it; in steps, so that the figure itself tells little.
    const needed = Math.max(leastFailureMilliseconds, Math.ceil((2 * (argon + slowest)) / 50) * 50);
    await settings.change(names.failure, (before) => {
      const least = kinds.length > 0 ? Number(before ?? 0) : 0;
      return String(Math.max(needed, least));
    });
  }

  /**
   * Waits, later than the slowest verification of a password takes, so that an older hash or a known name cannot be told by the time
   * (ruling 15). On a machine that is late, until the next multiple: then too, what was computed does not show to the millisecond.
   * @param arrived in milliseconds of `monotonic()`
   */
  async untilFailuresAreTold(clock: Clock, arrived: number): Promise<void> {
    const step = await this.failureMilliseconds();
    await clock.until(arrived + step * Math.max(1, Math.ceil((clock.monotonic() - arrived) / step)));
  }

  /** @returns how long after its arrival a failed sign-in is answered; asked anew each time, since another process may have imported */
  async failureMilliseconds(): Promise<number> {
    const kept = Number((await this.#parts.settings.read(names.failure)) ?? 0);
    return Math.min(mostFailureMilliseconds, Math.max(leastFailureMilliseconds, kept));
  }
}
