// What a person sees of and does to their own way in: sessions, history, a new password (KHADA 6.1; ux.md 2.12).
import type { Request } from 'express';
import type { Accounts } from '../accounts/accounts.ts';
import { type Audit, everybody } from '../audit/audit.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { type FieldFault, Invalid, notFound, tooMany } from '../platform/errors.ts';
import { hashToken } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { AddressChangeStore } from './address-change-store.ts';
import { customerOf } from './customer-of.ts';
import { OwnHistory } from './own-history.ts';
import type { Passkeys } from './passkeys.ts';
import type { SecondFactors } from './second-factors.ts';
import type { SecurityLetters } from './security-letters.ts';
import { renewedHolding } from './sessions.ts';
import type { OwnSession, SignInStore } from './store.ts';

declare module 'express-session' {
  interface SessionData {
    /** where this session was signed in: personal, sealed with the session */
    signedInFrom: { address: string; agent: string };
  }
}

export type OwnAccountParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly store: SignInStore;
  readonly changes: AddressChangeStore;
  readonly letters: SecurityLetters;
  readonly factors: SecondFactors;
  readonly passkeys: Passkeys;
};

/** At once of one person; with one more the one used longest ago ends (docs/security.md). */
export const mostSessions = 20;
const wrongPasswords = { count: 5, windowMilliseconds: 15 * minute };

export class OwnAccount {
  readonly history: OwnHistory;
  readonly #parts: OwnAccountParts;

  constructor(parts: OwnAccountParts) {
    this.#parts = parts;
    this.history = new OwnHistory(parts);
  }

  /**
   * A fresh sign-in before a delicate act: the password, and for whom it does not sign in alone a code of the app or a recovery code.
   * @throws Invalid on `password`, `code` or `recovery`, PanelError 429 after too many failures
   */
  async confirm(req: Request, typed: { password: string; code: string; recovery: string }): Promise<void> {
    const { accounts, counters, factors } = this.#parts;
    const { personId } = signedIn(req);
    const isDue = await factors.isDue(personId);
    if (isDue && typed.code === '' && typed.recovery === '') throw new Invalid(await this.#factorMissing(personId));
    const key = await this.#countConfirm(req);
    if (!(await accounts.checkPasswordOf(personId, typed.password))) {
      await this.#note(req, 'signIn.confirmFailed');
      throw new Invalid({ password: [{ key: 'confirm.failed' }] });
    }
    const by = isDue && (await this.#confirmFactor(req, typed));
    await counters.clear(key);
    if (by === 'recovery') await factors.tellCodeUsed(req);
    await this.#refresh(req);
  }

  async #confirmFactor(req: Request, typed: { code: string; recovery: string }): Promise<'app' | 'recovery'> {
    const { factors } = this.#parts;
    return factors.check(req, signedIn(req).personId, typed).catch(async (error) => {
      await this.#note(req, 'signIn.confirmFailed');
      throw error;
    });
  }

  async #factorMissing(personId: string): Promise<Record<string, FieldFault[]>> {
    const { app } = await this.#parts.factors.kinds(personId);
    return { [app ? 'code' : 'recovery']: [{ key: app ? 'confirm.codeMissing' : 'confirm.passkeyMissing' }] };
  }

  /** The same by a passkey of the person who is signed in. @throws Invalid on `response`, PanelError 429 */
  async confirmByPasskey(req: Request, response: string): Promise<void> {
    const { counters, passkeys } = this.#parts;
    const key = await this.#countConfirm(req);
    const owner = await passkeys.check(req, response).catch(async (error) => {
      await this.#note(req, 'signIn.confirmFailed');
      throw error;
    });
    if (owner !== signedIn(req).personId) throw new Invalid({ response: [{ key: 'passkeys.refused' }] });
    await counters.clear(key);
    await this.#refresh(req);
  }

  /** @returns the key of the counter, which a success clears */
  async #countConfirm(req: Request): Promise<string> {
    const key = `signIn.confirm:${signedIn(req).personId}`;
    const { count, resetAt } = await this.#parts.counters.hit(key, wrongPasswords.windowMilliseconds);
    if (count > wrongPasswords.count) throw tooMany('error.wait', { until: req.visit.words.clock(resetAt) });
    return key;
  }

  async #note(req: Request, action: string): Promise<void> {
    const { connection, audit } = this.#parts;
    const { personId, customerId } = signedIn(req);
    await connection.write((tx) => audit.record(tx, { action, actor: actorOf(req), customerId, subjectId: personId }));
  }

  /** A new session id with what the session held (ASVS 7.2.4), fresh from now on. */
  async #refresh(req: Request): Promise<void> {
    await this.#note(req, 'signIn.confirmed');
    await renewedHolding(req);
    req.session.freshAt = this.#parts.clock.now();
  }

  /** @returns the sessions of the person who asks, the one that asks marked, newest use first */
  async sessions(req: Request): Promise<(OwnSession & { isThis: boolean })[]> {
    const { store, clock } = this.#parts;
    const own = await store.sessionsOf(signedIn(req).personId, clock.now());
    return own.map((session) => ({ ...session, isThis: session.id === hashToken(req.sessionID) }));
  }

  /** Ends one session of the person's own. @throws PanelError 404 when there is none of that name */
  async endSession(req: Request, id: string): Promise<void> {
    const { connection, store, audit } = this.#parts;
    const { personId, customerId } = signedIn(req);
    await connection.write(async (tx) => {
      if ((await store.end(tx, personId, id)) === 0) throw notFound();
      await audit.record(tx, { action: 'signIn.sessionEnded', actor: actorOf(req), customerId, subjectId: personId });
    });
  }

  /** Ends all sessions of the person but this one. @returns how many */
  async endOthers(req: Request): Promise<number> {
    const { connection, store, audit } = this.#parts;
    const { personId, customerId } = signedIn(req);
    return connection.write(async (tx) => {
      const count = await store.endAll(tx, personId, hashToken(req.sessionID));
      const entry = { action: 'signIn.sessionsEnded', actor: actorOf(req), customerId, subjectId: personId, details: { count } };
      if (count > 0) await audit.record(tx, entry);
      return count;
    });
  }

  /** Joins the caller's transaction, before one more session begins. */
  async makeRoom(tx: Tx, personId: string): Promise<void> {
    await this.#parts.store.makeRoom(tx, personId, this.#parts.clock.now(), mostSessions);
  }

  /**
   * For the operator (ASVS 7.4.5): signs one person out everywhere, or everybody. Their programs' tokens and links go by the audit row.
   * @returns how many sessions ended. @throws PanelError 404 for a login name that nobody has
   */
  async endByOperator(loginName?: string): Promise<number> {
    const { connection, store, accounts, audit } = this.#parts;
    const person = loginName === undefined ? undefined : await accounts.byLoginName(loginName);
    if (loginName !== undefined && !person) throw notFound();
    const customer = await customerOf(accounts, person?.id);
    return connection.write(async (tx) => {
      const count = person ? await store.endAll(tx, person.id) : await store.endEverybodys(tx);
      await audit.record(tx, {
        action: 'signIn.sessionsEnded',
        actor: { kind: 'operator' },
        ...customer,
        subjectId: person?.id ?? everybody,
        details: { count },
      });
      return count;
    });
  }

  /**
   * A new password, once the present one is given; all other sessions end, and links mailed before are void (ASVS 7.4.3), those of a
   * waiting change of address too.
   * @throws Invalid on `current_password` or `new_password`, PanelError 429 after five wrong present ones
   */
  async changePassword(req: Request, present: string, wanted: string): Promise<number> {
    const { connection, accounts, counters, clock, store, changes, audit, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const key = await this.#countConfirm(req);
    if (!(await accounts.checkPasswordOf(personId, present))) {
      await this.#note(req, 'signIn.confirmFailed');
      throw new Invalid({ current_password: [{ key: 'security.password.wrong' }] });
    }
    await counters.clear(key);
    const hash = await accounts.newPassword(personId, wanted, 'new_password');
    const person = await accounts.person(personId);
    return connection.write(async (tx) => {
      await accounts.setPassword(tx, personId, hash);
      await changes.endOpen(tx, personId, clock.now());
      const ended = await store.endAll(tx, personId, hashToken(req.sessionID));
      const entry = { actor: actorOf(req), customerId, subjectId: personId, details: { ended } };
      await audit.record(tx, { action: 'accounts.passwordChanged', ...entry });
      await letters.tell(tx, 'password-changed', { person, customerId, from: actorOf(req) });
      return ended;
    });
  }
}
