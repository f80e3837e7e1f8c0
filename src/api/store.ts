// The SQL of programs' tokens. What is shown to a person is looked up by customer.
import type { Selectable } from 'kysely';
import type { ApiTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

type Row = Selectable<ApiTables['api_tokens']>;

export type Token = {
  readonly id: string;
  readonly customerId: string;
  /** who made it */
  readonly personId: string;
  /** null: every site its maker may look at */
  readonly siteId: string | null;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly usedAddress: string | undefined;
  /** keyed digests */
  readonly knownNetworks: readonly string[];
  readonly endedAt: number | null;
};

export type NewToken = Pick<Token, 'id' | 'customerId' | 'personId' | 'siteId' | 'name' | 'createdAt' | 'expiresAt'> & {
  readonly hash: string;
};

const place = (row: string, column: string) => ({ table: 'api_tokens', column, row });
const numberOf = (value: number | null) => (value === null ? null : Number(value));

export class TokenStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  async add(tx: Tx, { id, customerId, personId, siteId, name, createdAt, expiresAt, hash }: NewToken): Promise<void> {
    const never = { used_at: null, used_address_sealed: null, known_networks: '[]', expiry_told_at: null, ended_at: null };
    await tx
      .insertInto('api_tokens')
      .values({
        ...{ id, customer_id: customerId, person_id: personId, site_id: siteId, scope: 'backups:read', token_hash: hash },
        ...{ name_sealed: this.#secrets.seal(name, place(id, 'name_sealed')), created_at: createdAt, expires_at: expiresAt },
        ...never,
      })
      .execute();
  }

  /** Whoever it belongs to: the token itself is the proof. */
  async byHash(hash: string): Promise<Token | undefined> {
    const row = await this.#connection.db
      .selectFrom('api_tokens')
      .selectAll()
      .where('token_hash', '=', hash)
      .where('scope', '=', 'backups:read')
      .executeTakeFirst();
    return row && this.#opened(row);
  }

  async byId(customerId: string, id: string): Promise<Token | undefined> {
    const row = await this.#of(customerId).where('id', '=', id).executeTakeFirst();
    return row && this.#opened(row);
  }

  /** Those that still hold, newest first. */
  async valid(customerId: string, now: number, reader?: Reader): Promise<Token[]> {
    const rows = await this.#of(customerId, reader)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map((row) => this.#opened(row));
  }

  #of(customerId: string, reader: Reader = this.#connection.db) {
    return reader.selectFrom('api_tokens').selectAll().where('customer_id', '=', customerId);
  }

  /** @returns false when it was over before */
  async end(tx: Tx, { id, customerId }: Pick<Token, 'id' | 'customerId'>, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('api_tokens')
      .set({ ended_at: now })
      .where('id', '=', id)
      .where('customer_id', '=', customerId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async noteUse(tx: Tx, id: string, { at, address, networks }: { at: number; address: string; networks: readonly string[] }) {
    const used_address_sealed = this.#secrets.seal(address, place(id, 'used_address_sealed'));
    await tx
      .updateTable('api_tokens')
      .set({ used_at: at, used_address_sealed, known_networks: JSON.stringify(networks) })
      .where('id', '=', id)
      .execute();
  }

  /** Whose maker was not told yet that they end before then. */
  async endingBefore(now: number, before: number, most: number): Promise<Token[]> {
    const rows = await this.#connection.db
      .selectFrom('api_tokens')
      .selectAll()
      .where('ended_at', 'is', null)
      .where('expiry_told_at', 'is', null)
      .where('expires_at', '>', now)
      .where('expires_at', '<=', before)
      .orderBy('id')
      .limit(most)
      .execute();
    return rows.map((row) => this.#opened(row));
  }

  async noteTold(tx: Tx, id: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('api_tokens')
      .set({ expiry_told_at: now })
      .where('id', '=', id)
      .where('expiry_told_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Forgets those that were over by then. */
  async sweep(tx: Tx, before: number): Promise<void> {
    await tx
      .deleteFrom('api_tokens')
      .where((eb) => eb.or([eb('ended_at', '<', before), eb('expires_at', '<', before)]))
      .execute();
  }

  #opened(row: Row): Token {
    const { id, used_address_sealed: address } = row;
    return {
      ...{ id, customerId: row.customer_id, personId: row.person_id, siteId: row.site_id },
      name: this.#secrets.open(row.name_sealed, place(id, 'name_sealed')),
      ...{ createdAt: Number(row.created_at), expiresAt: Number(row.expires_at), usedAt: numberOf(row.used_at) },
      usedAddress: address === null ? undefined : this.#secrets.open(address, place(id, 'used_address_sealed')),
      knownNetworks: JSON.parse(row.known_networks),
      endedAt: numberOf(row.ended_at),
    };
  }
}
