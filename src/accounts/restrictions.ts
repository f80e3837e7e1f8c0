// Restricted customers (architecture §6, ruling 8): the operator says why; they sign in, read, download, ask and leave, and change nothing.
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import { conflict, notFound } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Person } from './accounts.ts';

/** Each has a sentence `restriction.because.<reason>`. `authority`: an authority has asked for it (E-Commerce Act, article 32-2). */
export const restrictionReasons = ['unpaid', 'authority', 'security', 'terms'] as const;
export type RestrictionReason = (typeof restrictionReasons)[number];

export type Restriction = { readonly since: number; readonly because: RestrictionReason };

/** What a customer is called: the id, and the reference of the company's own billing. */
export type CustomerName = { readonly id: string; readonly reference: string | null };

type Finish = (tx: Tx, because: RestrictionReason | null) => Promise<void>;

export type RestrictionParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly queue: Queue;
};

/** Asked with every request of somebody who is signed in. */
const stateOf = prepared((db, { customerId }: { customerId: string }) =>
  db.selectFrom('customers').select(['restricted_at', 'restricted_because']).where('id', '=', customerId),
);

/**
 * By the operator. Takes effect with the customer's next request (ASVS 8.3.2); sessions stay, so that a download goes on. What lies outside
 * of the panel (FTP, SSH, databases) is shut and opened again by the job `customers.enforce`.
 */
export class Restrictions {
  readonly #parts: RestrictionParts;
  readonly #owner: (customerId: string) => Promise<Person | undefined>;

  /** @param owner whom letters to a customer go to */
  constructor(parts: RestrictionParts, owner: (customerId: string) => Promise<Person | undefined>) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /** @returns undefined for a customer who is not restricted */
  async of(customerId: string): Promise<Restriction | undefined> {
    const [row] = await stateOf(this.#parts.connection, { customerId });
    if (!row || row.restricted_at === null) return undefined;
    return { since: row.restricted_at, because: row.restricted_because as RestrictionReason };
  }

  /** @returns the customer of this reference of the company's own billing. @throws PanelError 404 */
  async byReference(reference: string): Promise<string> {
    const row = await this.#parts.connection.db
      .selectFrom('customers')
      .select('id')
      .where('external_reference', '=', reference)
      .executeTakeFirst();
    if (!row) throw notFound();
    return row.id;
  }

  /** For the company's own programs. @param name the id, or the reference as `byReference`. @throws PanelError 404 */
  async customerOf(name: string): Promise<CustomerName> {
    const rows = await this.#parts.connection.db
      .selectFrom('customers')
      .select(['id', 'external_reference'])
      .where((eb) => eb.or([eb('id', '=', name), eb('external_reference', '=', name)]))
      .execute();
    const row = rows.find(({ id }) => id === name) ?? rows[0];
    if (!row) throw notFound();
    return { id: row.id, reference: row.external_reference };
  }

  /**
   * By the company's billing: non-payment restricts, payment lifts that and nothing else.
   * @param finish runs in the transaction, also when nothing changed; `because`: why the customer is restricted from now on
   * @throws PanelError 404, 409 for non-payment of a customer who is restricted for another reason, which would be lost
   */
  async report(customerId: string, what: 'unpaid' | 'paid', actor: Actor, finish: Finish): Promise<void> {
    const reason = what === 'unpaid' ? 'unpaid' : null;
    const change = { reason, actor } as const;
    const owner = await this.#owner(customerId);
    await this.#parts.connection.write(async (tx) => {
      const before = (await this.#held(tx, customerId)).restricted_because;
      const isOther = before !== null && before !== 'unpaid';
      if (isOther && what === 'unpaid') throw conflict('api.refused.restrictedOtherwise');
      if (!isOther) await this.#change(tx, customerId, owner, change);
      await finish(tx, isOther ? (before as RestrictionReason) : reason);
    });
  }

  /**
   * Restricts a customer, with audit row and a letter to the owner. Another reason replaces the one before.
   * @returns false when the customer is restricted for this reason already. @throws PanelError 404
   */
  restrict(customerId: string, reason: RestrictionReason, actor: Actor = systemActor): Promise<boolean> {
    return this.#set(customerId, reason, actor);
  }

  /** @returns false when there was no restriction. @throws PanelError 404 */
  lift(customerId: string, actor: Actor = systemActor): Promise<boolean> {
    return this.#set(customerId, null, actor);
  }

  async #set(customerId: string, reason: RestrictionReason | null, actor: Actor): Promise<boolean> {
    const owner = await this.#owner(customerId);
    return this.#parts.connection.write((tx) => this.#change(tx, customerId, owner, { reason, actor }));
  }

  /** Until the end of the transaction nobody else changes it. @throws PanelError 404 */
  async #held(tx: Tx, customerId: string) {
    const row = await tx.selectFrom('customers').selectAll().where('id', '=', customerId).forUpdate().executeTakeFirst();
    if (!row) throw notFound();
    return row;
  }

  async #change(
    tx: Tx,
    customerId: string,
    owner: Person | undefined,
    { reason, actor }: { readonly reason: RestrictionReason | null; readonly actor: Actor },
  ): Promise<boolean> {
    const { clock, audit, letters, queue } = this.#parts;
    const row = await this.#held(tx, customerId);
    if (row.restricted_because === reason && (reason !== null || row.restricted_at === null)) return false;
    const now = clock.now();
    const restricted = { restricted_at: reason === null ? null : now, restricted_because: reason };
    await tx.updateTable('customers').set(restricted).where('id', '=', customerId).execute();
    const action = reason === null ? 'accounts.restrictionLifted' : 'accounts.restricted';
    await audit.record(tx, { action, actor, customerId, ...(reason !== null && { details: { reason } }) });
    await queue.add(tx, 'customers.enforce', { customerId }, { key: `customers.enforce:${customerId}`, lane: 'short' });
    if (owner)
      await letters.queue(tx, {
        template: reason === null ? 'restriction-lifted' : 'restricted',
        language: owner.language,
        to: owner.email,
        parameters: { at: now, reason: reason ?? '' },
        customerId,
      });
    return true;
  }
}
