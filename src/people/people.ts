// The door of people: who else may act for a customer, for how long and from where, and what they did (KHADA 3.3, 3.4; 4-3.2).
import { day } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { History, type HistoryParts, historyDays } from './history.ts';
import { Invitations, type InvitationsParts } from './invitations.ts';
import { Members, type MembersParts } from './members.ts';
import { InvitationStore } from './store.ts';

export { lastDayOf } from './fields.ts';
export type { Member } from './members.ts';

export type PeopleParts = Omit<InvitationsParts, 'store'> &
  MembersParts &
  HistoryParts & { readonly connection: Connection; readonly secrets: Secrets };

/** Other people at a customer. Only an owner invites, changes and ends; the guards of routes see to that. */
export class People {
  readonly invitations: Invitations;
  readonly members: Members;
  readonly history: History;
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.invitations = new Invitations({ ...parts, store: new InvitationStore(parts.connection, parts.secrets) });
    this.members = new Members(parts);
    this.history = new History(parts);
    this.#parts = parts;
  }

  /** By the clock: ends the sessions of places that have expired, and forgets what need not be known any more. */
  async tidy(): Promise<void> {
    await this.members.endExpired();
    await this.forget();
  }

  /**
   * Deletes what need not be known any more: addresses of old invitations, and the network addresses and agents beside acts older than
   * a year (of operators, two). The acts themselves stay in the audit, to which rows are only added (ruling 13.11).
   */
  async forget(): Promise<void> {
    const { audit, clock } = this.#parts;
    const year = historyDays * day;
    await this.invitations.sweep();
    await audit.forgetPersonal({ customers: clock.now() - year, operators: clock.now() - 2 * year });
  }
}
