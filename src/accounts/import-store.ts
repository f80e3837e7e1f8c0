// The SQL of imports, and of finding a customer for support.
import type { Schema } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { canonicalAddress } from './addresses.ts';
import { phoneField } from './look-up.ts';

type Import = Schema['imports'];
export type ImportedRow = Schema['import_rows'];
/** Keyed look-up values and plain ones, of which a row may not repeat any that is there. */
export type Wanted = {
  readonly loginNames: readonly string[];
  readonly emails: readonly string[];
  readonly references: readonly string[];
};

export class ImportStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  #indexes(field: string, values: readonly string[]): Map<string, string> {
    return new Map(
      values.flatMap((value) => this.#secrets.indexes(field, canonicalAddress(value)).map((index) => [index, value] as const)),
    );
  }

  /** @returns which of these a verified person or a customer has already; ask for some hundred at a time */
  async taken({
    loginNames,
    emails,
    references,
  }: Wanted): Promise<Record<'login_name' | 'email' | 'external_reference', Set<string>>> {
    const names = this.#indexes('persons.login_name', loginNames);
    const addresses = this.#indexes('persons.email', emails);
    const persons = this.#connection.db.selectFrom('persons').where('verified_at', 'is not', null);
    const byName = await persons
      .select('login_name_index as found')
      .where('login_name_index', 'in', [...names.keys()])
      .execute();
    const byAddress = await persons
      .select('email_index as found')
      .where('email_index', 'in', [...addresses.keys()])
      .execute();
    const customers = references.length === 0 ? [] : await this.#withReference(references);
    return {
      login_name: new Set(byName.map(({ found }) => names.get(found) ?? '')),
      email: new Set(byAddress.map(({ found }) => addresses.get(found) ?? '')),
      external_reference: new Set(customers),
    };
  }

  async #withReference(references: readonly string[]): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('customers')
      .select('external_reference')
      .where('external_reference', 'in', [...references])
      .execute();
    return rows.map(({ external_reference }) => external_reference ?? '');
  }

  /** @returns the import of this file that was not undone; made now where there is none */
  begin(wanted: Omit<Import, 'finished_at' | 'undone_at'>): Promise<Import> {
    return this.#connection.write(async (tx) => {
      const there = await tx
        .selectFrom('imports')
        .selectAll()
        .where('file_digest', '=', wanted.file_digest)
        .where('undone_at', 'is', null)
        .executeTakeFirst();
      if (there) return there;
      const row = { ...wanted, finished_at: null, undone_at: null };
      await tx.insertInto('imports').values(row).execute();
      return row;
    });
  }

  async ofFile(digest: string): Promise<Import | undefined> {
    return this.#connection.db
      .selectFrom('imports')
      .selectAll()
      .where('file_digest', '=', digest)
      .where('undone_at', 'is', null)
      .executeTakeFirst();
  }

  byId(id: string): Promise<Import | undefined> {
    return this.#connection.db.selectFrom('imports').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async mark(tx: Tx, id: string, times: Partial<Pick<Import, 'finished_at' | 'undone_at'>>): Promise<void> {
    await tx.updateTable('imports').set(times).where('id', '=', id).execute();
  }

  rows(importId: string): Promise<ImportedRow[]> {
    return this.#connection.db
      .selectFrom('import_rows')
      .selectAll()
      .where('import_id', '=', importId)
      .orderBy('row_number')
      .execute();
  }

  /** Joins the transaction that makes the person: of two processes with the same row one is refused by the key, and writes nothing. */
  async note(tx: Tx, row: ImportedRow): Promise<void> {
    await tx.insertInto('import_rows').values(row).execute();
  }

  async setReference(tx: Tx, customerId: string, reference: string): Promise<void> {
    await tx.updateTable('customers').set({ external_reference: reference }).where('id', '=', customerId).execute();
  }

  /** Locked: whoever sets a password meanwhile comes before or after. @returns undefined when the person is gone */
  async passwordSetAt(tx: Tx, personId: string): Promise<{ at: number | null } | undefined> {
    const row = await tx
      .selectFrom('persons')
      .select('password_set_at as at')
      .where('id', '=', personId)
      .forUpdate()
      .executeTakeFirst();
    return row;
  }

  /** Removes a person with everything of theirs that accounts keep. */
  async remove(tx: Tx, { import_id, row_number, person_id, customer_id }: ImportedRow): Promise<void> {
    await tx.deleteFrom('mailed_tokens').where('person_id', '=', person_id).execute();
    await tx.deleteFrom('password_ways').where('person_id', '=', person_id).execute();
    await tx.deleteFrom('memberships').where('customer_id', '=', customer_id).execute();
    await tx.deleteFrom('customers').where('id', '=', customer_id).execute();
    await tx.deleteFrom('persons').where('id', '=', person_id).execute();
    await tx.deleteFrom('import_rows').where('import_id', '=', import_id).where('row_number', '=', row_number).execute();
  }

  /** Owners of customers with this reference, and of these customers. @returns person and customer, each once */
  async ownersOf(by: { reference?: string; customerIds?: readonly string[]; phoneLast4?: string }) {
    const { reference, customerIds, phoneLast4 } = by;
    const phones = phoneLast4 === undefined ? [] : this.#secrets.indexes(phoneField, phoneLast4);
    return this.#connection.db
      .selectFrom('memberships')
      .innerJoin('customers', 'customers.id', 'memberships.customer_id')
      .innerJoin('persons', 'persons.id', 'memberships.person_id')
      .select(['persons.id as personId', 'customers.id as customerId', 'customers.external_reference as reference'])
      .where('persons.verified_at', 'is not', null)
      .where('memberships.ended_at', 'is', null)
      .where('memberships.role', '=', 'owner')
      .$if(reference !== undefined, (query) => query.where('customers.external_reference', '=', reference ?? ''))
      .$if(customerIds !== undefined, (query) => query.where('customers.id', 'in', customerIds?.length ? [...customerIds] : ['']))
      .$if(phoneLast4 !== undefined, (query) => query.where('persons.phone_last4_index', 'in', phones))
      .orderBy('memberships.created_at')
      .limit(100)
      .execute();
  }
}
