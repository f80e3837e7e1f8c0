// From where a person alone may come: a list of networks of their own, which cannot lock them out (KHADA 3.3; docs/decisions/0013).
import type { Request } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { allows, isNetwork, longestNetworkList, networksIn } from '../platform/web/networks.ts';
import { type SignedIn, signedIn } from '../platform/web/visit.ts';
import { customerOf } from './customer-of.ts';
import type { SecurityLetters } from './security-letters.ts';

export type OwnNetworksParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly letters: SecurityLetters;
  readonly choices: Pick<Choices, 'limits'>;
};

/** Of the link that lifts the list. */
export const liftMinutes = 30;
const longestText = 4000;

const listOf = prepared((db, { personId }: { personId: string }) =>
  db.selectFrom('own_networks').select('networks_sealed').where('person_id', '=', personId),
);

export class OwnNetworks {
  readonly #parts: OwnNetworksParts;

  constructor(parts: OwnNetworksParts) {
    this.#parts = parts;
  }

  /** @returns the person's list as it was written, empty for "from everywhere" */
  async of(personId: string): Promise<string[]> {
    const [row] = await listOf(this.#parts.connection, { personId });
    return row ? JSON.parse(this.#parts.secrets.open(row.networks_sealed, place(personId))) : [];
  }

  /** @returns whether this person may come from here. @throws when the list cannot be read: then nobody comes in */
  async allows(personId: string, address: string): Promise<boolean> {
    return allows(await this.of(personId), address);
  }

  /**
   * Replaces the list of the person who asks; an empty one lifts it.
   * @param withPresent the present address is added where it is missing
   * @returns how many networks it has now
   * @throws Invalid on `networks`: what is no network, too many, or a list without the present address, which would lock its owner out
   */
  async set(req: Request, text: string, withPresent = false): Promise<number> {
    const { connection, secrets, clock, accounts, audit, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const { address } = req.visit;
    const typed = networksIn(text);
    const list = withPresent && typed.length > 0 && !allows(typed.filter(isNetwork), address) ? [...typed, address] : typed;
    const faults = faultsOf(text, list, address);
    if (faults.length > 0) throw new Invalid({ networks: faults });
    const before = await this.of(personId);
    if (before.join() === list.join()) return list.length;
    const person = await accounts.person(personId);
    const networks_sealed = secrets.seal(JSON.stringify(list), place(personId));
    await connection.write(async (tx) => {
      await tx.deleteFrom('own_networks').where('person_id', '=', personId).execute();
      if (list.length > 0)
        await tx.insertInto('own_networks').values({ person_id: personId, networks_sealed, set_at: clock.now() }).execute();
      const entry = { actor: actorOf(req), customerId, subjectId: personId, details: { count: list.length } };
      await audit.record(tx, { action: 'signIn.networksChanged', ...entry });
      const template = list.length > 0 ? 'networks-changed' : 'networks-lifted';
      await letters.tell(tx, template, { person, customerId, from: actorOf(req), more: { list: list.join(', ') } });
    });
    return list.length;
  }

  /**
   * Somebody gave everything that signs this person in, but from elsewhere: they get the answer of a wrong password, and the mailbox
   * a letter with the way back. No more letters than may go to one address.
   */
  async refused(req: Request, person: Person): Promise<void> {
    const { connection, accounts, audit, counters, choices, letters } = this.#parts;
    const membership = await accounts.membership(person.id);
    if (!membership) return;
    const { customerId } = membership;
    const limit = choices.limits.lettersPerAddress;
    const { count } = await counters.hit(`signIn.networksLetter:${person.id}`, limit.windowMilliseconds);
    await connection.write(async (tx) => {
      await audit.record(tx, { action: 'signIn.networkRefused', actor: actorOf(req), customerId, subjectId: person.id });
      if (count > limit.count) return;
      const lifetimeMinutes = liftMinutes;
      const lift = await accounts.mailToken(tx, { purpose: 'networks-off', personId: person.id, lifetimeMinutes });
      await letters.tell(tx, 'networks-refused', {
        person,
        customerId,
        from: actorOf(req),
        more: { lift, minutes: liftMinutes },
      });
    });
  }

  /** A session is used from elsewhere: it ends, also where its owner is, since the cookie may have been taken along. */
  async cut(req: Request, { personId, customerId }: Pick<SignedIn, 'personId' | 'customerId'>): Promise<void> {
    const { connection, audit } = this.#parts;
    await connection.write((tx) =>
      audit.record(tx, { action: 'signIn.networkCut', actor: actorOf(req), customerId, subjectId: personId }),
    );
  }

  /** Changes nothing. @throws PanelError 410 */
  async checkLift(token: string): Promise<void> {
    await this.#parts.accounts.tokenOwner('networks-off', token);
  }

  /** Lifts the list by the mailed link: from everywhere again. Signs nobody in. @throws PanelError 410 */
  async lift(req: Request, token: string): Promise<void> {
    const { connection, accounts, audit, letters } = this.#parts;
    const person = await accounts.person(await accounts.tokenOwner('networks-off', token));
    const { customerId } = await customerOf(accounts, person.id);
    await connection.write(async (tx: Tx) => {
      await accounts.useToken(tx, 'networks-off', token);
      await tx.deleteFrom('own_networks').where('person_id', '=', person.id).execute();
      const whose = customerId === undefined ? {} : { customerId };
      await audit.record(tx, { action: 'signIn.networksLifted', actor: actorOf(req), subjectId: person.id, ...whose });
      if (customerId !== undefined) await letters.tell(tx, 'networks-lifted', { person, customerId, from: actorOf(req) });
    });
  }
}

function faultsOf(text: string, list: readonly string[], address: string): FieldFault[] {
  if (text.length > longestText || list.length > longestNetworkList)
    return [{ key: 'networks.tooMany', parameters: { most: longestNetworkList } }];
  const wrong = list.filter((part) => !isNetwork(part));
  if (wrong.length > 0)
    return wrong.slice(0, 5).map((part) => ({ key: 'networks.malformed', parameters: { part: part.slice(0, 60) } }));
  return allows(list, address) ? [] : [{ key: 'networks.locksOut', parameters: { address } }];
}

const place = (row: string) => ({ table: 'own_networks', column: 'networks_sealed', row });
