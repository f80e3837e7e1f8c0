// Invitations by letter: each is good once, for a few days, and makes a place at the customer who sent it.
import type { Request } from 'express';
import type { Accounts, Role } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { conflict, forbidden, gone, Invalid, notFound, tooMany } from '../platform/errors.ts';
import { newId, newToken } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Once } from '../platform/web/idempotency.ts';
import { allows } from '../platform/web/networks.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Language } from '../platform/web/words.ts';
import type { Sites } from '../sites/sites.ts';
import type { InvitationStore } from './store.ts';

export type GuestRights = {
  readonly role: Exclude<Role, 'owner'>;
  /** ids of sites of the customer */
  readonly siteIds: readonly string[];
  readonly networks: readonly string[];
  /** epoch milliseconds; null: until it is ended */
  readonly endsAt: number | null;
};

export type Invitation = GuestRights & {
  readonly id: string;
  readonly customerId: string;
  readonly inviterId: string;
  readonly email: string;
  readonly language: Language;
  readonly createdAt: number;
  /** until when the letter's link is good, in epoch milliseconds */
  readonly expiresAt: number;
};

export type Wanted = GuestRights & { readonly email: string; readonly language: Language };

/** What the invited person is shown. */
export type Shown = {
  readonly invitation: Invitation;
  readonly inviter: string;
  readonly siteNames: readonly string[];
  /** `new`: nobody has this address yet · `signIn`: somebody has · `join`: and is signed in · `other`: somebody else is signed in */
  readonly who: 'new' | 'signIn' | 'join' | 'other';
};

export type InvitationsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly audit: Audit;
  readonly choices: Pick<Choices, 'limits'>;
  readonly store: InvitationStore;
};

const invitationDays = 7;
const keptDays = 30;
/** People and open invitations of one customer; more than that is no small firm's developers any more. */
const mostPeople = 50;
/** Letters of invitations that one customer may cause in a day: nobody may send mail to the world from here. */
const lettersPerDay = 50;

export class Invitations {
  readonly #parts: InvitationsParts;

  constructor(parts: InvitationsParts) {
    this.#parts = parts;
  }

  /** @returns those that are neither accepted nor withdrawn, newest first */
  open(customerId: string): Promise<Invitation[]> {
    return this.#parts.store.open(customerId);
  }

  /** @throws PanelError 404 */
  async find(customerId: string, id: string): Promise<Invitation> {
    const found = (await this.open(customerId)).find((one) => one.id === id);
    if (!found) throw notFound();
    return found;
  }

  /**
   * Invites by letter. The answer is the same whether the address has an account or not.
   * @throws Invalid on `email` when they are there already, PanelError 429 when too many letters went to this address
   */
  async invite(req: Request, by: SignedIn, wanted: Wanted, once: Once): Promise<void> {
    const { connection, clock, accounts, store, audit } = this.#parts;
    const { customerId, personId: inviterId } = by;
    await this.#refuseMember(customerId, wanted.email);
    await this.#countLetter(req, customerId, wanted.email);
    const now = clock.now();
    const invitation = {
      ...wanted,
      id: newId(now),
      customerId,
      inviterId,
      createdAt: now,
      expiresAt: now + invitationDays * day,
    };
    const token = newToken();
    const letter = await this.#letter(invitation, token);
    await connection.write(async (tx) => {
      await once.finish(tx, '/account/people');
      // Counted once more where nobody else invites meanwhile.
      await accounts.memberships.hold(tx, customerId);
      await this.#refuseTooMany(customerId, tx);
      const emailIndex = accounts.mailboxes.index(wanted.email);
      if (!(await store.add(tx, invitation, { token, emailIndex })))
        throw new Invalid({ email: [{ key: 'people.fault.invited' }] });
      await this.#parts.letters.queue(tx, letter);
      await audit.record(tx, {
        action: 'people.invited',
        actor: actorOf(req),
        customerId,
        subjectId: invitation.id,
        details: rightsInWords(wanted),
      });
    });
  }

  async #refuseMember(customerId: string, email: string): Promise<void> {
    const { accounts, clock } = this.#parts;
    const { places, open } = await this.#those(customerId);
    const index = accounts.mailboxes.index(email);
    if (open.some((one) => accounts.mailboxes.index(one.email) === index))
      throw new Invalid({ email: [{ key: 'people.fault.invited' }] });
    const known = await accounts.mailboxes.owner(email);
    const place = places.find(({ personId }) => personId === known?.id);
    const key = (place?.endsAt ?? Number.POSITIVE_INFINITY) > clock.now() ? 'people.fault.member' : 'people.fault.expiredMember';
    if (place) throw new Invalid({ email: [{ key }] });
    await this.#refuseTooMany(customerId);
  }

  async #those(customerId: string, reader?: Reader) {
    const { accounts, store } = this.#parts;
    const places = (await accounts.memberships.ofCustomer(customerId, reader)).filter(({ endedAt }) => endedAt === null);
    return { places, open: await store.open(customerId, reader) };
  }

  async #refuseTooMany(customerId: string, reader?: Reader): Promise<void> {
    const { places, open } = await this.#those(customerId, reader);
    if (places.length + open.length >= mostPeople)
      throw new Invalid({ email: [{ key: 'people.fault.tooMany', parameters: { most: mostPeople } }] });
  }

  /** Known or not, so that nobody's mailbox can be flooded from here. */
  async #countLetter(req: Request, customerId: string, email: string): Promise<void> {
    const { counters, choices, accounts } = this.#parts;
    const { count: most, windowMilliseconds } = choices.limits.lettersPerAddress;
    const { count, resetAt } = await counters.hit(`people.letters:${accounts.mailboxes.index(email)}`, windowMilliseconds);
    if (count > most) throw tooMany('people.letters.wait', { until: req.visit.words.time(resetAt) });
    const all = await counters.hit(`people.lettersOf:${customerId}`, day);
    if (all.count > lettersPerDay) throw tooMany('people.letters.wait', { until: req.visit.words.time(all.resetAt) });
  }

  async #letter(invitation: Invitation, token: string) {
    const { accounts, sites } = this.#parts;
    const { customerId, inviterId, language, email: to, role, siteIds, endsAt, expiresAt } = invitation;
    const inviter = await accounts.person(inviterId);
    const names = (await sites.forMember({ customerId, siteIds })).map(({ name }) => name);
    const parameters = {
      token,
      // Whoever owns the account is named as they named themselves, and by their address, which nobody can choose freely.
      inviter: inviter.name && !looksLikeLink.test(inviter.name) ? `${inviter.name} <${inviter.email}>` : inviter.email,
      role,
      sites: names.join(', '),
      endsAt: endsAt ?? 0,
      expiresAt,
      days: invitationDays,
    };
    return { template: 'invitation', language, to, parameters, actorPersonId: inviterId, customerId };
  }

  /** Sends the letter again with a new link; the old one is void. @throws PanelError 404, 409, 429 */
  async sendAgain(req: Request, by: SignedIn, id: string): Promise<void> {
    const { connection, clock, store, letters, audit } = this.#parts;
    const invitation = await this.find(by.customerId, id);
    // Its link would lead nowhere.
    if (invitation.endsAt !== null && invitation.endsAt <= clock.now()) throw conflict('people.letter.tooLate');
    await this.#countLetter(req, by.customerId, invitation.email);
    const token = newToken();
    const expiresAt = clock.now() + invitationDays * day;
    const letter = await this.#letter({ ...invitation, expiresAt }, token);
    await connection.write(async (tx) => {
      if (!(await store.renew(tx, id, { token, expiresAt }))) throw notFound();
      await letters.queue(tx, letter);
      const entry = { actor: actorOf(req), customerId: by.customerId, subjectId: id };
      await audit.record(tx, { action: 'people.invitedAgain', ...entry });
    });
  }

  /** @throws PanelError 404 when it is not there, or was accepted meanwhile */
  async withdraw(req: Request, by: SignedIn, id: string): Promise<void> {
    const { connection, clock, store, audit } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await store.withdraw(tx, by.customerId, id, clock.now()))) throw notFound();
      const entry = { actor: actorOf(req), customerId: by.customerId, subjectId: id };
      await audit.record(tx, { action: 'people.invitationWithdrawn', ...entry });
    });
  }

  /** Changes nothing. @throws PanelError 410 when the link was used, withdrawn, is too old or never was */
  async shown(req: Request, token: string): Promise<Shown> {
    const { accounts, sites } = this.#parts;
    const invitation = await this.#byToken(token);
    const [inviter, known, all] = await Promise.all([
      accounts.person(invitation.inviterId),
      accounts.mailboxes.owner(invitation.email),
      sites.forMember(invitation),
    ]);
    const me = req.visit.person?.personId;
    const who = me === undefined ? (known ? 'signIn' : 'new') : me === known?.id ? 'join' : 'other';
    return { invitation, inviter: inviter.name ?? inviter.email, siteNames: all.map(({ name }) => name), who };
  }

  async #byToken(token: string): Promise<Invitation> {
    const found = await this.#parts.store.byToken(token, this.#parts.clock.now());
    if (!found) throw gone('people.invitation.gone');
    return found;
  }

  /**
   * Makes the place, for the person who is signed in or for a new one.
   * @param newPerson writes that person in the same transaction; without it the one who is signed in joins
   * @throws PanelError 410, 403 from an address that the place does not allow, 409 when they have a place here already
   */
  async accept(
    req: Request,
    token: string,
    newPerson?: { personId: string; write(tx: Tx, customerId: string): Promise<void> },
  ): Promise<{ personId: string; customerId: string }> {
    const { connection, clock, accounts, store } = this.#parts;
    const invitation = await this.#byToken(token);
    const personId = newPerson?.personId ?? (await this.#joining(req, invitation));
    if (!allows(invitation.networks, req.visit.address)) throw forbidden('error.elsewhere', { address: req.visit.address });
    const { customerId } = invitation;
    const inviter = await accounts.person(invitation.inviterId);
    await connection.write(async (tx) => {
      if (!(await store.accept(tx, invitation.id, clock.now()))) throw gone('people.invitation.gone');
      await newPerson?.write(tx, customerId);
      const before = (await accounts.memberships.ofCustomer(customerId, tx)).find(
        (one) => one.personId === personId && one.endedAt === null,
      );
      if (before) throw new Invalid({ '': [{ key: 'people.fault.member' }] });
      const { role, siteIds, networks, endsAt } = invitation;
      const placeId = await accounts.memberships.add(tx, { personId, customerId, role, siteIds, networks, endsAt });
      await this.#noteJoined(tx, req, { invitation, personId, placeId, inviter });
    });
    return { personId, customerId };
  }

  async #joining(req: Request, invitation: Invitation): Promise<string> {
    const known = await this.#parts.accounts.mailboxes.owner(invitation.email);
    const me = req.visit.person?.personId;
    if (!me || me !== known?.id) throw forbidden('people.invitation.other');
    return me;
  }

  async #noteJoined(
    tx: Tx,
    req: Request,
    joined: { invitation: Invitation; personId: string; placeId: string; inviter: Awaited<ReturnType<Accounts['person']>> },
  ): Promise<void> {
    const { audit, letters, clock } = this.#parts;
    const { invitation, personId, placeId, inviter } = joined;
    const { customerId, email, role } = invitation;
    const actor = { ...actorOf(req), kind: 'person', personId } as const;
    await audit.record(tx, {
      action: 'people.joined',
      actor,
      customerId,
      subjectId: personId,
      details: { ...rightsInWords(invitation), placeId },
    });
    const parameters = { email, role, at: clock.now(), address: req.visit.address };
    const letter = { template: 'invitation-accepted', language: inviter.language, to: inviter.email, parameters };
    await letters.queue(tx, { ...letter, actorPersonId: personId, customerId });
  }

  /** Deletes invitations a month after their letter was too old. */
  async sweep(): Promise<void> {
    const { connection, clock, store } = this.#parts;
    await connection.write((tx) => store.sweep(tx, clock.now() - keptDays * day));
  }
}

/** A name that a mail program would make a link of is no name in a letter to a stranger. */
const looksLikeLink = /[/:@]|\.\S/;

/** What the audit may hold of rights: no network address. */
export function rightsInWords({ role, siteIds, networks, endsAt }: GuestRights): Record<string, string | number> {
  return { role, sites: siteIds.length, networks: networks.length, ...(endsAt !== null && { endsAt }) };
}
