// The door of accounts: who people are. Sign-up, mailed tokens, verification, passwords, membership (architecture §6, §9).
import type { Actor } from '../audit/audit.ts';
import type { Order } from '../orders/orders.ts';
import { day } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { gone, Invalid, notFound, unavailable } from '../platform/errors.ts';
import { equalText } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';
import { Agreements } from './agreements.ts';
import { Finding } from './finding.ts';
import { HashingCost } from './hashing-cost.ts';
import { Imports } from './imports.ts';
import { InvitedPersons } from './invited.ts';
import { Mailboxes } from './mailbox.ts';
import { MailedTokens, type NewMailedToken, type Purpose } from './mailed-tokens.ts';
import { type Membership, Memberships } from './memberships.ts';
import type { AccountsParts } from './parts.ts';
import { type ClosingReason, PasswordWays } from './password-ways.ts';
import { ownWords, panelNames } from './passwords.ts';
import { Restrictions } from './restrictions.ts';
import { type SignUpContext, type SignUpInput, SignUps } from './sign-up.ts';
import { AccountStore } from './store.ts';
import { eraseUnverified } from './unverified.ts';

export type Person = {
  readonly id: string;
  readonly loginName: string;
  readonly email: string;
  readonly name?: string;
  readonly language: Language;
  /** null: signed up, not verified */
  readonly verifiedAt: number | null;
  /** epoch milliseconds */
  readonly passwordSetAt: number;
};

export type { Membership, PlaceRights, PlaceRow, Role } from './memberships.ts';
export type { AccountsParts } from './parts.ts';
export type { ClosingReason } from './password-ways.ts';
export { type CustomerName, type Restriction, type RestrictionReason, restrictionReasons } from './restrictions.ts';

/**
 * Who people are and where they belong. Personal values come out opened and go in sealed; look-up is by keyed digests only.
 * What takes a `tx` joins the caller's transaction. Errors: PanelError 503 when the database does not answer.
 */
export class Accounts {
  readonly #parts: AccountsParts;
  /** whose an e-mail address is, and changing it */
  readonly mailboxes: Mailboxes;
  readonly #store: AccountStore;
  readonly #tokens: MailedTokens;
  readonly #signUps: SignUps;
  /** how costly hashing is on this machine, and how late a failed sign-in is answered because of it */
  readonly hashingCost: HashingCost;
  /** customers of another panel */
  readonly imports: Imports;
  /** what such a customer agrees to before anything else */
  readonly agreements: Agreements;
  /** customers, by what a caller can name */
  readonly finding: Finding;
  /** failures in a row, and passwords that are closed */
  readonly ways: PasswordWays;
  readonly restrictions: Restrictions;
  readonly memberships: Memberships;
  readonly invited: InvitedPersons;

  constructor(parts: AccountsParts) {
    this.#parts = parts;
    this.#store = new AccountStore(parts.connection, parts.secrets);
    this.#tokens = new MailedTokens(parts.clock);
    this.mailboxes = new Mailboxes(parts.connection, parts.secrets, this.#store, this.#tokens);
    this.ways = new PasswordWays(parts);
    this.restrictions = new Restrictions(parts, (customerId) => this.owner(customerId));
    this.hashingCost = new HashingCost({ ...parts, legacyKinds: () => this.#store.legacyKinds() });
    this.imports = new Imports({ ...parts, store: this.#store, hashingCost: this.hashingCost });
    this.agreements = new Agreements(parts, (customerId) => this.owner(customerId));
    this.finding = new Finding({ ...parts, store: this.#store });
    this.memberships = new Memberships(parts, this.#store);
    this.#signUps = new SignUps(parts, { store: this.#store, tokens: this.#tokens, memberships: this.memberships });
    this.invited = new InvitedPersons(parts, this.#store, this.mailboxes);
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
    const personId = await this.#tokens.use(tx, 'verify', token);
    // The first look waits for whoever takes this address just now, the second one sees that they have.
    await this.#store.namesakes(tx, personId);
    const namesakes = await this.#store.namesakes(tx, personId);
    const [membership] = await this.memberships.valid(personId, tx);
    if (!membership || namesakes.length === 0 || namesakes.some(({ verifiedAt }) => verifiedAt !== null))
      throw gone('verify.expired');
    await this.#store.setVerified(tx, personId, clock.now());
    const others = namesakes.map(({ id }) => id);
    await this.#tokens.revoke(tx, ['verify'], others);
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

  /** Changes nothing. @returns whose token it is. @throws PanelError 410 when it was used, has expired or never was */
  async tokenOwner(purpose: Purpose, token: string): Promise<string> {
    return (await this.#tokens.find(this.#parts.connection.db, purpose, token)).person_id;
  }

  /** Changes nothing. @returns whose token it is, and the factor that its letter tells of, if it does. @throws PanelError 410 */
  async tokenOf(purpose: Purpose, token: string): Promise<{ personId: string; about: string | null }> {
    const row = await this.#tokens.find(this.#parts.connection.db, purpose, token);
    return { personId: row.person_id, about: row.about };
  }

  /**
   * Judges and hashes a password that the person chooses anew; nothing is written.
   * @param also words that it must not be made of beside the person's own: the user name at another door
   * @returns the hash for `setPassword`, or for the door it is chosen for
   * @throws Invalid on `field` with every reason against it (KHADA 6.2), PanelError 503 when too many wait
   */
  async newPassword(personId: string, password: string, field: string, also: readonly string[] = []): Promise<string> {
    const { passwords, hashing, choices } = this.#parts;
    const person = await this.person(personId);
    const phone = await this.#store.phone(personId);
    const more = [choices.brand.name, ...panelNames, ...also];
    const words = ownWords({ address: person.email, ...(person.name && { name: person.name }), ...(phone && { phone }), more });
    const faults = password === '' ? [{ key: 'password.missing' }] : await passwords.judge(password, { words });
    if (faults.length > 0) throw new Invalid({ [field]: faults });
    return hashing.hash(password);
  }

  /** Joins the caller's transaction. From now on no link that was mailed before signs in or sets a password. */
  async setPassword(tx: Tx, personId: string, passwordHash: string, isClosed = false): Promise<void> {
    await this.#store.setPassword(tx, personId, passwordHash, this.#parts.clock.now(), isClosed);
    await this.#tokens.revoke(tx, ['login-link', 'password-reset'], [personId]);
    await this.ways.open(tx, personId);
  }

  /**
   * Joins the caller's transaction: no password is right until a new one is set by a mailed link, and links mailed before are void.
   */
  async closePassword(tx: Tx, personId: string, reason: ClosingReason): Promise<void> {
    await this.setPassword(tx, personId, this.#parts.hashing.ofNobody, true);
    await this.ways.close(tx, personId, reason);
  }

  /** @returns whether a password is known from leaks. @throws PanelError 503 when the list is there and cannot be read: nobody is let through */
  async isLeaked(password: string): Promise<boolean> {
    return this.#parts.passwords.isLeaked(password).catch((error) => {
      throw Object.assign(unavailable(), { cause: error });
    });
  }

  /** Joins the caller's transaction and holds the person's row until it ends. @returns whether there is a password that is right */
  holdPassword(tx: Tx, personId: string): Promise<boolean> {
    return this.#store.holdPassword(tx, personId);
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

  /** For other doors, such as FTP. Always one verification, of nobody's hash where there is none. @throws PanelError 503 when too many wait */
  fits(stored: string | undefined, password: string): Promise<boolean> {
    return this.#parts.hashing.verify(stored, password);
  }

  /** After a password was right. @returns its hash as it is made now, where the one that is kept is weaker; else undefined */
  async stronger(stored: string, password: string): Promise<string | undefined> {
    const { hashing } = this.#parts;
    return hashing.needsRehash(stored) ? hashing.hash(password) : undefined;
  }

  /** @throws PanelError 503 when no password could be checked now; asked before a sign-in is counted, it says nothing about anybody */
  refuseWhenBusy(): void {
    this.#parts.hashing.refuseWhenFull();
  }

  /** Also for a person who is not verified yet. One verification, whoever it is. */
  async checkPasswordOf(personId: string, password: string): Promise<boolean> {
    const found = await this.#store.byId(personId);
    const right = await this.#parts.hashing.verify(found?.passwordHash, password);
    return found !== undefined && right;
  }

  /** Passwords that are being hashed and that wait for it now, in this process. */
  counts(): { readonly hashing: { readonly running: number; readonly waiting: number } } {
    return { hashing: this.#parts.hashing.load };
  }

  /** The parameters may have grown since the hash was made, or it is an older panel's; only now the password is at hand. */
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

  /** @param tx the caller's transaction, if any. @returns who letters to the customer go to: its owner, verified; undefined when there is none */
  async owner(customerId: string, tx?: Tx): Promise<Person | undefined> {
    const found = await this.#store.ownerOfCustomer(customerId, this.#parts.clock.now(), tx);
    return found && withoutHash(found);
  }

  /** @returns the person's oldest place that is valid now, at any customer that is not closed; undefined when there is none */
  async membership(personId: string): Promise<Membership | undefined> {
    return (await this.memberships.valid(personId))[0];
  }

  /** @returns a keyed digest of a login name, the same however it is written; for counters and device cookies */
  loginIndex(loginName: string): string {
    return this.#store.loginIndex(loginName);
  }

  /**
   * Erases sign-ups that nobody verified within 24 h after their link expired. Their consents stay, since consents are only
   * added, but without the personal values beside them. May be repeated and interrupted.
   */
  eraseUnverified(): Promise<void> {
    return eraseUnverified(this.#parts, this.#tokens);
  }

  /** Deletes mailed tokens a week after they expired: until then a sign-up whose link is too old can still be sent another one. */
  async sweepTokens(): Promise<void> {
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.#tokens.sweep(tx, clock.now() - 7 * day));
  }
}

function withoutHash({ passwordHash: _, ...person }: Person & { passwordHash: string }): Person {
  return person;
}
