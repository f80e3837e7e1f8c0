// The door of the company's own billing: orders that wait for the customer's consent, non-payment, payment and the end of a contract.
import type { Accounts, CustomerName, RestrictionReason } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Contracts } from '../contracts/contracts.ts';
import type { Order, Orders } from '../orders/orders.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, PanelError } from '../platform/errors.ts';
import type { Sites } from '../sites/sites.ts';
import type { Termination } from '../termination/termination.ts';
import { closingsSince } from './closings.ts';
import { OperatorTokens } from './operator-tokens.ts';
import { type Answer, type Asked, RequestStore } from './requests.ts';
import type { ClosingsAnswer, CustomerAnswer, OrderAnswer } from './shapes.ts';

export { longestTokenDays, scopes, type TokenWish } from './operator-tokens.ts';
export type { Answer, Asked } from './requests.ts';
export type { OperatorToken, Scope } from './token-store.ts';

export type BillingParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly accounts: Pick<Accounts, 'restrictions'>;
  readonly orders: Orders;
  readonly sites: Pick<Sites, 'forCustomer'>;
  readonly contracts: Pick<Contracts, 'placeFor' | 'changeFor'>;
  readonly termination: Pick<Termination, 'of' | 'close' | 'reopen' | 'wishes' | 'events'>;
  /** in whose days a paid time is counted */
  readonly timeZone: string;
};

/** One request: its key, who sent it, and what it is called in the audit. */
export type Sent = { readonly asked: Asked; readonly actor: Actor };

type Ending = { readonly because: 'expired' | 'unpaid'; readonly reason: string; readonly days?: number | undefined };
type Finish = (tx: Tx, answer: Answer & { readonly customerId: string }) => Promise<void>;

/** What a company's billing closes, it may open again. */
const byBilling = ['expired', 'unpaid'];
const answersKept = 30 * day;
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/**
 * Every act exists together with its answer under its key, or not at all: a repeat is told the same and does nothing.
 * Errors: PanelError 404 for a customer or order that is not there, 409 with a sentence, Invalid on `plan`.
 */
export class Billing {
  readonly tokens: OperatorTokens;
  readonly #parts: BillingParts;
  readonly #requests: RequestStore;

  constructor(parts: BillingParts) {
    this.#parts = parts;
    this.tokens = new OperatorTokens(parts);
    this.#requests = new RequestStore(parts.connection);
  }

  /** An order that waits for the customer's consent, who is written to. */
  place(sent: Sent, { customer, plan, reason }: { customer: string; plan: string; reason: string }): Promise<Answer> {
    return this.#once(sent, 'place', async (finish) => {
      const { id } = await this.#open(customer);
      const told = (tx: Tx, order: Order) => finish(tx, placed(order, null));
      await this.#parts.contracts.placeFor(id, { plan, reason, actor: sent.actor, finish: told });
    });
  }

  /** Another order takes the place of this one; its site goes on under it, and waits for the customer's consent. */
  change(sent: Sent, orderId: string, wish: { plan: string; reason: string }): Promise<Answer> {
    return this.#once(sent, 'change', async (finish) => {
      const told = (tx: Tx, order: Order, site: string | null) => finish(tx, placed(order, site));
      await this.#parts.contracts.changeFor(orderId, { ...wish, actor: sent.actor, finish: told });
    });
  }

  /** What an order is paid for, and until when: it takes the place of what was said before. @throws PanelError 409 when the order has ended */
  paidFor(sent: Sent, orderId: string, wish: { from: string; until: string; amount_won: number }): Promise<Answer> {
    const paid = { from: Date.parse(wish.from), until: Date.parse(wish.until), won: wish.amount_won };
    return this.#once(sent, 'paidFor', async (finish) => {
      const before = await this.order(orderId);
      await this.#parts.connection.write(async (tx) => {
        const { customerId } = await this.#parts.orders.setPaid(tx, orderId, paid, sent.actor);
        await finish(tx, { status: 200, customerId, body: { ...before, paid_until: iso(paid.until) } });
      });
    });
  }

  /** Restricts the customer until payment. @throws PanelError 409 when they are restricted for another reason, or closed */
  unpaid(sent: Sent, customer: string): Promise<Answer> {
    return this.#once(sent, 'unpaid', async (finish) => {
      const found = await this.#open(customer);
      await this.#parts.accounts.restrictions.report(found.id, 'unpaid', sent.actor, (tx, because) =>
        finish(tx, customerAnswer(found, because)),
      );
    });
  }

  /** Lifts what non-payment or expiry brought. @throws PanelError 409 when the account was closed otherwise, 410 when its erasure has begun */
  paid(sent: Sent, customer: string): Promise<Answer> {
    const { accounts, termination } = this.#parts;
    return this.#once(sent, 'paid', async (finish) => {
      const found = await this.#customer(customer);
      const closure = await termination.of(found.id);
      if (closure && !byBilling.includes(closure.because)) throw conflict('api.refused.closedOtherwise');
      if (closure) await termination.reopen(found.id, sent.actor);
      await accounts.restrictions.report(found.id, 'paid', sent.actor, (tx, because) =>
        finish(tx, customerAnswer(found, because)),
      );
    });
  }

  /** Ends the contract: at once nobody comes in, and after the erasure date everything is erased. @throws PanelError 409 when it is closed */
  end(sent: Sent, customer: string, { because, reason, days }: Ending): Promise<Answer> {
    return this.#once(sent, 'end', async (finish) => {
      const found = await this.#customer(customer);
      await this.#parts.termination.close(found.id, { because, said: reason, days }, sent.actor, (tx, { eraseAt }) =>
        finish(tx, ok({ ...found, state: 'closed', because, closes_at: null, erase_at: iso(eraseAt) })),
      );
    });
  }

  /** @returns an order of whichever customer. @throws PanelError 404 */
  async order(orderId: string): Promise<OrderAnswer> {
    const order = await this.#parts.orders.byId(orderId);
    const [answer] = await this.#ordersOf(order.customerId, [order]);
    if (!answer) throw new Error('an order that was found has an answer');
    return answer;
  }

  /** @param name id or reference. @returns how they stand, with all of their orders, oldest first. @throws PanelError 404 */
  async customer(name: string): Promise<CustomerAnswer & { orders: OrderAnswer[] }> {
    const { accounts, termination, orders } = this.#parts;
    const found = await this.#customer(name);
    const [closure, restriction, wish] = await Promise.all([
      termination.of(found.id),
      accounts.restrictions.of(found.id),
      termination.wishes.of(found.id),
    ]);
    const state: CustomerAnswer = closure
      ? { ...found, state: 'closed', because: closure.because, closes_at: null, erase_at: iso(closure.eraseAt) }
      : { ...stateOf(found, restriction?.because ?? null), closes_at: iso(wish?.closeAt ?? null) };
    return { ...state, orders: await this.#ordersOf(found.id, await orders.forCustomer(found.id)) };
  }

  /** What became of closings since then: billing settles what was paid in advance. @param since epoch milliseconds, included */
  closings(since: number): Promise<ClosingsAnswer> {
    return closingsSince(this.#parts, since);
  }

  async #ordersOf(customerId: string, all: readonly Order[]): Promise<OrderAnswer[]> {
    const { orders, sites } = this.#parts;
    const [{ pending }, own] = await Promise.all([orders.standings.of(customerId), sites.forCustomer(customerId)]);
    return all.map((order) => {
      const site = own.find(({ orderId }) => orderId === order.id)?.name ?? null;
      return orderAnswer(order, { isPending: pending.has(order.id), site });
    });
  }

  #customer(name: string): Promise<CustomerName> {
    return this.#parts.accounts.restrictions.customerOf(name);
  }

  /** @throws PanelError 404, 409 when the account is closed */
  async #open(name: string): Promise<CustomerName> {
    const found = await this.#customer(name);
    if (await this.#parts.termination.of(found.id)) throw conflict('termination.closedAlready');
    return found;
  }

  /** @throws PanelError 422 when the key was sent before with other words */
  async #once({ asked, actor }: Sent, act: string, run: (finish: Finish) => Promise<void>): Promise<Answer> {
    const before = await this.#known(asked);
    if (before) return before;
    let answered: Answer | undefined;
    const finish: Finish = async (tx, { customerId, ...answer }) => {
      const { clock, audit } = this.#parts;
      await this.#requests.add(tx, asked, { ...answer, customerId, now: clock.now() });
      const details = { act, token: asked.tokenId };
      await audit.record(tx, { action: 'billing.acted', actor, customerId, subjectId: asked.tokenId, details });
      answered = answer;
    };
    try {
      await run(finish);
    } catch (error) {
      // Of two at once the other one may have acted; then its answer holds, whatever this one met.
      const meanwhile = await this.#known(asked);
      if (!meanwhile) throw error;
      return meanwhile;
    }
    if (!answered) throw new Error(`${act} has ended without an answer`);
    return answered;
  }

  async #known(asked: Asked): Promise<Answer | undefined> {
    const known = await this.#requests.find(asked);
    if (known && known.digest !== asked.digest) throw new PanelError(422, 'api.refused.otherWords');
    return known && { status: known.status, body: known.body };
  }

  /** What is due by the clock of a worker. */
  appointments() {
    const { connection, clock } = this.#parts;
    const keep = () => connection.write((tx) => this.#requests.sweep(tx, clock.now() - answersKept));
    return [{ name: 'billing.sweep', everyMilliseconds: day, keep }];
  }
}

const ok = (body: CustomerAnswer) => ({ status: 200, body, customerId: body.id });
const stateOf = (found: CustomerName, because: RestrictionReason | null): CustomerAnswer => ({
  ...{ ...found, state: because === null ? 'open' : 'restricted', because, closes_at: null, erase_at: null },
});
const customerAnswer = (found: CustomerName, because: RestrictionReason | null) => ok(stateOf(found, because));

const placed = (order: Order, site: string | null) => ({
  ...{ status: 201, customerId: order.customerId, body: orderAnswer(order, { isPending: true, site }) },
});

const orderAnswer = (order: Order, { isPending, site }: { isPending: boolean; site: string | null }): OrderAnswer => ({
  ...{ id: order.id, customer: order.customerId, plan: order.plan, price_won: order.priceWon, site },
  state: order.endedAt !== null ? 'ended' : isPending ? 'consent_pending' : 'open',
  ...{
    placed_at: new Date(order.placedAt).toISOString(),
    ended_at: iso(order.endedAt),
    paid_until: iso(order.paid?.until ?? null),
  },
});
