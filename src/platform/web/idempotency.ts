// A form that is sent twice acts once: its key is claimed before the act and finished in the act's own transaction.
import type { Request } from 'express';
import { type Clock, day, minute } from '../clock.ts';
import type { Connection, Tx } from '../database/database.ts';
import { conflict } from '../errors.ts';

/** What a form's act is handed. */
export type Once = {
  /** Notes in the act's transaction where the answer leads; without it a repeat would act again. */
  finish(tx: Tx, location: string): Promise<void>;
};

/** The first answer's address, when the form was already sent; else a key that is now claimed. */
export type Claim = { readonly repeated: string } | { readonly once: Once; release(): Promise<void> };

/** Of a form without a key: each sending is an act of its own. */
export const neverRepeats: Claim = { once: { finish: async () => {} }, release: async () => {} };

/** One claim of a key; a later one has another time. */
type Claimed = { readonly owner: string; readonly key: string; readonly created_at: number };

export class Idempotency {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * @param sent the form's `_idem`; without one every sending acts
   * @throws PanelError 409 while the first sending still runs
   */
  async claim(req: Request, owner: string, sent: unknown): Promise<Claim> {
    if (typeof sent !== 'string' || !/^[\w-]{8,100}$/.test(sent)) return neverRepeats;
    // Two forms of one page carry the same key; each is an act of its own.
    const key = `${req.visit.path} ${sent}`;
    const now = this.#clock.now();
    const row = { owner, key, address: req.visit.path, created_at: now, finished_at: null, location: null };
    const known = await this.#connection.write(async (tx) => {
      // A claim that was never finished belongs to a process that died; its act did not happen.
      await tx
        .deleteFrom('idempotency_keys')
        .where('owner', '=', owner)
        .where('key', '=', key)
        .where((eb) =>
          eb.or([
            eb('created_at', '<', now - day),
            // the clock was set back
            eb.and([eb('finished_at', 'is', null), eb('created_at', '>', now + minute)]),
            eb.and([eb('finished_at', 'is', null), eb('created_at', '<', now - 5 * minute)]),
          ]),
        )
        .execute();
      const made = await tx
        .insertInto('idempotency_keys')
        .values(row)
        .onConflict((conflicted) => conflicted.columns(['owner', 'key']).doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows === 1n) return undefined;
      return tx
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('owner', '=', owner)
        .where('key', '=', key)
        .executeTakeFirstOrThrow();
    });
    if (known?.finished_at != null && known.location !== null) return { repeated: known.location };
    if (known) throw conflict('error.stillRunning');
    return {
      once: { finish: (tx, location) => this.#finish(tx, row, location) },
      release: () => this.#release(row),
    };
  }

  /** @throws PanelError 409 when the claim was taken for a dead one's meanwhile, and another sending acts */
  async #finish(tx: Tx, { owner, key, created_at }: Claimed, location: string): Promise<void> {
    const finished_at = this.#clock.now();
    const finished = await tx
      .updateTable('idempotency_keys')
      .set({ finished_at, location })
      .where('owner', '=', owner)
      .where('key', '=', key)
      .where('created_at', '=', created_at)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    if (finished.numUpdatedRows !== 1n) throw conflict('error.stillRunning');
  }

  /** A refused form frees its key. */
  async #release({ owner, key, created_at }: Claimed): Promise<void> {
    await this.#connection.write((tx) =>
      tx
        .deleteFrom('idempotency_keys')
        .where('owner', '=', owner)
        .where('key', '=', key)
        .where('created_at', '=', created_at)
        .where('finished_at', 'is', null)
        .execute(),
    );
  }

  /** Removes keys older than a day. */
  async sweep(): Promise<void> {
    await this.#connection.write((tx) =>
      tx
        .deleteFrom('idempotency_keys')
        .where('created_at', '<', this.#clock.now() - day)
        .execute(),
    );
  }
}
