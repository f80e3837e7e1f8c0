// A person's place at a customer: role, sites, networks and end, and what becomes of it.
import type { Selectable } from 'kysely';
import type { AccountTables } from '../migrations/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { AccountStore } from './store.ts';

export type Role = 'owner' | 'developer' | 'viewer';

/** What a place allows. */
export type PlaceRights = {
  readonly role: Role;
  /** ids; null: every site of the customer, those to come as well */
  readonly siteIds: readonly string[] | null;
  /** addresses and networks (CIDR) from which alone it may be used; empty: from everywhere */
  readonly networks: readonly string[];
  /** epoch milliseconds; null: until it is ended */
  readonly endsAt: number | null;
};

export type Membership = PlaceRights & { readonly id: string; readonly customerId: string; readonly personId: string };

/** Also of a place that is over. */
export type PlaceRow = Membership & { readonly createdAt: number; readonly endedAt: number | null };

type Row = Selectable<AccountTables['memberships']>;

const validOf = prepared((db, { personId, now }: { personId: string; now: number }) =>
  db
    .selectFrom('memberships')
    .innerJoin('customers', 'customers.id', 'memberships.customer_id')
    .selectAll('memberships')
    .where('memberships.person_id', '=', personId)
    .where('memberships.ended_at', 'is', null)
    .where((eb) => eb.or([eb('memberships.expires_at', 'is', null), eb('memberships.expires_at', '>', now)]))
    .where('customers.closed_at', 'is', null)
    .orderBy('memberships.created_at')
    .orderBy('memberships.id'),
);
const ofCustomer = prepared((db, { customerId }: { customerId: string }) =>
  db.selectFrom('memberships').selectAll().where('customer_id', '=', customerId).orderBy('created_at').orderBy('id'),
);

/** The SQL of places. Every query for a person's page contains the customer. */
export class Memberships {
  readonly #connection: Connection;
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  readonly #store: AccountStore;

  constructor({ connection, secrets, clock }: { connection: Connection; secrets: Secrets; clock: Clock }, store: AccountStore) {
    this.#store = store;
    this.#connection = connection;
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** @returns name and address of these persons, by id; those who are not there any more are left out */
  names(personIds: readonly string[]): Promise<ReadonlyMap<string, { readonly name?: string; readonly email: string }>> {
    return this.#store.names(personIds);
  }

  /** For the operator. @returns what the company's other programs call these customers, by id, as far as they call them anything */
  async references(customerIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (customerIds.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('customers')
      .select(['id', 'external_reference'])
      .where('id', 'in', [...customerIds])
      .execute();
    return new Map(rows.flatMap(({ id, external_reference: name }) => (name === null ? [] : [[id, name]])));
  }

  /**
   * Until the end of the transaction no other one that holds the customer goes on: what is counted stays so.
   * @throws PanelError 404 for a customer that is not there, 409 for one that is closed
   */
  async hold(tx: Tx, customerId: string): Promise<void> {
    const row = await tx.selectFrom('customers').select('closed_at').where('id', '=', customerId).forUpdate().executeTakeFirst();
    if (!row) throw notFound();
    if (row.closed_at !== null) throw conflict('termination.closedAlready');
  }

  /** @returns the person's places that are valid now, at customers that are not closed, oldest first */
  async valid(personId: string, reader?: Reader): Promise<Membership[]> {
    const rows = await validOf(this.#connection, { personId, now: this.#clock.now() }, reader);
    return rows.map((row) => this.#place(row));
  }

  /** @returns all places at a customer, those that are over as well, oldest first */
  async ofCustomer(customerId: string, reader?: Reader): Promise<PlaceRow[]> {
    const rows = await ofCustomer(this.#connection, { customerId }, reader);
    return rows.map((row) => this.#place(row));
  }

  /** @returns the place of that id at the customer, unless it was ended; an expired one can be extended */
  async find(customerId: string, id: string, reader: Reader = this.#connection.db): Promise<PlaceRow | undefined> {
    const row = await reader
      .selectFrom('memberships')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return row && this.#place(row);
  }

  async add(tx: Tx, { personId, customerId, ...rights }: Omit<Membership, 'id'>): Promise<string> {
    const now = this.#clock.now();
    const id = newId(now);
    const row = { id, person_id: personId, customer_id: customerId, created_at: now, ended_at: null, lapsed_at: null };
    await tx
      .insertInto('memberships')
      .values({ ...row, ...this.#columns(id, rights) })
      .execute();
    return id;
  }

  /** Never an owner's. @returns false when it is over meanwhile */
  async change(tx: Tx, customerId: string, id: string, rights: PlaceRights): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('memberships')
      .set({ ...this.#columns(id, rights), lapsed_at: null })
      .where('customer_id', '=', customerId)
      .where('id', '=', id)
      .where('role', '!=', 'owner')
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Never an owner's. @returns false when it was over already */
  async end(tx: Tx, customerId: string, id: string): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('memberships')
      .set({ ended_at: this.#clock.now() })
      .where('customer_id', '=', customerId)
      .where('id', '=', id)
      .where('role', '!=', 'owner')
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns places whose end has passed and whose sessions were not ended for it yet */
  async expired(count: number): Promise<PlaceRow[]> {
    const rows = await this.#connection.db
      .selectFrom('memberships')
      .selectAll()
      .where('expires_at', '<=', this.#clock.now())
      .where('lapsed_at', 'is', null)
      .where('ended_at', 'is', null)
      .orderBy('expires_at')
      .limit(count)
      .execute();
    return rows.map((row) => this.#place(row));
  }

  /** @returns false when it was extended, ended or noted meanwhile */
  async noteExpired(tx: Tx, id: string): Promise<boolean> {
    const now = this.#clock.now();
    const { numUpdatedRows } = await tx
      .updateTable('memberships')
      .set({ lapsed_at: now })
      .where('id', '=', id)
      .where('expires_at', '<=', now)
      .where('lapsed_at', 'is', null)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  #columns(id: string, { role, siteIds, networks, endsAt }: PlaceRights) {
    return {
      role,
      expires_at: endsAt,
      site_ids: siteIds && JSON.stringify(siteIds),
      networks_sealed: networks.length === 0 ? null : this.#secrets.seal(networks.join('\n'), place(id)),
    };
  }

  #place(row: Row): PlaceRow {
    const { id, networks_sealed: networks } = row;
    return {
      id,
      personId: row.person_id,
      customerId: row.customer_id,
      role: row.role,
      siteIds: row.site_ids === null ? null : JSON.parse(row.site_ids),
      networks: networks === null ? [] : this.#secrets.open(networks, place(id)).split('\n'),
      endsAt: row.expires_at,
      createdAt: row.created_at,
      endedAt: row.ended_at,
    };
  }
}

const place = (row: string) => ({ table: 'memberships', column: 'networks_sealed', row });
