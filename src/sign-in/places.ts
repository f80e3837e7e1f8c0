// At which customer a person acts, whether their place may be used from where they come, and the way from one to another.
import type { Request } from 'express';
import type { Accounts, Membership, Person } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import { type Clock, hour } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { forbidden, notFound } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { deviceName } from '../platform/web/device.ts';
import { allows } from '../platform/web/networks.ts';
import { type SignedIn, signedIn } from '../platform/web/visit.ts';
import type { Agreement } from './agreement.ts';
import { customerOf } from './customer-of.ts';
import { renewed } from './sessions.ts';
import { SignInStore } from './store.ts';

export type PlacesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly secrets: Secrets;
  readonly agreement: Agreement;
};

/** A person's letter about refused sign-ins goes out at most this often. */
const letterEvery = hour;

export class Places {
  readonly #parts: PlacesParts;
  readonly #store: SignInStore;

  constructor(parts: PlacesParts) {
    this.#parts = parts;
    this.#store = new SignInStore(parts.connection, parts.secrets);
  }

  /**
   * @param customerId the customer to act for; without one the person's oldest place that may be used from here
   * @returns the place; `elsewhere` when there is one, but not for this address; undefined when there is none
   */
  async from(req: Request, personId: string, customerId?: string): Promise<SignedIn | 'elsewhere' | undefined> {
    const places = await this.#parts.accounts.memberships.valid(personId);
    const wanted = customerId === undefined ? places : places.filter((one) => one.customerId === customerId);
    const place = wanted.find(({ networks }) => allows(networks, req.visit.address));
    if (!place) return wanted.length > 0 ? 'elsewhere' : undefined;
    return signedInAt(place, { hasSeveralPlaces: places.length > 1, freshAt: this.#parts.clock.now() });
  }

  /** Who has proven to be this person may be told why not; anybody else learns it by letter only (KHADA 6.3). */
  refuseElsewhere({ visit }: Pick<Request, 'visit'>): never {
    throw forbidden('error.elsewhere', { address: visit.address });
  }

  /**
   * A right password from an address that no place allows: written down, and its owner is told by letter, at most once an hour. The
   * answer is that of any failed sign-in, or a stolen password could be tried out from anywhere.
   */
  async noteRefused(req: Request, person: Person): Promise<void> {
    const { connection, audit, counters, letters, accounts, clock } = this.#parts;
    const { count } = await counters.hit(`signIn.elsewhere:${person.id}`, letterEvery);
    const customer = await customerOf(accounts, person.id);
    const { address, agent } = req.visit;
    const { browser = '', system = '' } = deviceName(agent) ?? {};
    const letter = { template: 'address-refused', language: person.language, to: person.email, ...customer };
    await connection.write(async (tx) => {
      const entry = { action: 'signIn.addressRefused', actor: actorOf(req), subjectId: person.id, ...customer };
      await audit.record(tx, entry);
      const parameters = { at: clock.now(), address, browser, system };
      if (count === 1) await letters.queue(tx, { ...letter, parameters, actorPersonId: person.id });
    });
  }

  /** Joins the caller's transaction: the person's sessions at this customer end at once. @returns how many */
  endSessions(tx: Tx, personId: string, customerId: string): Promise<number> {
    return this.#store.endAt(tx, personId, customerId);
  }

  /** @returns when a session of each person at the customer was last used, in epoch milliseconds, as far as it still lasts */
  lastSeenAt(customerId: string): Promise<ReadonlyMap<string, number>> {
    return this.#store.seenAt(customerId);
  }

  /** @returns the customers the person has a place at, with who owns them */
  async own(req: Request): Promise<{ customerId: string; role: SignedIn['role']; owner: string; isHere: boolean }[]> {
    const { accounts } = this.#parts;
    const here = signedIn(req);
    const places = await accounts.memberships.valid(here.personId);
    return Promise.all(
      places.map(async ({ customerId, role }) => {
        const owner = await accounts.owner(customerId);
        return { customerId, role, owner: owner?.name ?? owner?.email ?? '–', isHere: customerId === here.customerId };
      }),
    );
  }

  /** Goes on at another customer: other rights, so a new session id (ASVS 7.2.4). @throws PanelError 404, 403 from a wrong address */
  async goTo(req: Request, customerId: string): Promise<void> {
    const { connection, audit } = this.#parts;
    const { personId, freshAt } = signedIn(req);
    const place = await this.from(req, personId, customerId);
    if (!place) throw notFound();
    if (place === 'elsewhere') return this.refuseElsewhere(req);
    const entry = { action: 'signIn.customerChosen', actor: actorOf(req), customerId, subjectId: personId };
    await connection.write((tx) => audit.record(tx, entry));
    const { startedAt, signedInFrom } = req.session;
    await renewed(req);
    Object.assign(req.session, { personId, customerId, freshAt, startedAt, signedInFrom });
    req.visit.person = { ...place, freshAt };
  }
}

/** @returns who is signed in, with what the place allows */
export function signedInAt(
  { personId, customerId, role, siteIds }: Membership,
  more: Pick<SignedIn, 'hasSeveralPlaces' | 'freshAt'>,
): SignedIn {
  return { personId, customerId, role, siteIds, ...more };
}
