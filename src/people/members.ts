// Who has access to a customer: the list, and what an owner may change, extend and end.
import type { Request } from 'express';
import type { Accounts, PlaceRow } from '../accounts/accounts.ts';
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Sites } from '../sites/sites.ts';
import { type GuestRights, rightsInWords } from './invitations.ts';

export type Member = PlaceRow & {
  readonly name?: string;
  readonly email: string;
  /** null: every site of the customer */
  readonly siteNames: readonly string[] | null;
  /** last use in epoch milliseconds: a page they opened, or something they did */
  readonly usedAt: number | undefined;
  readonly isExpired: boolean;
};

export type MembersParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly signIn: SignIn;
  readonly audit: Audit;
};

export class Members {
  readonly #parts: MembersParts;

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  /** @returns who has a place that was not ended, oldest first; expired ones as well */
  async list(customerId: string): Promise<Member[]> {
    const rows = await this.#parts.accounts.memberships.ofCustomer(customerId);
    return this.#members(
      customerId,
      rows.filter(({ endedAt }) => endedAt === null),
    );
  }

  async #members(customerId: string, rows: readonly PlaceRow[]): Promise<Member[]> {
    const { accounts, signIn } = this.#parts;
    const [names, seen, sites] = await Promise.all([
      accounts.memberships.names(rows.map(({ personId }) => personId)),
      signIn.places.lastSeenAt(customerId),
      this.#parts.sites.forCustomer(customerId),
    ]);
    const siteNames = new Map(sites.map(({ id, name }) => [id, name]));
    const members = rows.map((row) => this.#member(row, { names, seen, siteNames }));
    return Promise.all(members);
  }

  async #member(
    row: PlaceRow,
    known: {
      names: ReadonlyMap<string, { readonly name?: string; readonly email: string }>;
      seen: ReadonlyMap<string, number>;
      siteNames: ReadonlyMap<string, string>;
    },
  ): Promise<Member> {
    const { personId, customerId, siteIds, endsAt } = row;
    const didAt = await this.#parts.audit.lastActAt(personId, customerId);
    const usedAt = Math.max(didAt ?? 0, known.seen.get(personId) ?? 0);
    return {
      ...row,
      email: '–',
      ...known.names.get(personId),
      siteNames: siteIds === null ? null : siteIds.flatMap((id) => known.siteNames.get(id) ?? []),
      usedAt: usedAt === 0 ? undefined : usedAt,
      isExpired: endsAt !== null && endsAt <= this.#parts.clock.now(),
    };
  }

  /** Never an owner, whose place nobody can change here. @throws PanelError 404 */
  async find(customerId: string, id: string): Promise<Member> {
    const row = await this.#parts.accounts.memberships.find(customerId, id);
    const [found] = row && row.role !== 'owner' ? await this.#members(customerId, [row]) : [];
    if (!found) throw notFound();
    return found;
  }

  /**
   * New rights, which hold from the next request on. Another role, or a place that had expired, needs a new sign-in (ASVS 7.2.4).
   * @throws PanelError 404 when it was ended meanwhile
   */
  async change(req: Request, by: SignedIn, id: string, rights: GuestRights): Promise<void> {
    const { connection, accounts, signIn, audit, letters } = this.#parts;
    const { customerId } = by;
    const before = await this.find(customerId, id);
    const { personId } = before;
    const letter = await this.#letter('place-changed', customerId, personId);
    const names = (await this.#parts.sites.forMember({ customerId, siteIds: rights.siteIds })).map(({ name }) => name);
    await connection.write(async (tx) => {
      if (!(await accounts.memberships.change(tx, customerId, id, rights))) throw notFound();
      if (before.role !== rights.role || before.isExpired) await signIn.places.endSessions(tx, personId, customerId);
      const about = { actor: actorOf(req), customerId, subjectId: personId };
      await audit.record(tx, { action: 'people.changed', ...about, details: { ...rightsInWords(rights), placeId: id } });
      const parameters = { ...letter.parameters, role: rights.role, sites: names.join(', '), endsAt: rights.endsAt ?? 0 };
      await letters.queue(tx, { ...letter, parameters });
    });
  }

  /** Ends a place at once, with every session in it. @throws PanelError 404 when it was over already */
  async end(req: Request, by: SignedIn, id: string): Promise<void> {
    const { connection, accounts, audit, letters } = this.#parts;
    const { customerId } = by;
    const { personId } = await this.find(customerId, id);
    const letter = await this.#letter('place-ended', customerId, personId);
    await connection.write(async (tx) => {
      if (!(await accounts.memberships.end(tx, customerId, id))) throw notFound();
      const details = { ended: await this.#parts.signIn.places.endSessions(tx, personId, customerId), placeId: id };
      await audit.record(tx, { action: 'people.ended', actor: actorOf(req), customerId, subjectId: personId, details });
      await letters.queue(tx, letter);
    });
  }

  async #letter(template: 'place-changed' | 'place-ended', customerId: string, personId: string) {
    const { accounts, clock } = this.#parts;
    const [person, owner] = await Promise.all([accounts.person(personId), accounts.owner(customerId)]);
    const parameters = { owner: owner?.name ?? owner?.email ?? '', at: clock.now() };
    return { template, language: person.language, to: person.email, parameters, actorPersonId: personId, customerId };
  }

  /**
   * Ends the sessions of places that have expired, and writes it down once. Nobody waits for it: each request looks at the end of its
   * place itself.
   */
  async endExpired(): Promise<void> {
    const { accounts, connection } = this.#parts;
    for (;;) {
      const due = await accounts.memberships.expired(100);
      for (const place of due) await connection.write((tx) => this.#endExpired(tx, place, systemActor));
      if (due.length === 0) return;
    }
  }

  async #endExpired(tx: Tx, { id, personId, customerId }: PlaceRow, actor: Actor): Promise<void> {
    const { accounts, signIn, audit } = this.#parts;
    if (!(await accounts.memberships.noteExpired(tx, id))) return;
    const details = { ended: await signIn.places.endSessions(tx, personId, customerId), placeId: id };
    await audit.record(tx, { action: 'people.expired', actor, customerId, subjectId: personId, details });
  }
}
