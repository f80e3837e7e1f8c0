// The ways back: a password reset by letter, and "this was not me" (security.md C.2, C.4; ux.md 2.12).
import type { Request } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { gone } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { AddressChangeStore } from './address-change-store.ts';
import { type CustomerOf, customerOf } from './customer-of.ts';
import type { FactorStore } from './factor-store.ts';
import type { SecurityLetters } from './security-letters.ts';
import type { SignInStore } from './store.ts';

export type RecoveryParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly store: SignInStore;
  readonly factors: FactorStore;
  readonly changes: AddressChangeStore;
  readonly securityLetters: SecurityLetters;
  readonly choices: Pick<Choices, 'limits'>;
};

export const resetMinutes = 30;
/** Writing a letter takes a little longer than writing none. */
const evenMilliseconds = 150;

export class Recovery {
  readonly #parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Mails a link that sets a new password once, within 30 minutes. The same for an unknown address, and in the same time. */
  async mailReset(req: Request, email: string): Promise<void> {
    const { clock, counters, choices, accounts } = this.#parts;
    const answerAt = clock.monotonic() + evenMilliseconds;
    const limit = choices.limits.lettersPerAddress;
    const { count } = await counters.hit(`signIn.reset:${accounts.loginIndex(email)}`, limit.windowMilliseconds);
    const person = await accounts.byLoginName(email);
    if (person && count <= limit.count) {
      const customer = await customerOf(this.#parts.accounts, person.id);
      await this.#parts.connection.write((tx) => this.#mailReset(tx, req, { person, ...customer }));
    }
    await clock.until(answerAt);
  }

  async #mailReset(tx: Tx, req: Request, { person, ...customer }: { person: Person } & CustomerOf): Promise<void> {
    const { accounts, letters, audit } = this.#parts;
    const { id: personId, language, email: to } = person;
    const token = await accounts.mailToken(tx, { purpose: 'password-reset', personId, lifetimeMinutes: resetMinutes });
    const parameters = { token, minutes: resetMinutes };
    await letters.queue(tx, { template: 'password-reset', language, to, parameters, actorPersonId: personId, ...customer });
    await audit.record(tx, { action: 'signIn.resetMailed', actor: actorOf(req), subjectId: personId, ...customer });
  }

  /** Changes nothing. @throws PanelError 410 when the link was used, has expired or never was */
  async checkReset(token: string): Promise<void> {
    await this.#parts.accounts.tokenOwner('password-reset', token);
  }

  /**
   * Sets a new password by a mailed link; every session and a waiting change of address end, second factors stay (ASVS 6.4.3, 7.4.3).
   * @returns whose it is: the letter was theirs, so this browser is known from now on (security.md C.1)
   * @throws Invalid on `password` with every reason against it, PanelError 410
   */
  async reset(req: Request, token: string, password: string): Promise<Person> {
    const { accounts, connection, store, changes, clock, audit, securityLetters } = this.#parts;
    const personId = await accounts.tokenOwner('password-reset', token);
    const hash = await accounts.newPassword(personId, password, 'password');
    const person = await accounts.person(personId);
    const membership = await accounts.membership(personId);
    if (!membership) throw gone('reset.gone');
    const { customerId } = membership;
    await connection.write(async (tx) => {
      await accounts.useToken(tx, 'password-reset', token);
      await accounts.setPassword(tx, personId, hash);
      await changes.endOpen(tx, personId, clock.now());
      const ended = await store.endAll(tx, personId);
      const actor = { ...actorOf(req), kind: 'person', personId } as const;
      await audit.record(tx, { action: 'accounts.passwordReset', actor, customerId, subjectId: personId, details: { ended } });
      await securityLetters.tell(tx, 'password-changed', { person, customerId, from: actorOf(req) });
    });
    return person;
  }

  /** Changes nothing. @throws PanelError 410 */
  async checkNotMe(token: string): Promise<void> {
    await this.#parts.accounts.tokenOwner('not-me', token);
  }

  /**
   * "This was not me", from a letter: every session ends, no password is right any more, and a link for a new one is mailed. From the
   * letter about a new factor, that factor goes too, since a thief's passkey would sign in without any password (docs/decisions/0013).
   * @throws PanelError 410
   */
  async disown(req: Request, token: string): Promise<void> {
    const { accounts, factors, connection } = this.#parts;
    const { personId, about } = await accounts.tokenOf('not-me', token);
    const person = await accounts.person(personId);
    const customer = await customerOf(this.#parts.accounts, person.id);
    const factorsSince = about === null ? undefined : await factors.addedAt(personId, about);
    await connection.write(async (tx) => {
      await accounts.useToken(tx, 'not-me', token);
      await this.close(tx, req, { person, ...customer, ...(factorsSince !== undefined && { factorsSince }) });
    });
  }

  /** The same, from a page of somebody who is signed in; factors stay, they are on the page before. */
  async disownSignedIn(req: Request, personId: string): Promise<void> {
    const person = await this.#parts.accounts.person(personId);
    const customer = await customerOf(this.#parts.accounts, person.id);
    await this.#parts.connection.write((tx) => this.close(tx, req, { person, ...customer }));
  }

  /**
   * Joins the caller's transaction: nobody is in any more, and the mailbox of `person` gets the only way back.
   * @param factorsSince factors added from then on are removed (epoch milliseconds)
   */
  async close(
    tx: Tx,
    req: Request,
    { person, factorsSince, ...customer }: { person: Person; customerId?: string; factorsSince?: number },
  ): Promise<void> {
    const { accounts, store, factors, changes, clock, audit } = this.#parts;
    await accounts.closePassword(tx, person.id, 'disowned');
    await changes.endOpen(tx, person.id, clock.now());
    const removed = factorsSince === undefined ? 0 : await factors.removeSince(tx, person.id, factorsSince);
    const ended = await store.endAll(tx, person.id);
    const entry = { actor: actorOf(req), subjectId: person.id, ...customer, details: { ended, removed } };
    await audit.record(tx, { action: 'accounts.passwordClosed', ...entry });
    await this.#mailReset(tx, req, { person, ...customer });
  }
}
