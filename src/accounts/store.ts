// The SQL of persons, customers and memberships. Personal values are sealed here and nowhere else.
import type { Selectable } from 'kysely';
import type { AccountTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';
import type { Membership, Person } from './accounts.ts';
import { canonicalAddress } from './addresses.ts';

type Row = Selectable<AccountTables['persons']>;

export type NewPerson = {
  readonly id: string;
  readonly email: string;
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

  /** Seals outside of a transaction what `add` then writes. */
  personRow({ id, email, name, phone, passwordHash, language, createdAt, eraseAt }: NewPerson): AccountTables['persons'] {
    const seal = (column: string, text: string) => this.#secrets.seal(text, place(column, id));
    return {
      id,
      login_name_sealed: seal('login_name_sealed', email),
      login_name_index: this.loginIndex(email),
      email_sealed: seal('email_sealed', email),
      email_index: this.emailIndex(email),
      name_sealed: name === undefined ? null : seal('name_sealed', name),
      phone_sealed: phone === undefined ? null : seal('phone_sealed', phone),
      phone_last4_index: phone === undefined ? null : this.#secrets.index('persons.phone_last4', phone.slice(-4)),
      password_hash: passwordHash,
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
      })
      .execute();
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
      passwordHash: row.password_hash,
    };
  }

  async byId(personId: string): Promise<(Person & { passwordHash: string }) | undefined> {
    const row = await this.#connection.db.selectFrom('persons').selectAll().where('id', '=', personId).executeTakeFirst();
    return row && this.#person(row);
  }

  /** Verified persons only. */
  async byLoginName(loginName: string): Promise<(Person & { passwordHash: string }) | undefined> {
    const row = await this.#connection.db
      .selectFrom('persons')
      .selectAll()
      .where('login_name_index', '=', this.loginIndex(loginName))
      .where('verified_at', 'is not', null)
      .executeTakeFirst();
    return row && this.#person(row);
  }

  /** Whose address it is: the verified person. */
  async ownerOf(reader: Reader, emailIndex: string): Promise<Person | undefined> {
    const row = await reader
      .selectFrom('persons')
      .selectAll()
      .where('email_index', '=', emailIndex)
      .where('verified_at', 'is not', null)
      .executeTakeFirst();
    return row && this.#person(row);
  }

  /** The customer's oldest owner whose place is valid at `now`. */
  async ownerOfCustomer(customerId: string, now: number): Promise<(Person & { passwordHash: string }) | undefined> {
    const row = await this.#connection.db
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
  async pendingOf(reader: Reader, emailIndex: string, sessionHash: string): Promise<string | undefined> {
    const row = await reader
      .selectFrom('persons')
      .innerJoin('mailed_tokens', 'mailed_tokens.person_id', 'persons.id')
      .select('persons.id')
      .where('persons.email_index', '=', emailIndex)
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
    const rows = await tx
      .selectFrom('persons')
      .select(['id', 'verified_at'])
      .where('email_index', '=', (query) =>
        query.selectFrom('persons as own').select('own.email_index').where('own.id', '=', personId),
      )
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
      .set({ password_hash: passwordHash })
      .where('id', '=', personId)
      .where('password_hash', '=', before)
      .execute();
  }

  /** The oldest place that is valid at `now`, at a customer that is not closed. */
  async membership(personId: string, now: number, reader: Reader = this.#connection.db): Promise<Membership | undefined> {
    const row = await reader
      .selectFrom('memberships')
      .innerJoin('customers', 'customers.id', 'memberships.customer_id')
      .select(['memberships.customer_id', 'memberships.role'])
      .where('memberships.person_id', '=', personId)
      .where('memberships.ended_at', 'is', null)
      .where((eb) => eb.or([eb('memberships.expires_at', 'is', null), eb('memberships.expires_at', '>', now)]))
      .where('customers.closed_at', 'is', null)
      .orderBy('memberships.created_at')
      .limit(1)
      .executeTakeFirst();
    return row && { customerId: row.customer_id, role: row.role };
  }

  /** Sign-ups that nobody verified in time. */
  async unverified(now: number, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('persons')
      .select('id')
      .where('verified_at', 'is', null)
      .where('erase_at', '<=', now)
      .orderBy('id')
      .limit(count)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Deletes the person if it is still unverified and due. @returns customers nobody belongs to any more; undefined when it stayed */
  async removeUnverified(tx: Tx, personId: string, now: number): Promise<string[] | undefined> {
    const removed = await tx
      .deleteFrom('persons')
      .where('id', '=', personId)
      .where('verified_at', 'is', null)
      .where('erase_at', '<=', now)
      .executeTakeFirst();
    if (removed.numDeletedRows === 0n) return undefined;
    const left = await tx.deleteFrom('memberships').where('person_id', '=', personId).returning('customer_id').execute();
    const orphans: string[] = [];
    for (const { customer_id } of left) {
      const other = await tx
        .selectFrom('memberships')
        .select('id')
        .where('customer_id', '=', customer_id)
        .limit(1)
        .executeTakeFirst();
      if (other) continue;
      await tx.deleteFrom('customers').where('id', '=', customer_id).execute();
      orphans.push(customer_id);
    }
    return orphans;
  }
}

const place = (column: string, row: string) => ({ table: 'persons', column, row });
