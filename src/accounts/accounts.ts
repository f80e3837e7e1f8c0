// The door of accounts: who people are. Sign-up, mailed tokens, verification, passwords, membership (architecture §6, §9).
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import type { Order, Orders } from '../orders/orders.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { gone, notFound } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { equalText, type Secrets } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';
import type { PasswordHashing } from './hashing.ts';
import { MailedTokens, type NewMailedToken, type Purpose } from './mailed-tokens.ts';
import { type SignUpContext, type SignUpInput, SignUps } from './sign-up.ts';
import { AccountStore } from './store.ts';

export type Person = {
  readonly id: string;
  readonly loginName: string;
  readonly email: string;
  readonly name?: string;
  readonly language: Language;
  /** null: signed up, not verified */
  readonly verifiedAt: number | null;
};

export type Membership = { readonly customerId: string; readonly role: 'owner' | 'developer' | 'viewer' };

export type AccountsParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly orders: Orders;
  readonly consent: Consent;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly counters: Counters;
  readonly hashing: PasswordHashing;
  readonly choices: Pick<Choices, 'brand' | 'limits'>;
};

export class Accounts {
  readonly #parts: AccountsParts;
  readonly #store: AccountStore;
  readonly #tokens: MailedTokens;
  readonly #signUps: SignUps;

  constructor(parts: AccountsParts) {
    this.#parts = parts;
    this.#store = new AccountStore(parts.connection, parts.secrets);
    this.#tokens = new MailedTokens(parts.clock);
    this.#signUps = new SignUps(parts, this.#store, this.#tokens);
  }

  /** @returns the signed value of the form's `terms_versions`: what a page in this language shows now */
  shownVersions(language: Language): string {
    return this.#signUps.shownVersions(language);
  }

  /**
   * Signs up a person with a customer, an order and its consents, and mails the link that verifies (24 h). Hashes first, then writes
   * all in one transaction. An address that is verified already gets the same outcome in the same time, and its owner a letter;
   * at most `limits.lettersPerAddress` letters of sign-ups go to an address, whatever the outcome.
   * @throws Invalid with every refused field at once, PanelError 503 when too many passwords wait to be hashed
   */
  signUp(input: SignUpInput, context: SignUpContext): Promise<void> {
    return this.#signUps.signUp(input, context);
  }

  /**
   * Sends the letter of a sign-up once more, to the address this browser signed up with; the links sent before stay valid.
   * @returns `refusedUntil` in epoch milliseconds when no more letters go to this address now; the same for every address
   */
  resend(email: string, context: Omit<SignUpContext, 'finish'>): Promise<{ refusedUntil?: number }> {
    return this.#signUps.resend(email, context);
  }

  /** Changes nothing. @throws PanelError 410 `verify.expired` when the link was used, has expired or never was */
  async verification(token: string): Promise<{ personId: string; needsPassword(sessionHash: string): boolean }> {
    const row = await this.#tokens.find(this.#parts.connection.db, 'verify', token);
    return {
      personId: row.person_id,
      needsPassword: (sessionHash) => row.session_hash === null || !equalText(row.session_hash, sessionHash),
    };
  }

  /**
   * Joins the caller's transaction: of all sign-ups of an address the first that comes here owns it, the others' links answer 410.
   * Whether this browser must give the password is for the caller to ask (`verification`, `checkPasswordOf`).
   * @throws PanelError 410 `verify.expired`
   */
  async verify(tx: Tx, token: string, actor: Actor): Promise<{ personId: string; customerId: string; orders: Order[] }> {
    const { clock, orders, audit } = this.#parts;
    const now = clock.now();
    const personId = await this.#tokens.use(tx, 'verify', token);
    const namesakes = await this.#store.namesakes(tx, personId);
    const membership = await this.#store.membership(personId, now, tx);
    if (!membership || namesakes.length === 0 || namesakes.some(({ verifiedAt }) => verifiedAt !== null))
      throw gone('verify.expired');
    await this.#store.setVerified(tx, personId, now);
    const others = namesakes.map(({ id }) => id);
    await this.#tokens.revoke(tx, 'verify', others);
    const { customerId } = membership;
    const by: Actor = { ...actor, kind: 'person', personId };
    await audit.record(tx, { action: 'accounts.verified', actor: by, customerId, subjectId: personId });
    return { personId, customerId, orders: await orders.forCustomer(customerId, tx) };
  }

  /** @returns a token for a letter, of which only a hash is kept */
  mailToken(tx: Tx, token: NewMailedToken): Promise<string> {
    return this.#tokens.issue(tx, token);
  }

  /** Uses a mailed token up. @returns whose it was. @throws PanelError 410 when it was used, has expired or never was */
  useToken(tx: Tx, purpose: Purpose, token: string): Promise<string> {
    return this.#tokens.use(tx, purpose, token);
  }

  /**
   * Always exactly one argon2id verification, for an unknown or unverified name against a hash of nobody's.
   * @returns the person, or undefined whatever the cause
   * @throws PanelError 503 when too many wait
   */
  async checkPassword(loginName: string, password: string): Promise<Person | undefined> {
    const found = await this.#store.byLoginName(loginName);
    const right = await this.#parts.hashing.verify(found?.passwordHash, password);
    if (!found || !right) return undefined;
    const { passwordHash, ...person } = found;
    await this.#renewHash(person.id, passwordHash, password);
    return person;
  }

  /** Also for a person who is not verified yet. One verification, whoever it is. */
  async checkPasswordOf(personId: string, password: string): Promise<boolean> {
    const found = await this.#store.byId(personId);
    const right = await this.#parts.hashing.verify(found?.passwordHash, password);
    return found !== undefined && right;
  }

  /** The parameters of the hash may have grown since it was made; only now the password is at hand. */
  async #renewHash(personId: string, before: string, password: string): Promise<void> {
    const { hashing, connection } = this.#parts;
    if (!hashing.needsRehash(before)) return;
    const renewed = await hashing.hash(password);
    await connection.write((tx) => this.#store.setPasswordHash(tx, personId, before, renewed));
  }

  /** @returns the verified person of this login name */
  async byLoginName(loginName: string): Promise<Person | undefined> {
    const found = await this.#store.byLoginName(loginName);
    return found && withoutHash(found);
  }

  /** @throws PanelError 404 */
  async person(personId: string): Promise<Person> {
    const found = await this.#store.byId(personId);
    if (!found) throw notFound();
    return withoutHash(found);
  }

  /** @returns who letters to the customer go to: its owner, verified; undefined when there is none */
  async owner(customerId: string): Promise<Person | undefined> {
    const found = await this.#store.ownerOfCustomer(customerId, this.#parts.clock.now());
    return found && withoutHash(found);
  }

  /** @returns the person's place at a customer, valid now; undefined when it ended or the customer is closed */
  membership(personId: string): Promise<Membership | undefined> {
    return this.#store.membership(personId, this.#parts.clock.now());
  }

  /** @returns a keyed digest of a login name, the same however it is written; for counters and device cookies */
  loginIndex(loginName: string): string {
    return this.#store.loginIndex(loginName);
  }

  /**
   * Erases sign-ups that nobody verified within 24 h after their link expired. Their consents stay, since consents are only
   * added, but without the personal values beside them. May be repeated and interrupted.
   */
  async eraseUnverified(): Promise<void> {
    for (;;) {
      const due = await this.#store.unverified(this.#parts.clock.now(), 100);
      for (const personId of due) await this.#eraseUnverified(personId);
      if (due.length === 0) return;
    }
  }

  /** Deletes mailed tokens a week after they expired: until then a sign-up whose link is too old can still be sent another one. */
  async sweepTokens(): Promise<void> {
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.#tokens.sweep(tx, clock.now() - 7 * day));
  }

  async #eraseUnverified(personId: string): Promise<void> {
    const { connection, orders, consent, audit, clock } = this.#parts;
    await connection.write(async (tx) => {
      const customers = await this.#store.removeUnverified(tx, personId, clock.now());
      if (!customers) return;
      await this.#tokens.remove(tx, personId);
      for (const customerId of customers) {
        await orders.removeAll(tx, customerId);
        await consent.forgetPersonal(tx, customerId);
        await audit.record(tx, { action: 'accounts.signUpErased', actor: systemActor, customerId, subjectId: personId });
      }
    });
  }
}

function withoutHash({ passwordHash: _, ...person }: Person & { passwordHash: string }): Person {
  return person;
}
