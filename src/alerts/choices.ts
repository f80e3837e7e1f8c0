// The SQL of what customers have chosen to be told by the calendar, and of what they were told so.
import type { AlertTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

export type RoundKind = AlertTables['alert_rounds']['kind'];
/** Problems are told whatever is chosen. */
export type AlertChoices = Readonly<Record<RoundKind, boolean>>;

const customersAtOnce = 100;

export class ChoiceStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async of(customerId: string): Promise<AlertChoices> {
    const row = await this.#connection.db
      .selectFrom('alert_choices')
      .select(['digest', 'reminder'])
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
    return { digest: row?.digest !== 0, reminder: row?.reminder !== 0 };
  }

  async set(tx: Tx, customerId: string, { digest, reminder }: AlertChoices, now: number): Promise<void> {
    const chosen = { digest: Number(digest), reminder: Number(reminder), changed_at: now };
    await tx
      .insertInto('alert_choices')
      .values({ customer_id: customerId, ...chosen })
      .onConflict((conflict) => conflict.column('customer_id').doUpdateSet(chosen))
      .execute();
  }

  async lastRound(customerId: string, kind: RoundKind): Promise<number | undefined> {
    const row = await this.#connection.db
      .selectFrom('alert_rounds')
      .select('round_at')
      .where('customer_id', '=', customerId)
      .where('kind', '=', kind)
      .executeTakeFirst();
    return row && Number(row.round_at);
  }

  /** @returns false when this round was made already, by whoever makes them */
  async setRound(tx: Tx, customerId: string, { kind, due }: { kind: RoundKind; due: number }): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('alert_rounds')
      .values({ customer_id: customerId, kind, round_at: due })
      .onConflict((conflict) =>
        conflict.columns(['customer_id', 'kind']).doUpdateSet({ round_at: due }).where('alert_rounds.round_at', '<', due),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** @returns some of the customers with sites that were open then, in order */
  async customers(after: string, openedBefore: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('sites')
      .select('customer_id')
      .distinct()
      .where('customer_id', '>', after)
      .where('opened_at', '<=', openedBefore)
      .where('terminated_at', 'is', null)
      .orderBy('customer_id')
      .limit(customersAtOnce)
      .execute();
    return rows.map(({ customer_id }) => customer_id);
  }
}
