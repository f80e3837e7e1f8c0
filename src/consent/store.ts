// The SQL of documents and consents. Consents are only added; the personal values beside them may be deleted.
import type { Selectable } from 'kysely';
import type { ConsentTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Given } from './consent.ts';

const fromRow = (row: Selectable<ConsentTables['consents']>): Given => ({
  id: row.id,
  at: row.at,
  orderId: row.order_id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  item: row.item,
  required: row.required === 1,
  agreed: row.agreed === 1,
  document: row.document,
  version: row.version,
  language: row.language,
  textSha256: row.text_sha256,
  wording: row.wording,
  method: row.method,
});

export type NewConsent = Given & { readonly address?: string; readonly agent?: string };

export class ConsentStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** Remembers versions that were never seen before. @returns every version that was ever seen */
  async remember(rows: readonly ConsentTables['documents'][]): Promise<ConsentTables['documents'][]> {
    return this.#connection.write(async (tx) => {
      await tx
        .insertInto('documents')
        .values([...rows])
        .onConflict((conflict) => conflict.columns(['document', 'version', 'language']).doNothing())
        .execute();
      return tx.selectFrom('documents').selectAll().execute();
    });
  }

  async add(tx: Tx, { id, address, agent, ...given }: NewConsent): Promise<void> {
    const digest = (field: string, value: string | undefined) =>
      value ? this.#secrets.digest(`consents.${field}`, value) : null;
    const seal = (column: string, value: string | undefined) =>
      value ? this.#secrets.seal(value, { table: 'consents_personal', column, row: id }) : null;
    await tx
      .insertInto('consents')
      .values({
        id,
        at: given.at,
        order_id: given.orderId,
        customer_id: given.customerId,
        actor_person_id: given.personId,
        item: given.item,
        required: given.required ? 1 : 0,
        agreed: given.agreed ? 1 : 0,
        document: given.document,
        version: given.version,
        language: given.language,
        text_sha256: given.textSha256,
        wording: given.wording,
        method: given.method,
        address_digest: digest('address', address),
        agent_digest: digest('agent', agent),
      })
      .execute();
    if (!address && !agent) return;
    const personal = { id, address_sealed: seal('address_sealed', address), agent_sealed: seal('agent_sealed', agent) };
    await tx.insertInto('consents_personal').values(personal).execute();
  }

  async forOrder(orderId: string, reader: Reader = this.#connection.db): Promise<Given[]> {
    const rows = await reader.selectFrom('consents').selectAll().where('order_id', '=', orderId).orderBy('id').execute();
    return rows.map(fromRow);
  }

  async forCustomer(customerId: string): Promise<Given[]> {
    const rows = await this.#connection.db
      .selectFrom('consents')
      .selectAll()
      .where('customer_id', '=', customerId)
      .orderBy('at', 'desc')
      .orderBy('id')
      .execute();
    return rows.map(fromRow);
  }

  async forgetPersonal(tx: Tx, customerId: string): Promise<void> {
    await tx
      .deleteFrom('consents_personal')
      .where('id', 'in', (query) => query.selectFrom('consents').select('id').where('customer_id', '=', customerId))
      .execute();
  }
}
