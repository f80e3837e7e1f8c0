// The door of orders: plans, and a plan chosen by a customer together with the consents given for it (KHADA 8.1–8.3).
import type { Actor, Audit } from '../audit/audit.ts';
import type { Consent, Item } from '../consent/consent.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { conflict, type FieldFault, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Language } from '../platform/web/words.ts';
import { agreeAgain, ownerTicks } from './agreeing-again.ts';
import { documentOf, type ItemName, requiredItems } from './items.ts';
import type { PaidTime } from './paid-time.ts';
import { type Compensation, compensationOf, type Plan, samplePlans } from './plans.ts';
import type { RuleOf } from './sla-rules.ts';
import { Standings } from './standing.ts';
import { OrderStore } from './store.ts';

export { documentOf, type ItemName, optionalItems, requiredItems } from './items.ts';
export { type PaidTime, type Unused, unusedOf } from './paid-time.ts';
export { type Compensation, compensation, type Plan } from './plans.ts';
export { type RuleOf, readRules, type SlaRule } from './sla-rules.ts';
export type { Standing, Superseded } from './standing.ts';

export type Order = {
  readonly id: string;
  readonly customerId: string;
  readonly personId: string | null;
  readonly plan: string;
  readonly priceWon: number;
  readonly storageBytes: number;
  readonly manualBackups: number;
  readonly backupVariant: Plan['backupVariant'];
  readonly placedAt: number;
  /** null: consent pending */
  readonly consentedAt: number | null;
  readonly endedAt: number | null;
  /** what the customer's site is known by, where it came with one; ASCII form, small letters */
  readonly domain: string | null;
  /** null: the company's billing has not said */
  readonly paid: PaidTime | null;
};

/** What was ticked, and the words beside the box. */
export type Answer = { readonly item: ItemName; readonly agreed: boolean; readonly wording: string };

export type Placing = {
  readonly customerId: string;
  /** must be a person */
  readonly actor: Actor;
  /** slug */
  readonly plan: string;
  readonly language: Language;
  readonly items: readonly Answer[];
  /** the page that asked, such as `signup` */
  readonly page?: string;
  /** the versions that were shown; without them those now in force */
  readonly versions?: Readonly<Record<string, string>>;
};

/** @returns a fault for each required item that was not agreed to */
export function missingConsents(items: readonly Answer[]): Record<string, FieldFault[]> {
  const missing = requiredItems.filter((item) => !items.some((answer) => answer.item === item && answer.agreed));
  return Object.fromEntries(missing.map((item) => [item, [{ key: `consent.missing.${item}` }]]));
}

export type OrdersParts = {
  connection: Connection;
  consent: Consent;
  audit: Audit;
  clock: Clock;
  /** the figures of each version of the document `sla` */
  ruleOf: RuleOf;
  /** the zone in which a version of a document begins to apply at midnight */
  timeZone?: string;
};

/**
 * Plans for everybody, and orders by customer: every query that acts for a person contains the customer (architecture §6).
 * Errors: PanelError 404 for an unknown plan.
 */
export class Orders {
  /** what customers' orders stand on */
  readonly standings: Standings;
  readonly #parts: OrdersParts;
  readonly #store: OrderStore;

  constructor(parts: OrdersParts) {
    this.#parts = parts;
    this.#store = new OrderStore(parts.connection);
    this.standings = new Standings({ timeZone: 'Asia/Seoul', ...parts, store: this.#store });
  }

  /** Adds three sample plans when there are none, published with the compensation rules now in force. */
  async seedPlans(): Promise<void> {
    const slaVersion = this.#parts.consent.current('sla', 'ko').version;
    await this.#store.seed(samplePlans.map((plan) => ({ ...plan, slaVersion, closedAt: null })));
  }

  /** @returns what an outage is worth by that version of the document `sla`, else by the one in force (KHADA 8.2) */
  compensation(slaVersion = this.#parts.consent.current('sla', 'ko').version): Compensation {
    return compensationOf(this.#parts.ruleOf(slaVersion));
  }

  /** @returns the plans that may be chosen now, in their order */
  async plans(): Promise<Plan[]> {
    return (await this.#store.plans()).filter(({ closedAt }) => closedAt === null);
  }

  /** Also a closed one, since customers still have it. @throws PanelError 404 */
  async plan(slug: string, tx?: Tx): Promise<Plan> {
    const plan = await this.#store.plan(slug, tx);
    if (!plan) throw notFound();
    return plan;
  }

  /** Nobody new may choose the plan from now on; who has it keeps it. @throws PanelError 404 */
  closePlan(slug: string, actor: Actor): Promise<void> {
    return this.#setClosed(slug, this.#parts.clock.now(), { action: 'orders.planClosed', actor });
  }

  /** @throws PanelError 404 */
  reopenPlan(slug: string, actor: Actor): Promise<void> {
    return this.#setClosed(slug, null, { action: 'orders.planReopened', actor });
  }

  async #setClosed(slug: string, closedAt: number | null, entry: { action: string; actor: Actor }): Promise<void> {
    await this.#parts.connection.write(async (tx) => {
      if (!(await this.#store.setClosed(tx, slug, closedAt))) throw notFound();
      await this.#parts.audit.record(tx, { ...entry, subjectId: slug });
    });
  }

  /** @returns what keeps a plan from being chosen, as faults of the field `plan`; none when it may be */
  async refusalOf(slug: string | undefined): Promise<FieldFault[]> {
    return refusal(slug, slug ? await this.#store.plan(slug) : undefined);
  }

  /**
   * Joins the caller's transaction: the order, its consents and the audit exist together or not at all.
   * @throws Invalid with the fields `plan` and of each required item that was not agreed to
   */
  async place(tx: Tx, { plan: slug, items, versions = {}, ...by }: Placing): Promise<Order> {
    const { clock, consent, audit } = this.#parts;
    const plan = await this.#store.plan(slug, tx);
    const refused = refusal(slug, plan);
    const faults = { ...(refused.length > 0 && { plan: refused }), ...missingConsents(items) };
    if (!plan || Object.keys(faults).length > 0) throw new Invalid(faults);

    const now = clock.now();
    const { customerId, actor } = by;
    const personId = actor.personId ?? null;
    const order = orderOf(plan, { id: newId(now), customerId, personId, placedAt: now, consentedAt: now, domain: null });
    const recorded = itemsFor(plan.backupVariant, items, versions);
    await consent.record(tx, { ...by, ...ownerTicks, orderId: order.id, items: recorded });
    await this.#store.add(tx, order);
    await audit.record(tx, { action: 'orders.placed', actor, customerId, subjectId: order.id, details: { plan: slug } });
    return order;
  }

  /**
   * Joins the caller's transaction: an order that came over from another panel. Consent is pending; nothing is opened for it until
   * `agree`.
   * @param domain ASCII form, small letters
   * @throws PanelError 404 for an unknown plan
   */
  async placePending(tx: Tx, of: { customerId: string; personId: string; plan: string; domain: string | null }): Promise<Order> {
    const plan = await this.#store.plan(of.plan, tx);
    if (!plan) throw notFound();
    const now = this.#parts.clock.now();
    const order = orderOf(plan, { ...of, id: newId(now), placedAt: now, consentedAt: null });
    await this.#store.add(tx, order);
    return order;
  }

  /** Joins the caller's transaction: the order ends here; its consents stay. @throws PanelError 409 when it had ended before */
  async end(tx: Tx, orderId: string, { actor, reason }: { actor: Actor; reason: string }): Promise<void> {
    const order = await this.#store.byId(orderId, tx);
    if (!order || !(await this.#store.setEnded(tx, orderId, this.#parts.clock.now()))) throw conflict('orders.ended');
    const entry = { action: 'orders.ended', actor, customerId: order.customerId, subjectId: orderId, details: { reason } };
    await this.#parts.audit.record(tx, entry);
  }

  /** Joins the caller's transaction: what is paid, as the company's billing says it. @throws PanelError 404, 409 when the order has ended */
  async setPaid(tx: Tx, orderId: string, paid: PaidTime, actor: Actor): Promise<Order> {
    const order = await this.#store.byId(orderId, tx);
    if (!order) throw notFound();
    if (order.endedAt !== null) throw conflict('orders.ended');
    await this.#store.setPaid(tx, orderId, paid);
    const entry = { action: 'orders.paid', actor, customerId: order.customerId, subjectId: orderId, details: { ...paid } };
    await this.#parts.audit.record(tx, entry);
    return { ...order, paid };
  }

  /** @returns the customer's orders whose consent is pending, oldest first */
  async pending(customerId: string, reader?: Reader): Promise<Order[]> {
    const orders = await this.#store.forCustomer(customerId, reader);
    return orders.filter(({ consentedAt, endedAt }) => consentedAt === null && endedAt === null);
  }

  /**
   * Joins the caller's transaction: the consents for every order that waits for them, recorded as at sign-up.
   * @returns these orders; none when nothing waits any more
   * @throws Invalid with each required item that was not agreed to
   */
  async agree(tx: Tx, { items, versions = {}, ...by }: Omit<Placing, 'plan'>): Promise<Order[]> {
    const faults = missingConsents(items);
    if (Object.keys(faults).length > 0) throw new Invalid(faults);
    const { clock, consent, audit } = this.#parts;
    const { customerId, actor } = by;
    const agreed: Order[] = [];
    for (const order of await this.pending(customerId, tx)) {
      const now = clock.now();
      if (!(await this.#store.setConsented(tx, order.id, now))) continue;
      const recorded = itemsFor(order.backupVariant, items, versions);
      await consent.record(tx, { ...by, ...ownerTicks, orderId: order.id, items: recorded });
      await audit.record(tx, { action: 'orders.agreed', actor, customerId, subjectId: order.id, details: { plan: order.plan } });
      agreed.push({ ...order, consentedAt: now });
    }
    return agreed;
  }

  /**
   * Joins the caller's transaction: what must be agreed to once more, for every order it concerns.
   * @param items every one that the customer's orders need; `versions` those that were shown
   * @returns the ids of the consents; none when nothing is to be agreed to any more
   * @throws Invalid with each item that was not agreed to, or was shown in another version
   */
  agreeAgain(tx: Tx, placing: Omit<Placing, 'plan'>): Promise<string[]> {
    return agreeAgain(tx, placing, { ...this.#parts, standings: this.standings });
  }

  /** @returns those of these domains that an order has which did not end */
  async takenDomains(domains: readonly string[]): Promise<Set<string>> {
    return new Set(domains.length === 0 ? [] : await this.#store.takenDomains(domains));
  }

  /** For support. @param domain ASCII form, small letters */
  withDomain(domain: string): Promise<Order[]> {
    return this.#store.withDomain(domain);
  }

  /** @returns a customer's orders, oldest first; pass the `tx` inside a transaction */
  forCustomer(customerId: string, reader?: Reader): Promise<Order[]> {
    return this.#store.forCustomer(customerId, reader);
  }

  /** For the operator. @returns the orders of each of these customers, oldest first */
  async ofCustomers(customerIds: readonly string[]): Promise<ReadonlyMap<string, Order[]>> {
    return Map.groupBy(await this.#store.ofCustomers(customerIds), ({ customerId }) => customerId);
  }

  /** @throws PanelError 404 */
  async byId(orderId: string): Promise<Order> {
    const order = await this.#store.byId(orderId);
    if (!order) throw notFound();
    return order;
  }

  /** For a sign-up that was never verified: no contract came about, so its orders go. */
  removeAll(tx: Tx, customerId: string): Promise<void> {
    return this.#store.removeAll(tx, customerId);
  }
}

function refusal(slug: string | undefined, plan: Plan | undefined): FieldFault[] {
  if (!slug) return [{ key: 'orders.refused.noPlan' }];
  if (!plan) return [{ key: 'orders.refused.unknownPlan' }];
  return plan.closedAt === null ? [] : [{ key: 'orders.refused.closedPlan' }];
}

const isRequired = (item: ItemName) => (requiredItems as readonly string[]).includes(item);

/** Each answer with the document it is about, in the variant that fits the plan. */
function itemsFor(
  variant: Plan['backupVariant'],
  answers: readonly Answer[],
  versions: Readonly<Record<string, string>>,
): Item[] {
  return answers.map((answer) => {
    const document = documentOf(answer.item, variant);
    const version = document && versions[document];
    return { ...answer, required: isRequired(answer.item), ...(document && { document }), ...(version && { version }) };
  });
}

type Rest = Pick<Order, 'id' | 'customerId' | 'personId' | 'placedAt' | 'consentedAt' | 'domain'>;

function orderOf(plan: Plan, { id, customerId, personId, placedAt, consentedAt, domain }: Rest): Order {
  const { slug, priceWon, storageBytes, manualBackups, backupVariant } = plan;
  const rest = { id, customerId, personId, placedAt, consentedAt, domain };
  return { ...rest, plan: slug, priceWon, storageBytes, manualBackups, backupVariant, endedAt: null, paid: null };
}
