// The door of contracts: another site that a customer orders, another plan, an order placed for them; each with consents of its own (KHADA 8.3).
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Databases } from '../databases/databases.ts';
import type { Ftp } from '../ftp/ftp.ts';
import type { Order, Orders, Plan } from '../orders/orders.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, type FieldFault, Invalid, notFound } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Site, Sites } from '../sites/sites.ts';

export type ContractsParts = {
  readonly connection: Connection;
  readonly audit: Audit;
  readonly orders: Orders;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly databases: Databases;
  readonly ftp: Ftp;
  readonly letters: Letters;
};

/** An open order, its plan, and the site it is for; without one while consent is pending or it is being made. */
export type Contract = { readonly order: Order; readonly plan: Plan; readonly site: Site | undefined };

/** What somebody agrees to when they order: the boxes that were checked, and who ticked them. */
export type Agreed = Parameters<Accounts['agreements']['place']>[1];

/** Orders a customer may have open at a time: each makes a site. */
export const mostOrders = 20;

const operator: Actor = { kind: 'operator' };

/** An order that nobody asked the customer for first: `reason` says why, and is kept. */
export type OperatorsWish = { readonly plan: string; readonly reason: string; readonly actor?: Actor };

/** Runs in the transaction, for who keeps what came of it. @param site name of the one that goes on under the order */
export type FinishOrder = (tx: Tx, order: Order, site: string | null) => Promise<void>;

/** All of a customer by customer: a stranger's order is PanelError 404, as if it did not exist. */
export class Contracts {
  readonly #parts: ContractsParts;

  constructor(parts: ContractsParts) {
    this.#parts = parts;
  }

  /** @returns the customer's open orders, oldest first */
  async list(customerId: string): Promise<Contract[]> {
    const { orders, sites } = this.#parts;
    const own = await sites.forCustomer(customerId);
    const open = (await orders.forCustomer(customerId)).filter(({ endedAt }) => endedAt === null);
    return Promise.all(
      open.map(async (order) => {
        const site = own.find(({ orderId }) => orderId === order.id);
        return { order, plan: await orders.plan(order.plan), site };
      }),
    );
  }

  /** @throws PanelError 404 */
  async find(customerId: string, orderId: string): Promise<Contract> {
    const contract = (await this.list(customerId)).find(({ order }) => order.id === orderId);
    if (!contract) throw notFound();
    return contract;
  }

  /**
   * Another site: order, consents, copy by letter, site and audit exist together or not at all.
   * @param finish runs in the transaction, for the form's key
   * @throws Invalid on `plan` and for each required item, PanelError 409 with too many open orders
   */
  async order(agreed: Agreed, finish: (tx: Tx) => Promise<void>): Promise<string> {
    const { connection, accounts, sites } = this.#parts;
    return connection.write(async (tx) => {
      await finish(tx);
      await this.#makeRoom(tx, agreed.customerId);
      const order = await accounts.agreements.place(tx, agreed);
      return sites.prepare(tx, order, agreed.actor);
    });
  }

  /** Of orders that are placed at the same time none is one too many. @throws PanelError 409 */
  async #makeRoom(tx: Tx, customerId: string): Promise<void> {
    const { accounts, orders } = this.#parts;
    await accounts.memberships.hold(tx, customerId);
    const open = (await orders.forCustomer(customerId, tx)).filter(({ endedAt }) => endedAt === null);
    if (open.length >= mostOrders) throw conflict('contracts.tooMany');
  }

  /** @returns what keeps a contract from this plan, as faults of the field `plan`: what is there already would not fit */
  async refusalOf({ order, site }: Contract, slug: string): Promise<FieldFault[]> {
    const { orders, databases, ftp } = this.#parts;
    const faults = await orders.refusalOf(slug);
    if (faults.length > 0) return faults;
    if (slug === order.plan) return [{ key: 'contracts.same' }];
    if (!site) return [{ key: 'contracts.notReady' }];
    const plan = await orders.plan(slug);
    const [{ used }, accounts] = await Promise.all([databases.allowance(site), ftp.accounts.ofSite(site)]);
    return [
      ...(site.usedBytes > plan.storageBytes
        ? [
            {
              key: 'contracts.full.storage',
              parameters: { used: inGigabytes(site.usedBytes), room: inGigabytes(plan.storageBytes) },
            },
          ]
        : []),
      ...(used > plan.databases ? [{ key: 'contracts.full.databases', parameters: { used, room: plan.databases } }] : []),
      ...(accounts.length > plan.ftpAccounts
        ? [{ key: 'contracts.full.ftp', parameters: { used: accounts.length, room: plan.ftpAccounts } }]
        : []),
    ];
  }

  /**
   * Another plan is another order: the one before ends, and its site goes on under the new one with that one's room.
   * @throws Invalid on `plan` and for each required item, PanelError 404, 409 when it was changed meanwhile
   */
  async change(orderId: string, agreed: Agreed, finish: (tx: Tx) => Promise<void>): Promise<void> {
    const { connection, accounts, sites, orders } = this.#parts;
    const contract = await this.find(agreed.customerId, orderId);
    const faults = await this.refusalOf(contract, agreed.plan);
    if (faults.length > 0) throw new Invalid({ plan: faults });
    const { site } = contract;
    if (!site) throw conflict('contracts.notReady');
    await connection.write(async (tx) => {
      await finish(tx);
      await orders.end(tx, contract.order.id, { actor: agreed.actor, reason: 'changed' });
      const order = await accounts.agreements.place(tx, agreed);
      await sites.goOnUnder(tx, site, order);
    });
  }

  /**
   * By the operator, or the company's own billing: the order waits for the customer's consent, who is written to. A site comes with it
   * once they have agreed.
   * @throws PanelError 404 for an unknown customer, 409 with too many open orders, Invalid on `plan`
   */
  async placeFor(customerId: string, wish: OperatorsWish & { readonly finish?: FinishOrder }): Promise<Order> {
    const { connection, accounts } = this.#parts;
    const owner = await accounts.owner(customerId);
    if (!owner) throw notFound();
    await this.#refuse(wish.plan);
    return connection.write(async (tx) => {
      await this.#makeRoom(tx, customerId);
      const order = await this.#pending(tx, { customerId, owner, domain: null }, wish);
      await wish.finish?.(tx, order, null);
      return order;
    });
  }

  /**
   * By the company's own billing: another order, whose consent is pending, takes the place of this one. Its site goes on under it: until
   * the customer agrees, reading, downloading and leaving are left there.
   * @throws PanelError 404 for an order that is not there, 409 when it has ended or was changed meanwhile, Invalid on `plan`
   */
  async changeFor(orderId: string, wish: OperatorsWish & { readonly finish?: FinishOrder }): Promise<Order> {
    const { connection, accounts, sites, orders } = this.#parts;
    const { customerId, endedAt, domain } = await orders.byId(orderId);
    if (endedAt !== null) throw conflict('orders.ended');
    const [owner, contract] = await Promise.all([accounts.owner(customerId), this.find(customerId, orderId)]);
    const faults = await this.refusalOf(contract, wish.plan);
    if (faults.length > 0) throw new Invalid({ plan: faults });
    const { site } = contract;
    if (!owner || !site) throw conflict('contracts.notReady');
    return connection.write(async (tx) => {
      await accounts.memberships.hold(tx, customerId);
      await orders.end(tx, orderId, { actor: wish.actor ?? operator, reason: 'changed' });
      const order = await this.#pending(tx, { customerId, owner, domain }, wish);
      await sites.goOnUnder(tx, site, order);
      await wish.finish?.(tx, order, site.name);
      return order;
    });
  }

  async #refuse(plan: string): Promise<void> {
    const faults = await this.#parts.orders.refusalOf(plan);
    if (faults.length > 0) throw new Invalid({ plan: faults });
  }

  async #pending(
    tx: Tx,
    { customerId, owner, domain }: { customerId: string; owner: Person; domain: string | null },
    { plan, reason, actor = operator }: OperatorsWish,
  ): Promise<Order> {
    const { orders, audit, letters } = this.#parts;
    const { name } = await orders.plan(plan, tx);
    const order = await orders.placePending(tx, { customerId, personId: owner.id, plan, domain });
    const entry = { action: 'orders.placedPending', actor, customerId, subjectId: order.id };
    await audit.record(tx, { ...entry, details: { plan, reason } });
    const { language, email: to } = owner;
    await letters.queue(tx, { template: 'order-waits', language, to, parameters: { plan: name[language] }, customerId });
    return order;
  }
}

const inGigabytes = (bytes: number) => (bytes / 1e9).toFixed(1).replace(/\.0$/, '');
