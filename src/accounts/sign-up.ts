// Signing up: everything is checked and hashed first, then one transaction writes all or nothing. A known address answers alike.
import type { Actor } from '../audit/audit.ts';
import { type Answer, missingConsents } from '../orders/orders.ts';
import { hour, minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Language } from '../platform/web/words.ts';
import type { AccountsParts, Person } from './accounts.ts';
import { takenAddress, takenName, takenPhone } from './addresses.ts';
import { agreedCopy } from './agreed-copy.ts';
import type { MailedTokens } from './mailed-tokens.ts';
import type { Memberships } from './memberships.ts';
import { ownWords, panelNames } from './passwords.ts';
import { changedDocuments, readVersions, signedVersions, type Versions } from './shown-versions.ts';
import type { AccountStore } from './store.ts';

/** The form as it was sent; nothing is checked yet. */
export type SignUpInput = {
  readonly plan: string;
  readonly answers: readonly Answer[];
  /** the signed list of shown versions */
  readonly versions: string;
  readonly email: string;
  readonly password: string;
  readonly name?: string;
  readonly phone?: string;
  /** a field that people do not see: whoever fills it in is a program */
  readonly website?: string;
};

export type SignUpContext = {
  readonly language: Language;
  /** a visitor, with network address and agent */
  readonly actor: Actor;
  /** digest of the browser's session, which may verify without the password */
  readonly sessionHash: string;
  /** runs in the transaction, for the form's key */
  readonly finish?: (tx: Tx) => Promise<void>;
};

export const verifyHours = 24;
const eraseAfterHours = 24;
// Writing a new person takes a little longer than writing to the owner of an address; both answer after the same time.
const evenMilliseconds = 150;

type Applicant = { email: string; name: string | undefined; phone: string | undefined; shown: Versions };

export class SignUps {
  readonly #parts: AccountsParts;
  readonly #store: AccountStore;
  readonly #tokens: MailedTokens;
  readonly #memberships: Memberships;

  constructor(parts: AccountsParts, own: { store: AccountStore; tokens: MailedTokens; memberships: Memberships }) {
    this.#parts = parts;
    this.#store = own.store;
    this.#tokens = own.tokens;
    this.#memberships = own.memberships;
  }

  shownVersions(language: Language): string {
    return signedVersions(this.#parts.secrets, language, this.#parts.consent.currentVersions());
  }

  async signUp(input: SignUpInput, context: SignUpContext): Promise<void> {
    const { connection, hashing, clock } = this.#parts;
    if (input.website) return connection.write(async (tx) => context.finish?.(tx));
    const applicant = await this.#checked(input, context.language);
    const passwordHash = await hashing.hash(input.password);
    await this.#evenly(async () => {
      const now = clock.now();
      const { email, name, phone } = applicant;
      const eraseAt = now + (verifyHours + eraseAfterHours) * hour;
      const id = newId(now);
      const row = this.#store.personRow({
        id,
        email,
        name,
        phone,
        passwordHash,
        language: context.language,
        createdAt: now,
        eraseAt,
      });
      const mayWrite = await this.#mayWriteTo(email);
      await connection.write(async (tx) => {
        await context.finish?.(tx);
        const owner = await this.#store.ownerOf(tx, email);
        if (owner) return this.#tellOwner(tx, owner, context.actor, mayWrite);
        if (!mayWrite) return this.#noteSilence(tx, context.actor);
        const customerId = newId(now);
        const actor: Actor = { ...context.actor, kind: 'person', personId: id };
        await this.#store.add(tx, row, customerId, newId(now));
        const { plan, answers: items } = input;
        await this.#parts.orders.place(tx, {
          customerId,
          actor,
          plan,
          language: context.language,
          items,
          page: 'signup',
          versions: applicant.shown,
        });
        await this.#parts.audit.record(tx, { action: 'accounts.signedUp', actor, customerId, subjectId: id });
        await this.#mailVerification(tx, { personId: id, customerId, email, ...context });
      });
    });
  }

  /** Sends the letter once more. @returns until when no more letters go to this address, in epoch milliseconds, where the limit is reached */
  async resend(email: string, context: Omit<SignUpContext, 'finish'>): Promise<{ refusedUntil?: number }> {
    const { connection, clock } = this.#parts;
    const refusedUntil = await this.#refusedUntil(email);
    if (refusedUntil !== undefined) return { refusedUntil };
    await this.#evenly(() =>
      connection.write(async (tx) => {
        const owner = await this.#store.ownerOf(tx, email);
        if (owner) return this.#tellOwner(tx, owner, context.actor, true);
        const personId = await this.#store.pendingOf(tx, email, context.sessionHash);
        const [membership] = personId ? await this.#memberships.valid(personId, tx) : [];
        if (!personId || !membership) return;
        await this.#store.setEraseAt(tx, personId, clock.now() + (verifyHours + eraseAfterHours) * hour);
        await this.#mailVerification(tx, { personId, customerId: membership.customerId, email, ...context });
      }),
    );
    return {};
  }

  /** @throws Invalid with every refused field at once */
  async #checked(input: SignUpInput, language: Language): Promise<Applicant> {
    const { secrets, consent, orders } = this.#parts;
    const shown = readVersions(secrets, language, input.versions);
    const address = takenAddress(input.email);
    const name = takenName(input.name ?? '');
    const phone = takenPhone(input.phone ?? '');
    const lists: Record<string, readonly FieldFault[]> = {
      ...missingConsents(input.answers),
      ...changedDocuments(consent, language, shown, input.answers),
      plan: await orders.refusalOf(input.plan),
      email: 'faults' in address ? address.faults : [],
      password: await this.#passwordFaults(input),
      name: 'faults' in name ? name.faults : [],
      phone: 'faults' in phone ? phone.faults : [],
    };
    const refused = fieldOrder.filter((field) => (lists[field] ?? []).length > 0);
    if (refused.length > 0) throw new Invalid(Object.fromEntries(refused.map((field) => [field, lists[field] ?? []])));
    if (!shown || 'faults' in address || 'faults' in name || 'faults' in phone)
      throw new Error('a refused field was not in the order of fields');
    return { email: address.address, name: name.name, phone: phone.phone, shown };
  }

  async #passwordFaults({ password, email, name = '', phone = '' }: SignUpInput): Promise<readonly FieldFault[]> {
    if (password === '') return [{ key: 'password.missing' }];
    const more = [this.#parts.choices.brand.name, ...panelNames];
    return this.#parts.passwords.judge(password, { words: ownWords({ address: email, name, phone, more }) });
  }

  async #mailVerification(tx: Tx, to: { personId: string; customerId: string; email: string } & SignUpContext): Promise<void> {
    const { clock, letters, orders, consent } = this.#parts;
    const { personId, customerId, email, language, sessionHash } = to;
    const lifetimeMinutes = verifyHours * 60;
    const token = await this.#tokens.issue(tx, { purpose: 'verify', personId, lifetimeMinutes, sessionHash });
    const placed = await orders.forCustomer(customerId, tx);
    const given = await Promise.all(placed.map(({ id }) => consent.forOrder(id, tx)));
    const parameters = {
      token,
      expiresAt: clock.now() + lifetimeMinutes * minute,
      ...agreedCopy(consent, given.flat(), language),
    };
    await letters.queue(tx, { template: 'verify', language, to: email, parameters, actorPersonId: personId, customerId });
  }

  /** The owner of a known address learns that somebody tried; nobody else learns that it is known (security.md C.2). */
  async #tellOwner(tx: Tx, owner: Person, actor: Actor, mayWrite: boolean): Promise<void> {
    const { clock, letters, audit } = this.#parts;
    const [membership] = await this.#memberships.valid(owner.id, tx);
    const customer = membership && { customerId: membership.customerId };
    await audit.record(tx, {
      action: 'accounts.knownAddressSignedUp',
      actor,
      subjectId: owner.id,
      ...customer,
      details: { mailed: mayWrite },
    });
    if (!mayWrite) return;
    const parameters = { at: clock.now() };
    await letters.queue(tx, { template: 'address-known', language: owner.language, to: owner.email, parameters, ...customer });
  }

  /** Without its letter a sign-up could never be verified, so nothing else is written. */
  async #noteSilence(tx: Tx, actor: Actor): Promise<void> {
    await this.#parts.audit.record(tx, { action: 'accounts.signUpNotMailed', actor });
  }

  async #mayWriteTo(email: string): Promise<boolean> {
    return (await this.#refusedUntil(email)) === undefined;
  }

  /** Counts a letter to this address, known or not, so that nobody's mailbox can be flooded from here. */
  async #refusedUntil(email: string): Promise<number | undefined> {
    const { counters, choices } = this.#parts;
    const { count: most, windowMilliseconds } = choices.limits.lettersPerAddress;
    const { count, resetAt } = await counters.hit(`accounts.letters:${this.#store.emailIndex(email)}`, windowMilliseconds);
    return count > most ? resetAt : undefined;
  }

  async #evenly(work: () => Promise<void>): Promise<void> {
    const { clock } = this.#parts;
    const answerAt = clock.monotonic() + evenMilliseconds;
    await work();
    await clock.until(answerAt);
  }
}

/** As on the page, so that the summary above the form leads from top to bottom. */
const fieldOrder = [
  'terms_versions',
  'plan',
  'age_14',
  'agree_terms',
  'agree_backup',
  'agree_sla',
  'email',
  'password',
  'name',
  'phone',
  'marketing_use',
  'ads_email',
  'ads_sms',
  'ads_night',
];
