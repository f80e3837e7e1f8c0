// Signs of life: a worker writes one every minute, and whoever else is there looks for it.
import type { Connection, Tx } from '../platform/database/database.ts';

export type Heartbeat = { readonly at: number; readonly toldAt: number | null };

const worker = 'worker';

export class Heartbeats {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async beat(now: number): Promise<void> {
    const row = { name: worker, at: now, told_at: null };
    await this.#connection.write((tx) =>
      tx
        .insertInto('heartbeats')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: now }))
        .execute(),
    );
  }

  /** @returns undefined when no worker ever worked */
  async read(): Promise<Heartbeat | undefined> {
    const row = await this.#connection.db
      .selectFrom('heartbeats')
      .select(['at', 'told_at'])
      .where('name', '=', worker)
      .executeTakeFirst();
    return row && { at: Number(row.at), toldAt: row.told_at === null ? null : Number(row.told_at) };
  }

  /** @returns whether this is the first to say so: of several that look, one tells */
  async tell(tx: Tx, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('heartbeats')
      .set({ told_at: now })
      .where('name', '=', worker)
      .where('told_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns whether it had been told: then that it is back is told as well */
  async forgive(tx: Tx): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('heartbeats')
      .set({ told_at: null })
      .where('name', '=', worker)
      .where('told_at', 'is not', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }
}
