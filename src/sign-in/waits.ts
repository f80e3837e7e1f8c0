// Growing waits of one login name, known or not (security.md C.1; NIST SP 800-63B-4 §3.2.2): 30 s, doubling to an hour.
import { type Clock, hour, second } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

const shortestMilliseconds = 30 * second;
const longestMilliseconds = hour;
/** So long after its end without another attempt, a wait is forgotten and the next one is short again. */
const forgetMilliseconds = hour;

type Wait = { readonly level: number; readonly until: number };

/**
 * The state is a row, so that it is one for all processes and survives a restart. Each attempt is served under the row's lock and moves
 * the end of the wait before its password is looked at: of a burst one comes through.
 */
export class Waits {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor({ connection, clock }: { connection: Connection; clock: Clock }) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** @returns whether waits of this name have begun, and until when it must wait now, in epoch milliseconds */
  async state(loginIndex: string): Promise<{ readonly hasBegun: boolean; readonly until?: number }> {
    const row = await this.#connection.db
      .selectFrom('sign_in_waits')
      .select('until')
      .where('login_index', '=', loginIndex)
      .executeTakeFirst();
    const until = this.#still(row?.until ?? 0);
    return { hasBegun: row !== undefined, ...(until !== undefined && { until }) };
  }

  /** A time that is further away than any wait was written before the clock was set back. */
  #still(until: number): number | undefined {
    const now = this.#clock.now();
    return until > now && until <= now + longestMilliseconds ? until : undefined;
  }

  /**
   * Asks for one attempt, and makes the next one wait.
   * @param due failures are so many that waits begin; once begun they go on by themselves until they are forgotten
   * @returns until when the attempt must wait; undefined: it may go on
   */
  async serve(loginIndex: string, due: boolean): Promise<number | undefined> {
    return this.#connection.write(async (tx) => {
      const before = await this.#locked(tx, loginIndex, due);
      if (!before) return undefined;
      const still = this.#still(before.until);
      if (still !== undefined) return still;
      const length = Math.min(longestMilliseconds, shortestMilliseconds * 2 ** Math.min(before.level, 20));
      await this.#set(tx, loginIndex, { level: before.level + 1, until: this.#clock.now() + length });
      return undefined;
    });
  }

  /** @returns the wait as it stands; undefined when none has begun and none is due */
  async #locked(tx: Tx, loginIndex: string, due: boolean): Promise<Wait | undefined> {
    const now = this.#clock.now();
    if (due)
      await tx
        .insertInto('sign_in_waits')
        .values({ login_index: loginIndex, level: 0, until: 0, forget_at: now + forgetMilliseconds })
        .onConflict((oc) => oc.column('login_index').doNothing())
        .execute();
    const row = await tx
      .selectFrom('sign_in_waits')
      .selectAll()
      .where('login_index', '=', loginIndex)
      .forUpdate()
      .executeTakeFirst();
    if (!row) return undefined;
    if (row.forget_at > now) return row;
    return due ? { level: 0, until: 0 } : undefined;
  }

  async #set(tx: Tx, loginIndex: string, { level, until }: Wait): Promise<void> {
    await tx
      .updateTable('sign_in_waits')
      .set({ level, until, forget_at: until + forgetMilliseconds })
      .where('login_index', '=', loginIndex)
      .execute();
  }

  /** An attempt that was served and came to nothing, as if it had not been. */
  async takeBack(loginIndex: string): Promise<void> {
    await this.#connection.write(async (tx) => {
      const row = await tx
        .selectFrom('sign_in_waits')
        .selectAll()
        .where('login_index', '=', loginIndex)
        .forUpdate()
        .executeTakeFirst();
      if (row && row.level > 0) await this.#set(tx, loginIndex, { level: row.level - 1, until: this.#clock.now() });
    });
  }

  /** The password was right: there is nothing to wait for. */
  async clear(loginIndex: string): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('sign_in_waits').where('login_index', '=', loginIndex).execute());
  }

  /** Removes waits that are forgotten. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    await this.#connection.write((tx) => tx.deleteFrom('sign_in_waits').where('forget_at', '<=', now).execute());
  }
}
