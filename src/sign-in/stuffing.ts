// The detector of credential stuffing (security.md C.1, "whole service"): many names from one network, or far more failures than usual.
import type { Limits } from '../options.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Count, Counters, Hit } from '../platform/counters/port.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';

export type StuffingParts = {
  readonly connection: Connection;
  readonly counters: Counters;
  readonly letters: Letters;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly limits: Pick<Limits, 'failuresOfService' | 'namesBeforeAlarm'>;
  /** who is told by letter */
  readonly operatorEmail: string | undefined;
};

/** It ends by itself so long after the last sign of an attack. */
const alarmMilliseconds = 30 * minute;
/** An alarm that is on is prolonged at most so often. */
const prolongMilliseconds = minute;
/** So many times the usual failures for each success (security.md C.1). */
const farAbove = 5;
/** A new panel knows no usual, and one that was under attack must not take that for usual. */
const usual = { least: 0.2, most: 2 };

export type StuffingSign = 'names' | 'failures';

/** Everything it knows stands in the counters: all web processes see one alarm, and a restart does not end it. */
export class Stuffing {
  readonly #parts: StuffingParts;
  readonly #alarm: Hit = { key: 'signIn.alarm', windowMilliseconds: alarmMilliseconds };
  readonly #failed: Hit;
  readonly #entered: Hit;
  readonly #usuallyFailed: Hit = { key: 'signIn.service.usuallyFailed', windowMilliseconds: 7 * day };
  readonly #usuallyEntered: Hit = { key: 'signIn.service.usuallyEntered', windowMilliseconds: 7 * day };
  #prolongedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: StuffingParts) {
    this.#parts = parts;
    const { windowMilliseconds } = parts.limits.failuresOfService;
    this.#failed = { key: 'signIn.service.failed', windowMilliseconds };
    this.#entered = { key: 'signIn.service.entered', windowMilliseconds };
  }

  /** @returns whether every stranger is asked for a CAPTCHA now */
  async isOn(): Promise<boolean> {
    const { key, windowMilliseconds } = this.#alarm;
    return (await this.#parts.counters.read(key, windowMilliseconds)).count > 0;
  }

  /**
   * What an attempt of a stranger adds until it is known to be right. During an alarm nothing is added to what is usual.
   * @param isLoud an address that has failed often adds nothing more: the failures of one alone are no attack on the service
   */
  hits({ isOn, isLoud }: { isOn: boolean; isLoud: boolean }): Hit[] {
    if (isLoud) return [];
    return isOn ? [this.#failed] : [this.#failed, this.#usuallyFailed];
  }

  /** A password was right. */
  async entered(): Promise<void> {
    await this.#parts.counters.hitAll([this.#entered, this.#usuallyEntered]);
  }

  /** Looks whether an attempt shows an attack. @param names different login names that were tried from one network within the hour */
  async look(names: number): Promise<void> {
    const sign =
      names > this.#parts.limits.namesBeforeAlarm.count ? 'names' : (await this.#isFarAboveUsual()) ? 'failures' : undefined;
    if (sign) await this.#raise(sign);
  }

  async #isFarAboveUsual(): Promise<boolean> {
    const { counters, limits } = this.#parts;
    const hits = [this.#failed, this.#entered, this.#usuallyFailed, this.#usuallyEntered];
    const [failed, entered, before, beforeEntered] = (await counters.readAll(hits)).map(({ count }: Count) => count);
    if ((failed ?? 0) < limits.failuresOfService.count) return false;
    const ratio = (failures = 0, successes = 0) => failures / Math.max(1, successes);
    const usually = Math.min(usual.most, Math.max(usual.least, ratio(before, beforeEntered)));
    return ratio(failed, entered) > farAbove * usually;
  }

  /** Whoever counts the first hit tells the operator: of all processes one. */
  async #raise(sign: StuffingSign): Promise<void> {
    const { counters, clock, log, letters, connection, operatorEmail } = this.#parts;
    if (clock.monotonic() < this.#prolongedAt + prolongMilliseconds && (await this.isOn())) return;
    this.#prolongedAt = clock.monotonic();
    const { count } = await counters.hit(this.#alarm.key, this.#alarm.windowMilliseconds);
    if (count > 1) return;
    log.warn({ sign }, 'many sign-ins fail: somebody tries passwords of others; all strangers are asked for a CAPTCHA');
    if (operatorEmail === undefined) return;
    const parameters = { at: clock.now(), sign, minutes: alarmMilliseconds / minute };
    await connection.write((tx) => letters.queue(tx, { template: 'stuffing', language: 'ko', to: operatorEmail, parameters }));
  }
}
