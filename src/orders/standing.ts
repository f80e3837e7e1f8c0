// Which orders of a customer stand on what was agreed to: asked at every page of somebody who is signed in (architecture §6).
import type { Consent } from '../consent/consent.ts';
import { localDay } from '../platform/clock.ts';
import type { Connection, Reader } from '../platform/database/database.ts';
import { documentOf, type ItemName } from './items.ts';
import type { Order } from './orders.ts';
import type { OrderStore } from './store.ts';

/** A document of an order has a version that must be agreed to as well. */
export type Superseded = {
  readonly order: Order;
  readonly item: ItemName;
  readonly document: string;
  /** what was agreed to; undefined when that cannot be told */
  readonly agreed: string | undefined;
  /** the version to agree to: the local day from which it applies */
  readonly needed: string;
};

export type Standing = {
  /** nothing was agreed to yet: these wait */
  readonly waiting: readonly Order[];
  /** agreed to, and some document has changed since */
  readonly superseded: readonly Superseded[];
  /** ids of the orders whose consent is pending now: reading, downloading and leaving are left at their sites */
  readonly pending: ReadonlySet<string>;
  /** some order stands on what was agreed to, perhaps until a day to come */
  readonly hasOpen: boolean;
  /** the first local day from which one of the superseded documents applies, and whether it has come */
  readonly from: string | undefined;
  readonly isDue: boolean;
};

const contractItems = ['agree_terms', 'agree_backup', 'agree_sla'] as const satisfies readonly ItemName[];

export type StandingParts = {
  readonly connection: Connection;
  readonly consent: Consent;
  readonly store: OrderStore;
  /** the zone in which a version begins to apply at midnight */
  readonly timeZone: string;
};

export class Standings {
  readonly #parts: StandingParts;

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  /** @param reader pass the `tx` inside a transaction */
  async of(customerId: string, reader?: Reader): Promise<Standing> {
    const { consent, store } = this.#parts;
    const open = await store.openOf(customerId, reader);
    const waiting = open.filter(({ consentedAt }) => consentedAt === null);
    const wanted = open.flatMap((order) => this.#wanted(order));
    const agreed = wanted.length === 0 ? new Map() : await consent.agreedVersions(customerId, reader);
    const superseded = wanted.flatMap(({ order, item, document, needed }) => {
      const version: string | undefined = agreed.get(`${order.id}/${document}`);
      return version !== undefined && version >= needed ? [] : [{ order, item, document, agreed: version, needed }];
    });
    const today = consent.library.today();
    const overdue = superseded.filter(({ needed }) => needed <= today);
    const pending = new Set([...waiting, ...overdue.map(({ order }) => order)].map(({ id }) => id));
    const from = superseded.map(({ needed }) => needed).sort()[0];
    return { waiting, superseded, pending, hasOpen: open.some(({ id }) => !pending.has(id)), from, isDue: overdue.length > 0 };
  }

  /** Which documents of an order might have to be agreed to once more: nobody is asked who ordered after a version began to apply. */
  #wanted(order: Order): { order: Order; item: ItemName; document: string; needed: string }[] {
    const { consent, timeZone } = this.#parts;
    if (order.consentedAt === null) return [];
    const consentedOn = localDay(order.consentedAt, timeZone);
    return contractItems.flatMap((item) => {
      const document = documentOf(item, order.backupVariant);
      const needed = document && consent.library.needed(document)?.version;
      return document && needed && consentedOn < needed ? [{ order, item, document, needed }] : [];
    });
  }

  /** For doors other than pages. @returns whether the consent of this order is pending now */
  async isPending({ customerId, orderId }: { readonly customerId: string; readonly orderId: string }): Promise<boolean> {
    await this.#parts.consent.library.refresh();
    return (await this.of(customerId)).pending.has(orderId);
  }

  /** @returns how many open orders stand on a version before the one that must be agreed to */
  async missing(document: string): Promise<number> {
    const { store } = this.#parts;
    let count = 0;
    for (let after = ''; ; ) {
      const customers = await store.customersAfter(after, 500);
      const last = customers.at(-1);
      if (last === undefined) return count;
      after = last;
      for (const customerId of customers) {
        const { superseded } = await this.of(customerId);
        count += superseded.filter((one) => one.document === document).length;
      }
    }
  }

  /** @returns whether an open order of the customer rests on the document; everybody's does on one that no order names */
  async restsOn(customerId: string, document: string): Promise<boolean> {
    const open = await this.#parts.store.openOf(customerId);
    const own = open.flatMap(({ backupVariant }) => contractItems.map((item) => documentOf(item, backupVariant)));
    return document === 'privacy' || own.some((one) => one === document);
  }

  /** @returns ids of customers with an open order, in the order of ids, for work that goes through all of them */
  customersAfter(after: string, count: number): Promise<string[]> {
    return this.#parts.store.customersAfter(after, count);
  }
}
