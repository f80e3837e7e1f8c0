// The SQL of lost second factors: who waits for their removal, since when, and how it ended.
import type { Selectable } from 'kysely';
import type { SignInTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

type Row = Selectable<SignInTables['lost_factors']>;
export type LossOutcome = NonNullable<Row['outcome']>;

export type Loss = {
  readonly id: string;
  readonly personId: string;
  /** who asked the operator, and what for, in the operator's words */
  readonly askedBy: string;
  readonly reason: string;
  /** epoch milliseconds */
  readonly startedAt: number;
  readonly endsAt: number;
  /** the letter of the start */
  readonly letterId: string;
  /** when the newest letter about it was written */
  readonly toldAt: number;
};

export class LostFactorStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  async add(tx: Tx, loss: Loss): Promise<void> {
    const row: SignInTables['lost_factors'] = {
      id: loss.id,
      person_id: loss.personId,
      asked_by_sealed: this.#secrets.seal(loss.askedBy, place('asked_by_sealed', loss.id)),
      reason_sealed: this.#secrets.seal(loss.reason, place('reason_sealed', loss.id)),
      started_at: loss.startedAt,
      ends_at: loss.endsAt,
      letter_id: loss.letterId,
      told_at: loss.toldAt,
      ended_at: null,
      outcome: null,
    };
    await tx.insertInto('lost_factors').values(row).execute();
  }

  /** @returns what waits for this person */
  async openOf(personId: string, reader: Reader = this.#connection.db): Promise<Loss | undefined> {
    const row = await reader
      .selectFrom('lost_factors')
      .selectAll()
      .where('person_id', '=', personId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return row && this.#loss(row);
  }

  /** @returns all that wait, oldest first */
  async open(): Promise<Loss[]> {
    const rows = await this.#connection.db
      .selectFrom('lost_factors')
      .selectAll()
      .where('ended_at', 'is', null)
      .orderBy('started_at')
      .execute();
    return rows.map((row) => this.#loss(row));
  }

  /** @returns false when somebody else has told since, or it ended */
  async told(tx: Tx, { id, toldAt }: Loss, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('lost_factors')
      .set({ told_at: now })
      .where('id', '=', id)
      .where('told_at', '=', toldAt)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns false when it had ended already, also at the same moment */
  async end(tx: Tx, id: string, outcome: LossOutcome, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('lost_factors')
      .set({ ended_at: now, outcome })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  #loss(row: Row): Loss {
    return {
      id: row.id,
      personId: row.person_id,
      askedBy: this.#secrets.open(row.asked_by_sealed, place('asked_by_sealed', row.id)),
      reason: this.#secrets.open(row.reason_sealed, place('reason_sealed', row.id)),
      startedAt: row.started_at,
      endsAt: row.ends_at,
      letterId: row.letter_id,
      toldAt: row.told_at,
    };
  }
}

const place = (column: string, row: string) => ({ table: 'lost_factors', column, row });
