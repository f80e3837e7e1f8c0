// Closing an account and undoing it: one transaction each, and letters to the owners (KHADA 7.2; architecture §10).
import type { Person } from '../accounts/accounts.ts';
import { type Actor, systemActor } from '../audit/audit.ts';
import type { ClosureReason } from '../migrations/schema.ts';
import { day, minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, gone, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { ListedErasure } from './erasures-list.ts';
import { LeaverStore } from './leaver-store.ts';
import { longestSaid, queueErasure, type TerminationParts } from './parts.ts';
import type { Closure, ClosureStore } from './store.ts';
import type { Wishes } from './wishes.ts';

export type ClosingWish = {
  readonly because: Exclude<ClosureReason, 'again'>;
  /** what the customer says about it, if anything; what the operator says */
  readonly said: string;
  /** until the erasure, instead of the setting */
  readonly days?: number | undefined;
};

/** What closing came to. */
export type Closed = Pick<Closure, 'id' | 'closedAt' | 'eraseAt' | 'heldAt'>;

/** Runs in the transaction, for who keeps what came of it. */
export type Finish = (tx: Tx, closed: Closed) => Promise<void>;

export class Closing {
  readonly #parts: TerminationParts;
  readonly #store: ClosureStore;
  readonly #leavers: LeaverStore;
  readonly #wishes: Wishes;

  constructor(parts: TerminationParts, store: ClosureStore, wishes: Wishes) {
    this.#wishes = wishes;
    this.#parts = parts;
    this.#store = store;
    this.#leavers = new LeaverStore(parts);
  }

  /** See `Termination.close`. */
  async close(customerId: string, wish: ClosingWish, actor: Actor, finish: Finish = async () => {}): Promise<Closed> {
    const { because, said, days } = wish;
    const { connection, clock, audit, accounts, choices } = this.#parts;
    const text = said.normalize('NFC').trim();
    if (text.length > longestSaid) throw new Invalid({ reason: [{ key: 'error.tooLongField' }] });
    const restriction = await accounts.restrictions.of(customerId);
    const owners = await this.#owners(customerId);
    return connection.write(async (tx) => {
      const now = clock.now();
      const customer = await tx
        .selectFrom('customers')
        .select('closed_at')
        .where('id', '=', customerId)
        .forUpdate()
        .executeTakeFirst();
      if (!customer) throw notFound();
      if (customer.closed_at !== null) throw conflict('termination.closedAlready');
      const members = await this.#leavers.membersOfNobodyElse(customerId, { now, others: 'open', reader: tx });
      const answeringSites = await this.#leavers.shut(tx, customerId, members, now);
      // What an authority wants kept is not erased before it says so (Act on Promotion of Information and Communications Network, article 48-4).
      const heldAt = restriction?.because === 'authority' ? now : null;
      const closed = { id: newId(now), closedAt: now, eraseAt: now + (days ?? choices.eraseAfterDays) * day, heldAt };
      if (!(await this.#store.add(tx, { ...closed, customerId, because, answeringSites, said: text })))
        throw conflict('termination.closedAlready');
      if (heldAt !== null) await this.#store.change(tx, closed.id, { held_at: heldAt });
      await this.#wishes.end(tx, customerId, 'closed');
      await audit.record(tx, { action: 'termination.closed', actor, customerId, subjectId: closed.id, details: { because } });
      await this.#enforce(tx, customerId);
      if (closed.eraseAt <= now) await queueErasure(this.#parts, tx, closed.id);
      await this.#tell(tx, 'account-closed', owners, { customerId, closureId: closed.id, at: now, eraseAt: closed.eraseAt });
      await finish(tx, closed);
      return closed;
    });
  }

  /** Doors outside of the panel follow what the rows of the sites say. */
  async #enforce(tx: Tx, customerId: string): Promise<void> {
    await this.#parts.queue.add(
      tx,
      'customers.enforce',
      { customerId },
      { key: `customers.enforce:${customerId}`, lane: 'short' },
    );
  }

  async #owners(customerId: string): Promise<Person[]> {
    const ids = await this.#leavers.owners(customerId);
    return Promise.all(ids.map((id) => this.#parts.accounts.person(id)));
  }

  async #tell(
    tx: Tx,
    template: 'account-closed' | 'account-reopened',
    owners: readonly Person[],
    { customerId, closureId, at, eraseAt }: { customerId: string; closureId: string; at: number; eraseAt: number },
  ): Promise<void> {
    const { accounts, letters } = this.#parts;
    const lifetimeMinutes = Math.max(1, Math.ceil((eraseAt - at) / minute));
    for (const { id: personId, email: to, language } of owners) {
      const token =
        template === 'account-closed' && eraseAt > at
          ? await accounts.mailToken(tx, { purpose: 'reopen', personId, lifetimeMinutes, about: closureId })
          : '';
      const parameters = { at, eraseAt, number: closureId, token };
      await letters.queue(tx, { template, language, to, parameters, customerId, actorPersonId: personId });
    }
  }

  /** Changes nothing. @returns the closing that a letter's link undoes. @throws PanelError 410 `termination.reopen.gone` */
  async ofToken(token: string): Promise<Closure> {
    const { about } = await this.#parts.accounts.tokenOf('reopen', token);
    const closure = about === null ? undefined : await this.#store.byId(about);
    if (!closure || closure.reopenedAt !== null || closure.begunAt !== null) throw gone('termination.reopen.gone');
    return closure;
  }

  /** By a letter's link. @throws PanelError 410 when it was used, or the erasure has begun */
  async reopenByToken(token: string, from: Pick<Actor, 'address' | 'agent'>): Promise<void> {
    const { accounts } = this.#parts;
    const { id } = await this.ofToken(token);
    await this.#reopen(id, async (tx) => ({ kind: 'person', personId: await accounts.useToken(tx, 'reopen', token), ...from }));
  }

  /** By the operator. @throws PanelError 404 when the account is not closed, 410 when the erasure has begun */
  async reopen(customerId: string, actor: Actor): Promise<void> {
    const closure = await this.#store.ofCustomer(customerId);
    if (!closure) throw notFound();
    await this.#reopen(closure.id, async () => actor);
  }

  async #reopen(closureId: string, actorOf: (tx: Tx) => Promise<Actor>): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const owners = await this.#owners((await this.#store.byId(closureId))?.customerId ?? '');
    await connection.write(async (tx) => {
      const now = clock.now();
      const actor = await actorOf(tx);
      const closure = await this.#store.byId(closureId, tx);
      if (!closure || !(await this.#store.reopen(tx, closureId, now))) throw gone('termination.reopen.gone');
      const { customerId, eraseAt } = closure;
      await this.#leavers.unshut(tx, closure);
      // The letters of all owners had such a link.
      await tx
        .updateTable('mailed_tokens')
        .set({ used_at: now })
        .where('about', '=', closureId)
        .where('used_at', 'is', null)
        .execute();
      await audit.record(tx, { action: 'termination.reopened', actor, customerId, subjectId: closureId });
      await this.#enforce(tx, customerId);
      await this.#tell(tx, 'account-reopened', owners, { customerId, closureId, at: now, eraseAt });
    });
  }

  /** Before anybody is served: what a database brought back that is older than an erasure is shut at once. */
  async shutAgain({ customerId, closureId, begunAt }: ListedErasure): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const now = clock.now();
      const known = await this.#store.byId(closureId, tx);
      // An erasure that goes on, in the database that it began in.
      if (known?.erasedAt === null && known.begunAt !== null) return;
      const members = await this.#leavers.membersOfNobodyElse(customerId, { now, others: 'open', reader: tx });
      const answeringSites = await this.#leavers.shut(tx, customerId, members, now);
      const again = { id: closureId, customerId, because: 'again' as const, closedAt: begunAt, eraseAt: begunAt };
      // One that was open when the database was saved, and undone before this one.
      const other = await this.#store.ofCustomer(customerId, tx);
      if (other && other.id !== closureId) await this.#store.reopen(tx, other.id, now);
      if (!known) await this.#store.add(tx, { ...again, answeringSites, said: '' });
      const anew = { begun_at: begunAt, erased_at: null, erase_at: begunAt, held_at: null, reopened_at: null };
      await this.#store.change(tx, closureId, { ...anew, letter_id: null, certificate: null, certificate_hash: null });
      await tx.deleteFrom('closure_steps').where('closure_id', '=', closureId).execute();
      await audit.record(tx, { action: 'termination.begunAgain', actor: systemActor, customerId, subjectId: closureId });
      await this.#enforce(tx, customerId);
    });
  }
}
