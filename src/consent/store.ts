// The SQL of documents and consents. Consents are only added; the personal values beside them may be deleted.
import type { ConsentRow } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Given } from './answers.ts';
import { chainField, linkText, rowDigest } from './chain.ts';

const fromRow = (row: ConsentRow): Given => ({
  id: row.id,
  at: row.at,
  orderId: row.order_id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  item: row.item,
  kind: row.kind,
  required: row.required === 1,
  agreed: row.agreed === 1,
  document: row.document,
  version: row.version,
  language: row.language,
  textSha256: row.text_sha256,
  wording: row.wording,
  method: row.method,
  actorKind: row.actor_kind,
  actorRole: row.actor_role,
  page: row.page,
  reason: row.reason,
  withdraws: row.withdraws,
  reconfirmBy: row.reconfirm_by,
});

/** Asked at a page of whoever has a contract that a document has changed for since. */
const agreedVersions = prepared((db, { customerId }: { customerId: string }) =>
  db
    .selectFrom('consents')
    .select(['order_id', 'document', 'version'])
    .where('customer_id', '=', customerId)
    .where('agreed', '=', 1)
    .where('document', 'is not', null)
    .where('order_id', 'is not', null),
);

export type NewConsent = Given & { readonly address?: string; readonly agent?: string };
/** Where an answer came from, as far as it was not deleted. */
export type Personal = { readonly address?: string; readonly agent?: string };
type Head = { position: number; mac: string };
const name = 'consents';

export class ConsentStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /**
   * Takes the head of the chain until the end of the transaction: whoever else wants to add waits, and what is read after it is not
   * changed by anybody.
   */
  async takeHead(tx: Tx): Promise<Head> {
    const read = () => tx.selectFrom('consents_head').select(['position', 'mac']).where('name', '=', name).forUpdate();
    const head = await read().executeTakeFirst();
    if (head) return head;
    const first = { name, position: 0, mac: '' };
    await tx
      .insertInto('consents_head')
      .values(first)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return read().executeTakeFirstOrThrow();
  }

  /** Adds a row and its link. @returns the head after it */
  async add(tx: Tx, { address, agent, ...given }: NewConsent, head: Head): Promise<Head> {
    const { id } = given;
    const digest = (field: string, value: string | undefined) =>
      value ? this.#secrets.digest(`consents.${field}`, value) : null;
    const seal = (column: string, value: string | undefined) =>
      value ? this.#secrets.seal(value, { table: 'consents_personal', column, row: id }) : null;
    const row = rowOf(given, digest('address', address), digest('agent', agent));
    await tx.insertInto('consents').values(row).execute();
    if (address || agent) {
      const personal = { id, address_sealed: seal('address_sealed', address), agent_sealed: seal('agent_sealed', agent) };
      await tx.insertInto('consents_personal').values(personal).execute();
    }
    return this.#link(tx, row, given.at, head);
  }

  async #link(tx: Tx, row: ConsentRow, now: number, before: Head): Promise<Head> {
    const position = before.position + 1;
    const digest = rowDigest(row);
    const mac = this.#secrets.digest(chainField, linkText(position, before.mac, digest));
    await tx
      .insertInto('consents_links')
      .values({ position, row_id: row.id, mac, created_at: now, row_sha256: digest })
      .execute();
    return { position, mac };
  }

  async setHead(tx: Tx, { position, mac }: Head): Promise<void> {
    await tx.updateTable('consents_head').set({ position, mac }).where('name', '=', name).execute();
  }

  /**
   * Rows from before there was a chain become its beginning, all in one transaction. Nothing once there is a link: a row without one
   * is a fault from then on.
   */
  async linkFirst(now: number): Promise<number> {
    const some = await this.#connection.db.selectFrom('consents').select('id').limit(1).executeTakeFirst();
    if (!some) return 0;
    const linked = await this.#connection.db.selectFrom('consents_links').select('position').limit(1).executeTakeFirst();
    if (linked) return 0;
    return this.#connection.write(async (tx) => {
      let head = await this.takeHead(tx);
      if (head.position > 0) return 0;
      const rows = await tx.selectFrom('consents').selectAll().orderBy('at').orderBy('id').execute();
      for (const row of rows) head = await this.#link(tx, row, now, head);
      await this.setHead(tx, head);
      return rows.length;
    });
  }

  async forOrder(orderId: string, reader: Reader = this.#connection.db): Promise<Given[]> {
    const rows = await reader.selectFrom('consents').selectAll().where('order_id', '=', orderId).orderBy('id').execute();
    return rows.map(fromRow);
  }

  async forCustomer(customerId: string, reader: Reader = this.#connection.db): Promise<Given[]> {
    const rows = await reader
      .selectFrom('consents')
      .selectAll()
      .where('customer_id', '=', customerId)
      .orderBy('at', 'desc')
      .orderBy('id')
      .execute();
    return rows.map(fromRow);
  }

  async answersTo(item: string, customerIds: readonly string[]): Promise<Given[]> {
    if (customerIds.length === 0) return [];
    const rows = await this.#connection.db
      .selectFrom('consents')
      .selectAll()
      .where('customer_id', 'in', [...customerIds])
      .where('item', '=', item)
      .orderBy('at')
      .orderBy('id')
      .execute();
    return rows.map(fromRow);
  }

  /** @returns the newest version agreed to, by `<order id>/<document>` */
  async agreedVersions(customerId: string, reader?: Reader): Promise<ReadonlyMap<string, string>> {
    const newest = new Map<string, string>();
    for (const { order_id, document, version } of await agreedVersions(this.#connection, { customerId }, reader)) {
      const key = `${order_id}/${document}`;
      if (version !== null && version > (newest.get(key) ?? '')) newest.set(key, version);
    }
    return newest;
  }

  async personalOf(ids: readonly string[]): Promise<Map<string, Personal>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('consents_personal')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
    return new Map(rows.map((row) => [row.id, this.#opened(row)]));
  }

  #opened(sealed: { id: string; address_sealed: string | null; agent_sealed: string | null }): Personal {
    const { id: row, address_sealed, agent_sealed } = sealed;
    const open = (column: string, value: string | null) =>
      value === null ? undefined : this.#secrets.open(value, { table: 'consents_personal', column, row });
    const [address, agent] = [open('address_sealed', address_sealed), open('agent_sealed', agent_sealed)];
    return { ...(address && { address }), ...(agent && { agent }) };
  }

  async forgetPersonal(tx: Tx, customerId: string): Promise<void> {
    await tx
      .deleteFrom('consents_personal')
      .where('id', 'in', (query) => query.selectFrom('consents').select('id').where('customer_id', '=', customerId))
      .execute();
  }
}

function rowOf(given: Given, addressDigest: string | null, agentDigest: string | null): ConsentRow {
  return {
    id: given.id,
    at: given.at,
    order_id: given.orderId,
    customer_id: given.customerId,
    actor_person_id: given.personId,
    item: given.item,
    kind: given.kind,
    required: given.required ? 1 : 0,
    agreed: given.agreed ? 1 : 0,
    document: given.document,
    version: given.version,
    language: given.language,
    text_sha256: given.textSha256,
    wording: given.wording,
    method: given.method,
    address_digest: addressDigest,
    agent_digest: agentDigest,
    actor_kind: given.actorKind,
    actor_role: given.actorRole,
    page: given.page,
    reason: given.reason,
    withdraws: given.withdraws,
    reconfirm_by: given.reconfirmBy,
  };
}
