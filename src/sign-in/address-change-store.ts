// The SQL of changes of an e-mail address. Each step is one conditional update, so that of two at once one finds nothing to do.
import type { Selectable } from 'kysely';
import type { SignInTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';

type Row = Selectable<SignInTables['address_changes']>;

/** Which mailbox a link was mailed to. */
export type Side = 'old' | 'new';

export type AddressChange = {
  readonly id: string;
  readonly personId: string;
  readonly askedBy: 'person' | 'operator';
  readonly oldAddress: string;
  readonly newAddress: string;
  readonly renamesLogin: boolean;
  /** epoch milliseconds */
  readonly createdAt: number;
  readonly waitsUntil: number | null;
  readonly expiresAt: number;
  readonly oldConfirmedAt: number | null;
  readonly newConfirmedAt: number | null;
};

export type NewAddressChange = Omit<AddressChange, 'oldConfirmedAt' | 'newConfirmedAt'>;

export class AddressChangeStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @param tokens of the two letters; without `new` the letter to the new address has no link */
  async add(tx: Tx, change: NewAddressChange, tokens: { readonly old: string; readonly new?: string }): Promise<void> {
    const { id } = change;
    const row: SignInTables['address_changes'] = {
      id,
      person_id: change.personId,
      asked_by: change.askedBy,
      old_sealed: this.#secrets.seal(change.oldAddress, place('old_sealed', id)),
      new_sealed: this.#secrets.seal(change.newAddress, place('new_sealed', id)),
      old_token_hash: hashToken(tokens.old),
      new_token_hash: tokens.new === undefined ? null : hashToken(tokens.new),
      undo_token_hash: null,
      renames_login: change.renamesLogin ? 1 : 0,
      created_at: change.createdAt,
      waits_until: change.waitsUntil,
      expires_at: change.expiresAt,
      old_confirmed_at: null,
      new_confirmed_at: null,
      done_at: null,
      ended_at: null,
    };
    await tx.insertInto('address_changes').values(row).execute();
  }

  /** @returns the change that waits for its confirmations */
  async open(personId: string, now: number): Promise<AddressChange | undefined> {
    const row = await this.#connection.db
      .selectFrom('address_changes')
      .selectAll()
      .where('person_id', '=', personId)
      .where('done_at', 'is', null)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return row && this.#change(row);
  }

  async byToken(side: Side, token: string, now: number): Promise<AddressChange | undefined> {
    const row = await this.#connection.db
      .selectFrom('address_changes')
      .selectAll()
      .where(`${side}_token_hash`, '=', hashToken(token))
      .where(`${side}_confirmed_at`, 'is', null)
      .where('done_at', 'is', null)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return row && this.#change(row);
  }

  /** @returns the change as it is now; undefined when this link was used, has expired or was replaced */
  async confirm(tx: Tx, side: Side, token: string, now: number): Promise<AddressChange | undefined> {
    const row = await tx
      .updateTable('address_changes')
      .set({ [`${side}_confirmed_at`]: now })
      .where(`${side}_token_hash`, '=', hashToken(token))
      .where(`${side}_confirmed_at`, 'is', null)
      .where('done_at', 'is', null)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
    return row && this.#change(row);
  }

  /** @param undo the token of the link that undoes it, and until when it is good */
  async done(tx: Tx, id: string, now: number, undo: { token: string; until: number }): Promise<void> {
    await tx
      .updateTable('address_changes')
      .set({ done_at: now, undo_token_hash: hashToken(undo.token), expires_at: undo.until })
      .where('id', '=', id)
      .execute();
  }

  /** @returns how many waited */
  async endOpen(tx: Tx, personId: string, now: number): Promise<number> {
    const { numUpdatedRows } = await tx
      .updateTable('address_changes')
      .set({ ended_at: now })
      .where('person_id', '=', personId)
      .where('done_at', 'is', null)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  async byUndo(token: string, now: number, reader: Reader = this.#connection.db): Promise<AddressChange | undefined> {
    const row = await reader
      .selectFrom('address_changes')
      .selectAll()
      .where('undo_token_hash', '=', hashToken(token))
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return row && this.#change(row);
  }

  /** This change and every later one are over: whoever undoes one does not agree to what came after it. @returns false when it was over */
  async undo(tx: Tx, change: AddressChange, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('address_changes')
      .set({ ended_at: now })
      .where('id', '=', change.id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    await tx
      .updateTable('address_changes')
      .set({ ended_at: now })
      .where('person_id', '=', change.personId)
      .where('created_at', '>=', change.createdAt)
      .where('ended_at', 'is', null)
      .execute();
    return numUpdatedRows > 0n;
  }

  /** Deletes what can neither be confirmed nor undone any more: addresses are not kept longer than they are of use. */
  async sweep(now: number): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('address_changes').where('expires_at', '<=', now).execute());
  }

  #change(row: Row): AddressChange {
    return {
      id: row.id,
      personId: row.person_id,
      askedBy: row.asked_by,
      oldAddress: this.#secrets.open(row.old_sealed, place('old_sealed', row.id)),
      newAddress: this.#secrets.open(row.new_sealed, place('new_sealed', row.id)),
      renamesLogin: row.renames_login === 1,
      createdAt: row.created_at,
      waitsUntil: row.waits_until,
      expiresAt: row.expires_at,
      oldConfirmedAt: row.old_confirmed_at,
      newConfirmedAt: row.new_confirmed_at,
    };
  }
}

const place = (column: string, row: string) => ({ table: 'address_changes', column, row });
