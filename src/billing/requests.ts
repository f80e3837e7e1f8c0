// What was asked under which key, and what was answered: in the transaction of the act, so that a repeat acts once and hears the same.
import type { Connection, Tx } from '../platform/database/database.ts';

export type Answer = { readonly status: number; readonly body: object };
export type Asked = {
  readonly tokenId: string;
  /** of the header `Idempotency-Key` */
  readonly key: string;
  /** SHA-256 of address and body: the same key with other words is refused */
  readonly digest: string;
};

export class RequestStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async find({ tokenId, key }: Asked): Promise<(Answer & Pick<Asked, 'digest'>) | undefined> {
    const row = await this.#connection.db
      .selectFrom('billing_requests')
      .select(['digest', 'status', 'answer'])
      .where('token_id', '=', tokenId)
      .where('key', '=', key)
      .executeTakeFirst();
    return row && { digest: row.digest, status: row.status, body: JSON.parse(row.answer) };
  }

  /** @throws what the database says of a key that is there: the act of this transaction is undone with it */
  async add(
    tx: Tx,
    { tokenId, key, digest }: Asked,
    { customerId, status, body, now }: Answer & { customerId: string; now: number },
  ) {
    const row = { token_id: tokenId, key, digest, customer_id: customerId, status, answer: JSON.stringify(body), made_at: now };
    await tx.insertInto('billing_requests').values(row).execute();
  }

  async sweep(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('billing_requests').where('made_at', '<', before).execute();
  }
}
