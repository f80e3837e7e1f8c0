// A verified person's e-mail address: whose one is, and changing it. Sealed value and look-up value change together.
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { conflict, Invalid } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { canonicalAddress, takenAddress } from './addresses.ts';
import type { MailedTokens } from './mailed-tokens.ts';
import type { AccountStore } from './store.ts';

export class Mailboxes {
  readonly #connection: Connection;
  readonly #secrets: Secrets;
  readonly #store: AccountStore;
  readonly #tokens: MailedTokens;

  constructor(connection: Connection, secrets: Secrets, store: AccountStore, tokens: MailedTokens) {
    this.#connection = connection;
    this.#secrets = secrets;
    this.#store = store;
    this.#tokens = tokens;
  }

  /** @returns an e-mail address as letters go to it. @throws Invalid on `field` */
  accept(typed: string, field: string): string {
    const taken = takenAddress(typed);
    if ('faults' in taken) throw new Invalid({ [field]: taken.faults });
    return taken.address;
  }

  /** @returns the same, with the reasons against it instead of an error */
  taken(typed: string): ReturnType<typeof takenAddress> {
    return takenAddress(typed);
  }

  /** @returns the verified person whose mailbox this is: by address, whatever login names say */
  async owner(address: string, reader: Reader = this.#connection.db): Promise<{ readonly id: string } | undefined> {
    const found = await this.#store.ownerOf(reader, address);
    return found && { id: found.id };
  }

  /** @returns a keyed digest of an address, the same however it is written */
  index(address: string): string {
    return this.#store.emailIndex(address);
  }

  /** @returns whether both are one mailbox, however they are written */
  isSame(one: string, other: string): boolean {
    return canonicalAddress(one) === canonicalAddress(other);
  }

  /** @returns whether another verified person has this address, as its own or as a login name; for no page that a stranger sees */
  async isTaken(address: string, butPersonId: string, reader: Reader = this.#connection.db): Promise<boolean> {
    const others = reader.selectFrom('persons').select('id').where('verified_at', 'is not', null).where('id', '!=', butPersonId);
    // Two statements, each with its index: SQLite reads every person for one with `or`.
    const byAddress = await others.where('email_index', 'in', this.#indexes('persons.email', address)).executeTakeFirst();
    const byName = await others.where('login_name_index', 'in', this.#indexes('persons.login_name', address)).executeTakeFirst();
    return (byAddress ?? byName) !== undefined;
  }

  /** As rows may have it while keys change. */
  #indexes(field: string, address: string): string[] {
    return this.#secrets.indexes(field, canonicalAddress(address));
  }

  /** Joins the caller's transaction: acts on persons of this address come one after the other. */
  async lock(tx: Tx, address: string): Promise<void> {
    await tx
      .selectFrom('persons')
      .select('id')
      .where('email_index', 'in', this.#indexes('persons.email', address))
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  /**
   * Joins the caller's transaction: sealed value and look-up value change together, and no link that was mailed before works on.
   * @param withLogin the login name becomes this address too
   * @throws PanelError 409 `address.taken` when it is another person's; of two at the same moment one fails at the unique index
   */
  async set(tx: Tx, personId: string, address: string, withLogin: boolean): Promise<void> {
    await this.lock(tx, address);
    if (await this.isTaken(address, personId, tx)) throw conflict('address.taken');
    const seal = (column: string) => this.#secrets.seal(address, { table: 'persons', column, row: personId });
    const login = { login_name_sealed: seal('login_name_sealed'), login_name_index: this.#store.loginIndex(address) };
    await tx
      .updateTable('persons')
      .set({ email_sealed: seal('email_sealed'), email_index: this.#store.emailIndex(address), ...(withLogin && login) })
      .where('id', '=', personId)
      .execute();
    await this.#tokens.revoke(tx, ['login-link', 'password-reset', 'not-me', 'networks-off'], [personId]);
  }
}
