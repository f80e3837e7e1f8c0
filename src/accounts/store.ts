// The SQL of persons, customers and memberships. Personal values are sealed here and nowhere else.
import type { Selectable } from 'kysely';
import type { AccountTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';
import type { Person } from './accounts.ts';
import { canonicalAddress } from './addresses.ts';
import { personIndexes } from './look-up.ts';

type Row = Selectable<AccountTables['persons']>;

export type NewPerson = {
  readonly id: string;
  readonly email: string;
  /** the address, unless given */
  readonly loginName?: string;
  readonly name: string | undefined;
  readonly phone: string | undefined;
  readonly passwordHash: string;
  readonly language: Language;
  readonly createdAt: number;
  /** epoch milliseconds at which the sign-up is erased unless it was verified */
  readonly eraseAt: number;
};

export class AccountStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  loginIndex(loginName: string): string {
    return this.#secrets.index('persons.login_name', canonicalAddress(loginName));
  }

  emailIndex(address: string): string {
    return this.#secrets.index('persons.email', canonicalAddress(address));
  }

  /** As rows may have it while keys change. */
  #emailIndexes(address: string): string[] {
    return this.#secrets.indexes('persons.email', canonicalAddress(address));
  }

  /** Kinds of older panels' hashes that passwords still rest on. */
  async legacyKinds(): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('persons')
      .select('legacy_hash')
      .distinct()
      .where('legacy_hash', 'is not', null)
      .execute();
    return rows.map(({ legacy_hash }) => legacy_hash ?? '');
  }

  /** Seals outside of a transaction what `add` then writes. */
  personRow(person: NewPerson): AccountTables['persons'] {
    const { id, email, loginName = email, name, phone, passwordHash, language, createdAt, eraseAt } = person;
    const seal = (column: string, text: string) => this.#secrets.seal(text, place(column, id));
    return {
      id,
      login_name_sealed: seal('login_name_sealed', loginName),
      email_sealed: seal('email_sealed', email),
      name_sealed: name === undefined ? null : seal('name_sealed', name),
      phone_sealed: phone === undefined ? null : seal('phone_sealed', phone),
      ...personIndexes(this.#secrets, { loginName, email, phone }),
      password_hash: passwordHash,
      legacy_hash: null,
      password_set_at: null,
      password_closed_at: null,
      language,
      created_at: createdAt,
      verified_at: null,
      erase_at: eraseAt,
    };
  }

  /** A person with a customer of their own, whose owner they are. */
  async add(tx: Tx, person: AccountTables['persons'], customerId: string, membershipId: string): Promise<void> {
    const now = person.created_at;
    await tx.insertInto('persons').values(person).execute();
    await tx
      .insertInto('customers')
      .values({ id: customerId, external_reference: null, created_at: now, restricted_at: null, closed_at: null })
      .execute();
    await tx
      .insertInto('memberships')
      .values({
        id: membershipId,
        person_id: person.id,
        customer_id: customerId,
        role: 'owner',
        created_at: now,
        expires_at: null,
        ended_at: null,
        site_ids: null,
        networks_sealed: null,
        lapsed_at: null,
      })
      .execute();
  }

  /** A person whose address a letter has proven, without a customer of their own. */
  async addVerified(tx: Tx, person: AccountTables['persons']): Promise<void> {
    await tx
      .insertInto('persons')
      .values({ ...person, verified_at: person.created_at, erase_at: null })
      .execute();
  }

  /** @returns name and address of these persons, by id */
  async names(personIds: readonly string[]): Promise<Map<string, { name?: string; email: string }>> {
    if (personIds.length === 0) return new Map();
    const columns = ['id', 'email_sealed', 'name_sealed'] as const;
    const rows = await this.#connection.db.selectFrom('persons').select(columns).where('id', 'in', personIds).execute();
    const open = (column: 'email_sealed' | 'name_sealed', sealed: string, id: string) =>
      this.#secrets.open(sealed, place(column, id));
    return new Map(
      rows.map(({ id, email_sealed, name_sealed }) => [
        id,
        {
          email: open('email_sealed', email_sealed, id),
          ...(name_sealed !== null && { name: open('name_sealed', name_sealed, id) }),
        },
      ]),
    );
  }

  #person(row: Row): Person & { passwordHash: string } {
    const open = (column: 'login_name_sealed' | 'email_sealed', sealed: string) =>
      this.#secrets.open(sealed, place(column, row.id));
    return {
      id: row.id,
      loginName: open('login_name_sealed', row.login_name_sealed),
      email: open('email_sealed', row.email_sealed),
      ...(row.name_sealed !== null && { name: this.#secrets.open(row.name_sealed, place('name_sealed', row.id)) }),
      language: row.language,
      verifiedAt: row.verified_at,
      passwordSetAt: row.password_set_at ?? row.created_at,
      passwordHash: row.password_hash,
    };
  }

  async byId(personId: string): Promise<(Person & { passwordHash: string }) | undefined> {
    const row = await this.#connection.db.selectFrom('persons').selectAll().where('id', '=', personId).executeTakeFirst();
    return row && this.#person(row);
  }

  /** Verified persons only: by login name, or by address where that is another one (who came from an older panel). */
  async byLoginName(loginName: string): Promise<(Person & { passwordHash: string }) | undefined> {
    const canonical = canonicalAddress(loginName);
    const names = this.#secrets.indexes('persons.login_name', canonical);
    const addresses = this.#secrets.indexes('persons.email', canonical);
    const verified = this.#connection.db.selectFrom('persons').selectAll().where('verified_at', 'is not', null);
    // Two statements, each with its index: SQLite reads every person for one with `or`.
    const byName = await verified.where('login_name_index', 'in', names).executeTakeFirst();
    const byAddress = await verified.where('email_index', 'in', addresses).executeTakeFirst();
    const row = byName ?? byAddress;
    return row && this.#person(row);
  }

  /** Whose address it is: the verified person. */
  async ownerOf(reader: Reader, email: string): Promise<Person | undefined> {
    const row = await reader
      .selectFrom('persons')
      .selectAll()
      .where('email_index', 'in', this.#emailIndexes(email))
      .where('verified_at', 'is not', null)
      .executeTakeFirst();
    return row && this.#person(row);
  }

  /** The customer's oldest owner whose place is valid at `now`. */
  async ownerOfCustomer(
    customerId: string,
    now: number,
    reader: Reader = this.#connection.db,
  ): Promise<(Person & { passwordHash: string }) | undefined> {
    const row = await reader
      .selectFrom('persons')
      .innerJoin('memberships', 'memberships.person_id', 'persons.id')
      .selectAll('persons')
      .where('memberships.customer_id', '=', customerId)
      .where('memberships.role', '=', 'owner')
      .where('memberships.ended_at', 'is', null)
      .where((eb) => eb.or([eb('memberships.expires_at', 'is', null), eb('memberships.expires_at', '>', now)]))
      .where('persons.verified_at', 'is not', null)
      .orderBy('memberships.created_at')
      .limit(1)
      .executeTakeFirst();
    return row && this.#person(row);
  }

  /** The newest sign-up of this address that this browser has made and nobody has verified. */
  async pendingOf(reader: Reader, email: string, sessionHash: string): Promise<string | undefined> {
    const row = await reader
      .selectFrom('persons')
      .innerJoin('mailed_tokens', 'mailed_tokens.person_id', 'persons.id')
      .select('persons.id')
      .where('persons.email_index', 'in', this.#emailIndexes(email))
      .where('persons.verified_at', 'is', null)
      .where('mailed_tokens.session_hash', '=', sessionHash)
      .where('mailed_tokens.purpose', '=', 'verify')
      .orderBy('persons.id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.id;
  }

  /** Everybody who signed up with the person's address, locked: two verifications of one address come one after the other. */
  async namesakes(tx: Tx, personId: string): Promise<{ id: string; verifiedAt: number | null }[]> {
    const own = await tx.selectFrom('persons').select('email_sealed').where('id', '=', personId).executeTakeFirst();
    if (!own) return [];
    const email = this.#secrets.open(own.email_sealed, place('email_sealed', personId));
    const rows = await tx
      .selectFrom('persons')
      .select(['id', 'verified_at'])
      .where('email_index', 'in', this.#emailIndexes(email))
      .orderBy('id')
      .forUpdate()
      .execute();
    return rows.map(({ id, verified_at }) => ({ id, verifiedAt: verified_at }));
  }

  async setVerified(tx: Tx, personId: string, now: number): Promise<void> {
    await tx.updateTable('persons').set({ verified_at: now, erase_at: null }).where('id', '=', personId).execute();
  }

  async setEraseAt(tx: Tx, personId: string, eraseAt: number): Promise<void> {
    await tx
      .updateTable('persons')
      .set({ erase_at: eraseAt })
      .where('id', '=', personId)
      .where('verified_at', 'is', null)
      .execute();
  }

  async setPasswordHash(tx: Tx, personId: string, before: string, passwordHash: string): Promise<void> {
    await tx
      .updateTable('persons')
      .set({ password_hash: passwordHash, legacy_hash: null })
      .where('id', '=', personId)
      .where('password_hash', '=', before)
      .execute();
  }

  /** A new password, chosen by its owner; `setPasswordHash` only writes the same one anew. */
  async setPassword(tx: Tx, personId: string, passwordHash: string, now: number, isClosed: boolean): Promise<void> {
    await tx
      .updateTable('persons')
      .set({ password_hash: passwordHash, legacy_hash: null, password_set_at: now, password_closed_at: isClosed ? now : null })
      .where('id', '=', personId)
      .execute();
  }

  /** Holds the person's row until the transaction ends. @returns whether a password is open */
  async holdPassword(tx: Tx, personId: string): Promise<boolean> {
    const held = tx
      .updateTable('persons')
      .set((eb) => ({ id: eb.ref('id') }))
      .where('id', '=', personId);
    const row = await held.returning('password_closed_at').executeTakeFirst();
    return row?.password_closed_at === null;
  }

  async phone(personId: string): Promise<string | undefined> {
    const row = await this.#connection.db
      .selectFrom('persons')
      .select('phone_sealed')
      .where('id', '=', personId)
      .executeTakeFirst();
    return row?.phone_sealed ? this.#secrets.open(row.phone_sealed, place('phone_sealed', personId)) : undefined;
  }
}

const place = (column: string, row: string) => ({ table: 'persons', column, row });
