// The SQL of plans and orders.
import type { Selectable } from 'kysely';
import type { OrderTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Order } from './orders.ts';
import type { PaidTime } from './paid-time.ts';
import type { Plan } from './plans.ts';

const planFromRow = (row: Selectable<OrderTables['plans']>): Plan => ({
  slug: row.slug,
  position: row.position,
  name: { ko: row.name_ko, en: row.name_en },
  summary: { ko: row.summary_ko, en: row.summary_en },
  priceWon: row.price_won,
  storageBytes: row.storage_bytes,
  trafficBytes: row.traffic_bytes,
  databases: row.databases,
  ftpAccounts: row.ftp_accounts,
  manualBackups: row.manual_backups,
  backupVariant: row.backup_variant,
  availabilityPercent: row.availability_percent,
  slaVersion: row.sla_version,
  closedAt: row.closed_at,
});

const rowOf = (plan: Plan): OrderTables['plans'] => ({
  slug: plan.slug,
  position: plan.position,
  name_ko: plan.name.ko,
  name_en: plan.name.en,
  summary_ko: plan.summary.ko,
  summary_en: plan.summary.en,
  price_won: plan.priceWon,
  storage_bytes: plan.storageBytes,
  traffic_bytes: plan.trafficBytes,
  databases: plan.databases,
  ftp_accounts: plan.ftpAccounts,
  manual_backups: plan.manualBackups,
  backup_variant: plan.backupVariant,
  availability_percent: plan.availabilityPercent,
  sla_version: plan.slaVersion,
  closed_at: plan.closedAt,
});

const orderFromRow = (row: Selectable<OrderTables['orders']>): Order => ({
  id: row.id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  plan: row.plan,
  priceWon: row.price_won,
  storageBytes: row.storage_bytes,
  manualBackups: row.manual_backups,
  backupVariant: row.backup_variant,
  placedAt: row.placed_at,
  consentedAt: row.consented_at,
  endedAt: row.ended_at,
  domain: row.domain,
  paid: paidFromRow(row),
});

const paidFromRow = ({
  paid_from: from,
  paid_until: until,
  paid_won: won,
}: Selectable<OrderTables['orders']>): PaidTime | null =>
  from === null || until === null || won === null ? null : { from, until, won };

const planOfSlug = prepared((db, { slug }: { slug: string }) => db.selectFrom('plans').selectAll().where('slug', '=', slug));
const openOrders = prepared((db, { customerId }: { customerId: string }) =>
  db
    .selectFrom('orders')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('ended_at', 'is', null)
    .orderBy('placed_at')
    .orderBy('id'),
);
const orderOfId = prepared((db, { orderId }: { orderId: string }) =>
  db.selectFrom('orders').selectAll().where('id', '=', orderId),
);

export class OrderStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Adds plans when there is none at all; two processes that start together add them once. */
  async seed(plans: readonly Plan[]): Promise<void> {
    await this.#connection.write(async (tx) => {
      const some = await tx.selectFrom('plans').select('slug').limit(1).executeTakeFirst();
      if (some) return;
      await tx
        .insertInto('plans')
        .values(plans.map(rowOf))
        .onConflict((conflict) => conflict.column('slug').doNothing())
        .execute();
    });
  }

  async plans(): Promise<Plan[]> {
    const rows = await this.#connection.db.selectFrom('plans').selectAll().orderBy('position').orderBy('slug').execute();
    return rows.map(planFromRow);
  }

  async plan(slug: string, tx?: Tx): Promise<Plan | undefined> {
    const [row] = await planOfSlug(this.#connection, { slug }, tx);
    return row && planFromRow(row);
  }

  async setClosed(tx: Tx, slug: string, closedAt: number | null): Promise<boolean> {
    const result = await tx.updateTable('plans').set({ closed_at: closedAt }).where('slug', '=', slug).executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async add(tx: Tx, order: Order): Promise<void> {
    await tx
      .insertInto('orders')
      .values({
        id: order.id,
        customer_id: order.customerId,
        actor_person_id: order.personId,
        plan: order.plan,
        price_won: order.priceWon,
        storage_bytes: order.storageBytes,
        manual_backups: order.manualBackups,
        backup_variant: order.backupVariant,
        placed_at: order.placedAt,
        consented_at: order.consentedAt,
        ended_at: order.endedAt,
        domain: order.domain,
        ...{ paid_from: order.paid?.from ?? null, paid_until: order.paid?.until ?? null, paid_won: order.paid?.won ?? null },
      })
      .execute();
  }

  async forCustomer(customerId: string, reader: Reader = this.#connection.db): Promise<Order[]> {
    const rows = await reader
      .selectFrom('orders')
      .selectAll()
      .where('customer_id', '=', customerId)
      .orderBy('placed_at')
      .orderBy('id')
      .execute();
    return rows.map(orderFromRow);
  }

  async ofCustomers(customerIds: readonly string[]): Promise<Order[]> {
    if (customerIds.length === 0) return [];
    const rows = await this.#connection.db
      .selectFrom('orders')
      .selectAll()
      .where('customer_id', 'in', [...customerIds])
      .orderBy('placed_at')
      .orderBy('id')
      .execute();
    return rows.map(orderFromRow);
  }

  /** Asked at every page. @returns orders that did not end, oldest first */
  async openOf(customerId: string, reader?: Reader): Promise<Order[]> {
    return (await openOrders(this.#connection, { customerId }, reader)).map(orderFromRow);
  }

  async customersAfter(after: string, count: number): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('orders')
      .select('customer_id')
      .distinct()
      .where('customer_id', '>', after)
      .where('ended_at', 'is', null)
      .orderBy('customer_id')
      .limit(count)
      .execute();
    return rows.map(({ customer_id }) => customer_id);
  }

  /** @returns whether it was open until now */
  async setEnded(tx: Tx, orderId: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('orders')
      .set({ ended_at: now })
      .where('id', '=', orderId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async setPaid(tx: Tx, orderId: string, { from, until, won }: PaidTime): Promise<void> {
    const change = { paid_from: from, paid_until: until, paid_won: won };
    await tx.updateTable('orders').set(change).where('id', '=', orderId).execute();
  }

  async byId(orderId: string, reader?: Reader): Promise<Order | undefined> {
    const [row] = await orderOfId(this.#connection, { orderId }, reader);
    return row && orderFromRow(row);
  }

  /** @returns whether it waited for consent until now */
  async setConsented(tx: Tx, orderId: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('orders')
      .set({ consented_at: now })
      .where('id', '=', orderId)
      .where('consented_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns those of these domains that orders have which did not end */
  async takenDomains(domains: readonly string[]): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('orders')
      .select('domain')
      .where('domain', 'in', [...domains])
      .where('ended_at', 'is', null)
      .execute();
    return rows.map(({ domain }) => domain ?? '');
  }

  async withDomain(domain: string): Promise<Order[]> {
    const rows = await this.#connection.db.selectFrom('orders').selectAll().where('domain', '=', domain).orderBy('id').execute();
    return rows.map(orderFromRow);
  }

  async removeAll(tx: Tx, customerId: string): Promise<void> {
    await tx.deleteFrom('orders').where('customer_id', '=', customerId).execute();
  }
}
