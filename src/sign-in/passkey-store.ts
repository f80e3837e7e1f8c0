// The SQL of passkeys: public keys, and the counters that tell a copied authenticator.
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

export type Passkey = {
  /** credential id, base64url */
  readonly id: string;
  readonly personId: string;
  /** what its owner calls it */
  readonly name: string;
  /** COSE key, base64url */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly isBackedUp: boolean;
  /** epoch milliseconds */
  readonly createdAt: number;
  readonly usedAt: number | null;
};

export class PasskeyStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  async add(tx: Tx, passkey: Passkey): Promise<void> {
    await tx
      .insertInto('passkeys')
      .values({
        credential_id: passkey.id,
        person_id: passkey.personId,
        public_key: passkey.publicKey,
        counter: passkey.counter,
        transports: passkey.transports.join(),
        backed_up: Number(passkey.isBackedUp),
        name_sealed: this.#secrets.seal(passkey.name, place(passkey.id)),
        created_at: passkey.createdAt,
        used_at: passkey.usedAt,
      })
      .execute();
  }

  /** Oldest first. */
  async of(personId: string, reader: Reader = this.#connection.db): Promise<Passkey[]> {
    const rows = await reader
      .selectFrom('passkeys')
      .selectAll()
      .where('person_id', '=', personId)
      .orderBy('created_at')
      .execute();
    return rows.map((row) => this.#passkey(row));
  }

  async byId(id: string): Promise<Passkey | undefined> {
    const row = await this.#connection.db.selectFrom('passkeys').selectAll().where('credential_id', '=', id).executeTakeFirst();
    return row && this.#passkey(row);
  }

  async used(tx: Tx, id: string, counter: number, now: number): Promise<void> {
    await tx.updateTable('passkeys').set({ counter, used_at: now }).where('credential_id', '=', id).execute();
  }

  /** @returns whether there was one of that id and person */
  async remove(tx: Tx, personId: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await tx
      .deleteFrom('passkeys')
      .where('person_id', '=', personId)
      .where('credential_id', '=', id)
      .executeTakeFirst();
    return numDeletedRows === 1n;
  }

  #passkey(row: {
    credential_id: string;
    person_id: string;
    name_sealed: string;
    public_key: string;
    counter: number;
    transports: string;
    backed_up: number;
    created_at: number;
    used_at: number | null;
  }): Passkey {
    return {
      id: row.credential_id,
      personId: row.person_id,
      name: this.#secrets.open(row.name_sealed, place(row.credential_id)),
      publicKey: row.public_key,
      counter: row.counter,
      transports: row.transports.split(',').filter(Boolean),
      isBackedUp: row.backed_up === 1,
      createdAt: row.created_at,
      usedAt: row.used_at,
    };
  }
}

const place = (row: string) => ({ table: 'passkeys', column: 'name_sealed', row });
