// Finding a customer for support, by what a caller can name: domain, reference, the last four digits of the phone (security.md G.2).
import type { Actor, Audit } from '../audit/audit.ts';
import type { Orders } from '../orders/orders.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { domainOf } from './import-rows.ts';
import { ImportStore } from './import-store.ts';
import type { AccountStore } from './store.ts';

export type Asked = { readonly domain?: string; readonly reference?: string; readonly phoneLast4?: string };

/** Personal values are masked: who needs more asks the person. */
export type Found = {
  readonly personId: string;
  readonly customerId: string;
  readonly reference: string | null;
  readonly loginName: string;
  readonly email: string;
  readonly name: string;
  readonly domains: readonly string[];
};

export type FindingParts = { connection: Connection; secrets: Secrets; orders: Orders; audit: Audit; store: AccountStore };

export class Finding {
  readonly #parts: FindingParts;
  readonly #rows: ImportStore;

  constructor(parts: FindingParts) {
    this.#parts = parts;
    this.#rows = new ImportStore(parts.connection, parts.secrets);
  }

  /**
   * Each search is an audit row that names who was found and not what was asked.
   * @param asked all that is given must fit; at least one thing
   * @returns at most 100, masked
   */
  async find(asked: Asked, actor: Actor): Promise<Found[]> {
    const { orders, store, audit, connection } = this.#parts;
    const domain = asked.domain === undefined ? undefined : domainOf(asked.domain);
    const ofDomain = asked.domain === undefined ? undefined : await orders.withDomain(domain || asked.domain);
    const found = await this.#rows.ownersOf({
      ...(asked.reference !== undefined && { reference: asked.reference }),
      ...(asked.phoneLast4 !== undefined && { phoneLast4: asked.phoneLast4 }),
      ...(ofDomain && { customerIds: ofDomain.map(({ customerId }) => customerId) }),
    });
    const by = Object.keys(asked).sort().join();
    await connection.write(async (tx) => {
      const details = { by, found: found.length };
      if (found.length === 0) await audit.record(tx, { action: 'accounts.searched', actor, details });
      for (const { personId, customerId } of found)
        await audit.record(tx, { action: 'accounts.searched', actor, customerId, subjectId: personId, details });
    });
    return Promise.all(
      found.map(async ({ personId, customerId, reference }) => {
        const person = await store.byId(personId);
        const placed = await orders.forCustomer(customerId);
        return {
          personId,
          customerId,
          reference,
          loginName: masked(person?.loginName ?? ''),
          email: masked(person?.email ?? ''),
          name: masked(person?.name ?? ''),
          domains: placed.flatMap((order) => order.domain ?? []),
        };
      }),
    );
  }
}

/** @returns the first sign, or two of five and more, and the domain of an address: `ho***@example.com`, `홍**` */
export function masked(text: string): string {
  const at = text.lastIndexOf('@');
  const [local, domain] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
  const signs = [...local];
  const shown = signs.length >= 5 ? 2 : signs.length >= 2 ? 1 : 0;
  return signs.slice(0, shown).join('') + '*'.repeat(Math.min(3, signs.length - shown)) + domain;
}
