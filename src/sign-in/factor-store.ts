// The SQL of second factors: what each is, and that a code is good once.
import type { SignInTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

export type App = {
  readonly id: string;
  /** base32, as an authenticator app takes it */
  readonly secret: string;
  /** epoch milliseconds */
  readonly createdAt: number;
  readonly usedAt: number | null;
};

export class FactorStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  async app(personId: string, reader: Reader = this.#connection.db): Promise<App | undefined> {
    const row = await reader
      .selectFrom('second_factors')
      .selectAll()
      .where('person_id', '=', personId)
      .where('kind', '=', 'totp')
      .executeTakeFirst();
    if (!row) return undefined;
    const secret = this.#secrets.open(row.secret_sealed, place(row.id));
    return { id: row.id, secret, createdAt: row.created_at, usedAt: row.used_at };
  }

  /** @returns which factors beside the password the person has */
  async kinds(personId: string, reader: Reader = this.#connection.db): Promise<{ app: boolean; passkey: boolean }> {
    const app = await reader.selectFrom('second_factors').select('id').where('person_id', '=', personId).executeTakeFirst();
    const passkey = await reader.selectFrom('passkeys').select('person_id').where('person_id', '=', personId).executeTakeFirst();
    return { app: app !== undefined, passkey: passkey !== undefined };
  }

  /**
   * Removes apps and passkeys that were added at `since` or later (epoch milliseconds), and the recovery codes with the last factor.
   * @returns how many factors
   */
  async removeSince(tx: Tx, personId: string, since: number): Promise<number> {
    const apps = await tx
      .deleteFrom('second_factors')
      .where('person_id', '=', personId)
      .where('created_at', '>=', since)
      .executeTakeFirst();
    const passkeys = await tx
      .deleteFrom('passkeys')
      .where('person_id', '=', personId)
      .where('created_at', '>=', since)
      .executeTakeFirst();
    await this.dropCodesWithoutFactor(tx, personId);
    return Number(apps.numDeletedRows + passkeys.numDeletedRows);
  }

  /** @returns when this app or passkey of the person was added, epoch milliseconds; undefined when it is gone */
  async addedAt(personId: string, id: string): Promise<number | undefined> {
    const { db } = this.#connection;
    const app = db.selectFrom('second_factors').select('created_at').where('person_id', '=', personId).where('id', '=', id);
    const passkey = db
      .selectFrom('passkeys')
      .select('created_at')
      .where('person_id', '=', personId)
      .where('credential_id', '=', id);
    return ((await app.executeTakeFirst()) ?? (await passkey.executeTakeFirst()))?.created_at;
  }

  /** Recovery codes stand in for a factor; without any they would only be spare keys. */
  async dropCodesWithoutFactor(tx: Tx, personId: string): Promise<void> {
    const { app, passkey } = await this.kinds(personId, tx);
    if (!app && !passkey) await tx.deleteFrom('recovery_codes').where('person_id', '=', personId).execute();
  }

  /** @param step the time step of the code that confirmed it, which is good no second time */
  async addApp(tx: Tx, app: { id: string; personId: string; secret: string; step: number; now: number }): Promise<void> {
    const row: SignInTables['second_factors'] = {
      id: app.id,
      person_id: app.personId,
      kind: 'totp',
      secret_sealed: this.#secrets.seal(app.secret, place(app.id)),
      last_step: app.step,
      created_at: app.now,
      used_at: app.now,
    };
    await tx.insertInto('second_factors').values(row).execute();
  }

  /** @returns false when a code of this time step or a later one was used already, also at the same moment */
  async useStep(tx: Tx, id: string, step: number, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('second_factors')
      .set({ last_step: step, used_at: now })
      .where('id', '=', id)
      .where('last_step', '<', step)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async remove(tx: Tx, personId: string): Promise<number> {
    const { numDeletedRows } = await tx.deleteFrom('second_factors').where('person_id', '=', personId).executeTakeFirst();
    await this.dropCodesWithoutFactor(tx, personId);
    return Number(numDeletedRows);
  }

  /** Removes app, passkeys and recovery codes. */
  async removeAll(tx: Tx, personId: string): Promise<void> {
    for (const table of ['second_factors', 'passkeys', 'recovery_codes'] as const)
      await tx.deleteFrom(table).where('person_id', '=', personId).execute();
  }

  /** Replaces all codes of the person. The digest is keyed, so that a copy of the database alone tells nothing. */
  async setCodes(tx: Tx, personId: string, codes: readonly string[], now: number): Promise<void> {
    await tx.deleteFrom('recovery_codes').where('person_id', '=', personId).execute();
    const row = (code: string) => ({
      code_digest: this.#digest(personId, code),
      person_id: personId,
      created_at: now,
      used_at: null,
    });
    await tx.insertInto('recovery_codes').values(codes.map(row)).execute();
  }

  async useCode(tx: Tx, personId: string, code: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('recovery_codes')
      .set({ used_at: now })
      .where('code_digest', '=', this.#digest(personId, code))
      .where('used_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async codesLeft(personId: string, reader: Reader = this.#connection.db): Promise<number> {
    const rows = await reader
      .selectFrom('recovery_codes')
      .select('code_digest')
      .where('person_id', '=', personId)
      .where('used_at', 'is', null)
      .execute();
    return rows.length;
  }

  #digest(personId: string, code: string): string {
    return this.#secrets.digest('recovery_codes', `${personId}|${code}`);
  }
}

const place = (row: string) => ({ table: 'second_factors', column: 'secret_sealed', row });
