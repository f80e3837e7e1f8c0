// The SQL of a person's own sessions: which there are, and their end.
import type { SessionData } from 'express-session';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

export type OwnSession = {
  /** digest of the cookie's id: names the session and opens nothing */
  readonly id: string;
  /** epoch milliseconds */
  readonly startedAt: number;
  readonly seenAt: number;
  /** where it was signed in */
  readonly address?: string;
  readonly agent?: string;
};

export class SignInStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** Newest use first. */
  async sessionsOf(personId: string, now: number): Promise<OwnSession[]> {
    const rows = await this.#connection.db
      .selectFrom('sessions')
      .select(['id_hash', 'data_sealed', 'created_at', 'seen_at'])
      .where('person_id', '=', personId)
      .where('expires_at', '>', now)
      .orderBy('seen_at', 'desc')
      .execute();
    return rows.map(({ id_hash: id, data_sealed, created_at, seen_at }) => {
      const data: SessionData = JSON.parse(
        this.#secrets.open(data_sealed, { table: 'sessions', column: 'data_sealed', row: id }),
      );
      return { id, startedAt: data.startedAt ?? created_at, seenAt: seen_at, ...data.signedInFrom };
    });
  }

  /** @returns how many were ended: none when it is somebody else's or over already */
  async end(tx: Tx, personId: string, id: string): Promise<number> {
    const { numDeletedRows } = await tx
      .deleteFrom('sessions')
      .where('person_id', '=', personId)
      .where('id_hash', '=', id)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /**
   * Ends those that were used longest ago, until one more is among the most a person may have at once (ASVS 7.1.2).
   * @returns how many
   */
  async makeRoom(tx: Tx, personId: string, now: number, most: number): Promise<number> {
    const kept = await tx
      .selectFrom('sessions')
      .select('id_hash')
      .where('person_id', '=', personId)
      .where('expires_at', '>', now)
      .orderBy('seen_at', 'desc')
      .orderBy('created_at', 'desc')
      .limit(most - 1)
      .execute();
    const { numDeletedRows } = await tx
      .deleteFrom('sessions')
      .where('person_id', '=', personId)
      .where('id_hash', 'not in', ['', ...kept.map(({ id_hash }) => id_hash)])
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** Of everybody; anonymous ones stay. @returns how many */
  async endEverybodys(tx: Tx): Promise<number> {
    const { numDeletedRows } = await tx.deleteFrom('sessions').where('person_id', 'is not', null).executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** @param but the one that stays */
  async endAll(tx: Tx, personId: string, but = ''): Promise<number> {
    const { numDeletedRows } = await tx
      .deleteFrom('sessions')
      .where('person_id', '=', personId)
      .where('id_hash', '!=', but)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** @returns how many sessions the person had at this customer */
  async endAt(tx: Tx, personId: string, customerId: string): Promise<number> {
    const { numDeletedRows } = await tx
      .deleteFrom('sessions')
      .where('person_id', '=', personId)
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** @returns when a session of each person at the customer was last used */
  async seenAt(customerId: string): Promise<Map<string, number>> {
    const rows = await this.#connection.db
      .selectFrom('sessions')
      .select(['person_id', (eb) => eb.fn.max('seen_at').as('seen')])
      .where('customer_id', '=', customerId)
      .where('person_id', 'is not', null)
      .groupBy('person_id')
      .execute();
    return new Map(rows.map(({ person_id, seen }) => [person_id ?? '', Number(seen)]));
  }
}
