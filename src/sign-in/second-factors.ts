// Second factors (KHADA 4.3; RFC 6238; ASVS 6.5): an authenticator app, confirmed before it counts, and ten recovery codes.
import { randomInt } from 'node:crypto';
import type { Request } from 'express';
import { Secret, TOTP } from 'otpauth';
import type { Accounts, Person } from '../accounts/accounts.ts';
import { type Audit, systemActor } from '../audit/audit.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, gone, Invalid, notFound, tooMany } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { actorOf } from '../platform/web/actor.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { ClosedPasswords } from './closed-passwords.ts';
import { customerOf } from './customer-of.ts';
import type { FactorStore } from './factor-store.ts';
import type { LostFactors } from './lost-factors.ts';
import type { SecurityLetter, SecurityLetters } from './security-letters.ts';

declare module 'express-session' {
  interface SessionData {
    /** base32 of an app that is being set up; nothing is stored until a code of it was right */
    appSecret: string;
    /** recovery codes that are shown once, on the next page */
    newCodes: string[];
  }
}

export type SecondFactorParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly store: FactorStore;
  readonly letters: SecurityLetters;
  readonly lost: LostFactors;
  readonly closedPasswords: ClosedPasswords;
  /** how the app names this account */
  readonly issuer: string;
};

export const recoveryCodes = 10;
const periodSeconds = 30;
/** One step back and one ahead: a clock that is half a minute off (ASVS 6.5.5). */
const tolerance = 1;
const wrongCodes = { count: 5, windowMilliseconds: 15 * minute };
/** Since the last right one: who tries so many knows the password (security.md C.1). */
const wrongCodesEver = { count: 100, windowMilliseconds: 365 * day };
// Without letters and digits that look alike; 24 of them are 117 bits, so that a plain digest keeps them safe (ASVS 6.5.2: from 112).
const codeSigns = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const codeLength = 24;

export class SecondFactors {
  readonly #parts: SecondFactorParts;

  constructor(parts: SecondFactorParts) {
    this.#parts = parts;
  }

  /** @returns whether a right password is not enough for this person */
  async isDue(personId: string): Promise<boolean> {
    const { app, passkey } = await this.kinds(personId);
    return app || passkey;
  }

  /** @returns which factors beside the password the person has */
  kinds(personId: string): Promise<{ app: boolean; passkey: boolean }> {
    return this.#parts.store.kinds(personId);
  }

  /** Joins the caller's transaction: ten codes for somebody who has none left, shown on the next page. */
  async firstCodes(tx: Tx, req: Request, personId: string): Promise<void> {
    const { store, clock } = this.#parts;
    if ((await store.codesLeft(personId, tx)) > 0) return;
    const codes = Array.from({ length: recoveryCodes }, newCode);
    await store.setCodes(tx, personId, codes, clock.now());
    req.session.newCodes = codes;
  }

  /** @returns what the person has: since when, used when, how many recovery codes are left */
  async overview(req: Request): Promise<{ since?: number; usedAt: number | null; codesLeft: number }> {
    const { store } = this.#parts;
    const { personId } = signedIn(req);
    const [app, codesLeft] = await Promise.all([store.app(personId), store.codesLeft(personId)]);
    return { ...(app && { since: app.createdAt }), usedAt: app?.usedAt ?? null, codesLeft };
  }

  /** Begins to set up an app: the same secret until it is confirmed or the session ends. @throws PanelError 409 when there is one */
  async begin(req: Request): Promise<{ secret: string; uri: string }> {
    const { personId } = signedIn(req);
    if (await this.#parts.store.app(personId)) throw conflict('factors.exists');
    req.session.appSecret ??= new Secret({ size: 20 }).base32;
    const person = await this.#parts.accounts.person(personId);
    const app = this.#app(req.session.appSecret, person.loginName);
    return { secret: req.session.appSecret, uri: app.toString() };
  }

  /** Confirms the app with one of its codes; the recovery codes are shown on the next page. @throws Invalid on `code`, PanelError 409 */
  async confirm(req: Request, code: string): Promise<void> {
    const { connection, clock, store } = this.#parts;
    const { personId } = signedIn(req);
    const secret = req.session.appSecret;
    if (!secret) throw conflict('factors.exists');
    const step = this.#stepOf(secret, code);
    if (step === undefined) throw new Invalid({ code: [{ key: 'factors.codeWrong' }] });
    const person = await this.#parts.accounts.person(personId);
    const now = clock.now();
    const id = newId(now);
    await connection.write(async (tx) => {
      if (await store.app(personId, tx)) throw conflict('factors.exists');
      await store.addApp(tx, { id, personId, secret, step, now });
      await this.firstCodes(tx, req, personId);
      await this.#note(tx, req, person, ['factor-added', 'signIn.factorAdded', id]);
    });
    delete req.session.appSecret;
  }

  /** Ten new recovery codes, shown once on the next page; the ones before are void. @throws PanelError 404 without a factor */
  async renewCodes(req: Request): Promise<void> {
    const { connection, clock, store } = this.#parts;
    const { personId } = signedIn(req);
    const codes = Array.from({ length: recoveryCodes }, newCode);
    const person = await this.#parts.accounts.person(personId);
    await connection.write(async (tx) => {
      const { app, passkey } = await store.kinds(personId, tx);
      if (!app && !passkey) throw notFound();
      await store.setCodes(tx, personId, codes, clock.now());
      await this.#note(tx, req, person, ['codes-renewed', 'signIn.codesRenewed']);
    });
    req.session.newCodes = codes;
  }

  /** @returns codes made a moment ago, in groups of four, once */
  takeNewCodes(req: Request): string[] {
    const codes = req.session.newCodes ?? [];
    delete req.session.newCodes;
    return codes.map((code) => (code.match(/.{4}/g) ?? []).join(' '));
  }

  /** Removes the app, and the recovery codes with the last factor. @throws PanelError 404 without an app */
  async remove(req: Request): Promise<void> {
    const { connection, store } = this.#parts;
    const { personId } = signedIn(req);
    const person = await this.#parts.accounts.person(personId);
    await connection.write(async (tx) => {
      if ((await store.remove(tx, personId)) === 0) throw notFound();
      await this.#note(tx, req, person, ['factor-removed', 'signIn.factorRemoved']);
    });
  }

  /**
   * The second step of signing in: a code of the app, each time step once, or a recovery code, each once.
   * @throws Invalid on `code` or `recovery`, PanelError 429 after five wrong ones in 15 minutes, which also end what was begun: the
   * password is asked for again. A hundred wrong ones close the password, since somebody else knows it.
   */
  async check(
    req: Request,
    personId: string,
    { code, recovery }: { code: string; recovery: string },
  ): Promise<'app' | 'recovery'> {
    const { counters, connection, store, clock } = this.#parts;
    const key = `signIn.secondFactor:${personId}`;
    const everKey = `signIn.secondFactorEver:${personId}`;
    const { count, resetAt } = await counters.hit(key, wrongCodes.windowMilliseconds);
    if (count === wrongCodes.count + 1) await this.#warn(req, personId);
    if (count > wrongCodes.count) {
      delete req.session.half;
      throw tooMany('error.wait', { until: req.visit.words.clock(resetAt) });
    }
    const ever = await counters.hit(everKey, wrongCodesEver.windowMilliseconds);
    const isLast = ever.count >= wrongCodesEver.count;
    const typed = recovery.toUpperCase().replace(/[^0-9A-Z]/g, '');
    const isRight = await connection.write(async (tx) => {
      if (typed !== '') return store.useCode(tx, personId, typed, clock.now());
      const app = await store.app(personId, tx);
      const step = app && this.#stepOf(app.secret, code);
      return step !== undefined && store.useStep(tx, app?.id ?? '', step, clock.now());
    });
    if (!isRight && isLast) {
      await this.#closePassword(personId);
      delete req.session.half;
      throw gone('factors.halfGone');
    }
    if (!isRight)
      throw new Invalid(
        typed === '' ? { code: [{ key: 'factors.codeWrong' }] } : { recovery: [{ key: 'factors.recoveryWrong' }] },
      );
    await counters.clear(key);
    await this.#parts.lost.found(req, personId);
    await counters.clear(everKey);
    return typed === '' ? 'app' : 'recovery';
  }

  /** A recovery code was used: the owner hears of it, and how many are left stands on the page. */
  async tellCodeUsed(req: Request): Promise<void> {
    const { accounts, connection, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const person = await accounts.person(personId);
    await connection.write((tx) => letters.tell(tx, 'recovery-code-used', { person, customerId, from: actorOf(req) }));
  }

  async #closePassword(personId: string): Promise<void> {
    const { accounts, connection, closedPasswords } = this.#parts;
    const [person, customer] = await Promise.all([accounts.person(personId), customerOf(accounts, personId)]);
    const whose = { person, ...customer };
    await connection.write((tx) => closedPasswords.close(tx, whose, { reason: 'codes', actor: systemActor }));
  }

  /** Somebody knows the password and tries codes: the owner must hear of it. */
  async #warn(req: Request, personId: string): Promise<void> {
    const { accounts, connection } = this.#parts;
    const [person, membership] = await Promise.all([accounts.person(personId), accounts.membership(personId)]);
    if (!membership) return;
    const { customerId } = membership;
    await connection.write((tx) => this.#parts.letters.tell(tx, 'codes-tried', { person, customerId, from: actorOf(req) }));
  }

  async #note(
    tx: Tx,
    req: Request,
    person: Person,
    [letter, action, about]: readonly [SecurityLetter, string, string?],
  ): Promise<void> {
    const { audit, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    await audit.record(tx, { action, actor: actorOf(req), customerId, subjectId: personId });
    await letters.tell(tx, letter, { person, customerId, from: actorOf(req), ...(about !== undefined && { about }) });
  }

  /** @returns the time step whose code this is */
  #stepOf(secret: string, typed: string): number | undefined {
    const token = typed.replace(/\s/g, '');
    if (!/^\d{6}$/.test(token)) return undefined;
    const timestamp = this.#parts.clock.now();
    const delta = this.#app(secret, '').validate({ token, timestamp, window: tolerance });
    return delta === null ? undefined : Math.floor(timestamp / 1000 / periodSeconds) + delta;
  }

  #app(secret: string, label: string): TOTP {
    const { issuer } = this.#parts;
    return new TOTP({ issuer, label, algorithm: 'SHA1', digits: 6, period: periodSeconds, secret: Secret.fromBase32(secret) });
  }
}

const newCode = () => Array.from({ length: codeLength }, () => codeSigns[randomInt(codeSigns.length)]).join('');
