// Another e-mail address: confirmed by both mailboxes, undone by the old one for a week (security.md C.2; docs/decisions/0013).
import type { Request } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import { type Clock, day, hour } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, gone, Invalid, notFound, PanelError, tooMany } from '../platform/errors.ts';
import { newId, newToken } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { hashToken } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { AddressChange, AddressChangeStore, Side } from './address-change-store.ts';
import type { Recovery } from './recovery.ts';
import type { SecurityLetters } from './security-letters.ts';
import type { SignInStore } from './store.ts';

export type AddressChangeParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly store: SignInStore;
  readonly changes: AddressChangeStore;
  readonly securityLetters: SecurityLetters;
  readonly recovery: Recovery;
  readonly choices: Pick<Choices, 'limits'>;
};

/** In which the letters of a change can be confirmed. */
export const confirmHours = 24;
/** In which the old mailbox can undo a change that is done. */
export const undoDays = 7;
/** How long the old mailbox may object when an operator asks, because its owner says that it is lost. */
export const waitDays = 7;

/** What the person's own page shows of a change that waits. */
export type WaitingChange = Pick<AddressChange, 'newAddress' | 'oldConfirmedAt' | 'newConfirmedAt' | 'waitsUntil' | 'expiresAt'>;

export class AddressChanges {
  readonly #parts: AddressChangeParts;

  constructor(parts: AddressChangeParts) {
    this.#parts = parts;
  }

  /** @returns the change of the person who asks that waits for its links, if there is one */
  async waiting(req: Request): Promise<WaitingChange | undefined> {
    return this.#parts.changes.open(signedIn(req).personId, this.#parts.clock.now());
  }

  /**
   * Mails a link to both mailboxes; nothing changes before both were followed. An address that is somebody else's gets a letter
   * without a link instead, and nothing shows it here. What was asked before is over.
   * @throws Invalid on `email`, PanelError 429 after as many changes as letters may go to one address
   */
  async ask(req: Request, typed: string): Promise<void> {
    const { accounts, counters, clock, choices } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const person = await accounts.person(personId);
    const address = accounts.mailboxes.accept(typed, 'email');
    if (accounts.mailboxes.isSame(address, person.email)) throw new Invalid({ email: [{ key: 'address.same' }] });
    const { count, windowMilliseconds } = choices.limits.lettersPerAddress;
    const own = await counters.hit(`signIn.addressChange:${personId}`, windowMilliseconds);
    if (own.count > count) throw tooMany('error.wait', { until: req.visit.words.clock(own.resetAt) });
    const expiresAt = clock.now() + confirmHours * hour;
    await this.#begin({ person, customerId, address, askedBy: 'person', waitsUntil: null, expiresAt }, actorOf(req));
  }

  /**
   * For the operator, once it is proven who asks and that the old mailbox is lost: after `waitDays` the new mailbox's link is enough,
   * unless the old one objects. @returns from when, epoch milliseconds. @throws PanelError 404, Invalid on `email`, 409 `address.taken`
   */
  async askForLostMailbox(loginName: string, typed: string): Promise<number> {
    const { accounts, clock } = this.#parts;
    const person = await accounts.byLoginName(loginName);
    const membership = person && (await accounts.membership(person.id));
    if (!membership) throw notFound();
    const address = accounts.mailboxes.accept(typed, 'email');
    if (accounts.mailboxes.isSame(address, person.email)) throw new Invalid({ email: [{ key: 'address.same' }] });
    if (await accounts.mailboxes.isTaken(address, person.id)) throw conflict('address.taken');
    const waitsUntil = clock.now() + waitDays * day;
    const times = { askedBy: 'operator', waitsUntil, expiresAt: waitsUntil + waitDays * day } as const;
    await this.#begin({ person, customerId: membership.customerId, address, ...times }, { kind: 'operator' });
    return waitsUntil;
  }

  /** The same rows and letters for an address that is somebody else's, but for the link. */
  async #begin(asked: Asked, actor: Actor): Promise<void> {
    const { connection, accounts, counters, clock, changes, audit, choices } = this.#parts;
    const { person, customerId, address, ...times } = asked;
    const isTaken = await accounts.mailboxes.isTaken(address, person.id);
    const limit = choices.limits.lettersPerAddress;
    const { count } = await counters.hit(`signIn.addressLetter:${accounts.loginIndex(address)}`, limit.windowMilliseconds);
    const tokens = { old: newToken(), ...(!isTaken && { new: newToken() }) };
    const now = clock.now();
    const renamesLogin = accounts.mailboxes.isSame(person.loginName, person.email);
    const change = { id: newId(now), personId: person.id, oldAddress: person.email, newAddress: address, createdAt: now };
    await connection.write(async (tx) => {
      await accounts.mailboxes.lock(tx, person.email);
      await changes.endOpen(tx, person.id, now);
      await changes.add(tx, { ...change, ...times, renamesLogin }, tokens);
      await this.#tellOld(tx, asked, actor, tokens.old);
      // No more than strangers may have sent to a mailbox; nothing here shows that one was not written.
      if (count <= limit.count) await this.#tellNew(tx, asked, tokens.new);
      const entry = { actor, customerId, subjectId: person.id, details: { askedBy: asked.askedBy } };
      await audit.record(tx, { action: 'accounts.addressAsked', ...entry });
    });
  }

  async #tellOld(tx: Tx, { person, customerId, address, waitsUntil }: Asked, actor: Actor, token: string): Promise<void> {
    const from = { address: actor.address ?? '', agent: actor.agent ?? '' };
    const more = { confirm: token, wanted: address, hours: confirmHours, from: waitsUntil ?? 0 };
    const template = waitsUntil === null ? 'address-asked' : 'address-waits';
    await this.#parts.securityLetters.tell(tx, template, { person, customerId, from, more });
  }

  /** @param token undefined: the address is somebody else's */
  async #tellNew(tx: Tx, { person, customerId, address, waitsUntil }: Asked, token: string | undefined): Promise<void> {
    const letter = { language: person.language, to: address, actorPersonId: person.id, customerId } as const;
    const parameters = { token: token ?? '', hours: confirmHours, from: waitsUntil ?? 0, days: waitDays };
    const template = token === undefined ? 'address-taken' : waitsUntil === null ? 'address-new' : 'address-new-waits';
    await this.#parts.letters.queue(tx, { ...letter, template, parameters });
  }

  /** Nothing changes any more by the letters that were mailed. */
  async cancel(req: Request): Promise<void> {
    const { connection, changes, clock, audit } = this.#parts;
    const { personId, customerId } = signedIn(req);
    await connection.write(async (tx) => {
      if ((await changes.endOpen(tx, personId, clock.now())) === 0) return;
      await audit.record(tx, { action: 'accounts.addressCancelled', actor: actorOf(req), customerId, subjectId: personId });
    });
  }

  /** Changes nothing. @throws PanelError 410 when the link was used, has expired or was replaced */
  async byLink(side: Side, token: string): Promise<AddressChange> {
    const change = await this.#parts.changes.byToken(side, token, this.#parts.clock.now());
    if (!change) throw gone('address.gone');
    return change;
  }

  /** @returns whether the old mailbox may still object; its own confirmation would end the waiting */
  isEarly({ waitsUntil, oldConfirmedAt }: AddressChange): boolean {
    return waitsUntil !== null && oldConfirmedAt === null && this.#parts.clock.now() < waitsUntil;
  }

  /**
   * A link was followed and confirmed. With the second one the address changes: every other session and every link that was mailed
   * before ends, and both mailboxes are told, the old one with a link that undoes it.
   * @returns whether the address is changed now. @throws PanelError 410, 409 `address.taken`, 409 `address.early` before its time
   */
  async confirm(req: Request, side: Side, token: string): Promise<boolean> {
    const { changes, clock, audit } = this.#parts;
    const before = await this.byLink(side, token);
    const now = clock.now();
    if (side === 'new' && this.isEarly(before))
      throw conflict('address.early', { from: req.visit.words.time(before.waitsUntil ?? 0) });
    const owner = await this.#owner(before.personId);
    return this.#write(before.personId, before.newAddress, async (tx) => {
      const change = await changes.confirm(tx, side, token, now);
      if (!change) throw gone('address.gone');
      const entry = { actor: actorOf(req), customerId: owner.customerId, subjectId: change.personId, details: { side } };
      await audit.record(tx, { action: 'accounts.addressConfirmed', ...entry });
      const oldAgrees = change.oldConfirmedAt !== null || (change.waitsUntil !== null && change.waitsUntil <= now);
      if (!oldAgrees || change.newConfirmedAt === null) return false;
      await this.#change(tx, req, change, owner);
      return true;
    });
  }

  async #change(tx: Tx, req: Request, change: AddressChange, { person, customerId }: Owner): Promise<void> {
    const { accounts, changes, clock, store, audit, letters } = this.#parts;
    const now = clock.now();
    await accounts.mailboxes.set(tx, person.id, change.newAddress, change.renamesLogin);
    const undo = newToken();
    await changes.done(tx, change.id, now, { token: undo, until: now + undoDays * day });
    const ended = await store.endAll(tx, person.id, hashToken(req.sessionID));
    const actor: Actor = { ...actorOf(req), kind: 'person', personId: person.id };
    await audit.record(tx, { action: 'accounts.addressChanged', actor, customerId, subjectId: person.id, details: { ended } });
    const common = { language: person.language, actorPersonId: person.id, customerId } as const;
    const parameters = { at: now, token: undo, days: undoDays, wanted: change.newAddress, address: req.visit.address };
    await letters.queue(tx, { ...common, template: 'address-changed', to: change.oldAddress, parameters });
    const told = { at: now, address: req.visit.address };
    await letters.queue(tx, { ...common, template: 'address-changed-new', to: change.newAddress, parameters: told });
  }

  /** Changes nothing. @throws PanelError 410 */
  async byUndo(token: string): Promise<AddressChange> {
    const change = await this.#parts.changes.byUndo(token, this.#parts.clock.now());
    if (!change) throw gone('address.undoGone');
    return change;
  }

  /**
   * The old address is the person's again. Every session ends, factors that were added since the change was asked for go, no password
   * is right any more, and a link for a new one is mailed to the old address. Later changes are over with it.
   * @throws PanelError 410, 409 `address.taken` when the old address became another person's meanwhile
   */
  async undo(req: Request, token: string): Promise<void> {
    const { changes, clock, accounts, audit, recovery } = this.#parts;
    const change = await this.byUndo(token);
    const { person, customerId } = await this.#owner(change.personId);
    await this.#write(person.id, change.oldAddress, async (tx) => {
      if (!(await changes.undo(tx, change, clock.now()))) throw gone('address.undoGone');
      await accounts.mailboxes.set(tx, person.id, change.oldAddress, change.renamesLogin);
      await audit.record(tx, { action: 'accounts.addressUndone', actor: actorOf(req), customerId, subjectId: person.id });
      const restored = { ...person, email: change.oldAddress };
      await recovery.close(tx, req, { person: restored, customerId, factorsSince: change.createdAt });
    });
  }

  /** Of two who take one address at the same moment one fails at its index, and is told the same as who comes a moment later. */
  async #write<T>(personId: string, address: string, body: (tx: Tx) => Promise<T>): Promise<T> {
    const { connection, accounts } = this.#parts;
    try {
      return await connection.write(body);
    } catch (error) {
      if (error instanceof PanelError || !(await accounts.mailboxes.isTaken(address, personId))) throw error;
      throw conflict('address.taken');
    }
  }

  /** Deletes what can neither be confirmed nor undone any more. */
  async sweep(): Promise<void> {
    await this.#parts.changes.sweep(this.#parts.clock.now());
  }

  async #owner(personId: string): Promise<Owner> {
    const { accounts } = this.#parts;
    const membership = await accounts.membership(personId);
    if (!membership) throw gone('address.gone');
    return { person: await accounts.person(personId), customerId: membership.customerId };
  }
}

type Owner = { readonly person: Person; readonly customerId: string };
type Asked = Owner & Pick<AddressChange, 'askedBy' | 'waitsUntil' | 'expiresAt'> & { readonly address: string };
