// Passwords that somebody else may know or has tried too often: closed until a mailed reset, and the owner is told (security.md C.1).
import type { Accounts, ClosingReason, Person } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { customerOf } from './customer-of.ts';
import type { SignInStore } from './store.ts';

export type ClosedPasswordsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly store: SignInStore;
};

type Why = Exclude<ClosingReason, 'disowned'>;

/** Where the password may be known to others, whoever is signed in by it is out as well. Wrong ones of a stranger end nobody's session. */
const endsSessions: ReadonlySet<Why> = new Set(['leaked', 'suspect']);

export class ClosedPasswords {
  readonly #parts: ClosedPasswordsParts;

  constructor(parts: ClosedPasswordsParts) {
    this.#parts = parts;
  }

  /**
   * Joins the caller's transaction: the password opens nothing, mailed links and passkeys do; from outside it looks like any wrong one.
   * @returns false when it was closed before: then nothing is written and nobody is told twice
   */
  async close(
    tx: Tx,
    { person, customerId }: { person: Person; customerId?: string },
    { reason, actor }: { reason: Why; actor: Actor },
  ): Promise<boolean> {
    const { accounts, audit, letters, store, clock } = this.#parts;
    // A link that the owner has asked for meanwhile stays good.
    if (await accounts.ways.isClosed(tx, person.id)) return false;
    await accounts.closePassword(tx, person.id, reason);
    const ended = endsSessions.has(reason) ? await store.endAll(tx, person.id) : 0;
    const customer = customerId === undefined ? {} : { customerId };
    await audit.record(tx, {
      action: 'accounts.passwordOff',
      actor,
      subjectId: person.id,
      ...customer,
      details: { reason, ended },
    });
    await letters.queue(tx, {
      template: 'password-off',
      language: person.language,
      to: person.email,
      parameters: { at: clock.now(), reason },
      actorPersonId: null,
      ...customer,
    });
    return true;
  }

  /**
   * The operator names an account whose password others may know. Nothing happens twice for one list, also when its owner has set a new
   * password meanwhile.
   * @param list digest of the list that names it
   * @returns `unknown` for a name that nobody has
   */
  async suspect(loginName: string, list: string): Promise<'closed' | 'already' | 'unknown'> {
    const { accounts, connection } = this.#parts;
    const person = await accounts.byLoginName(loginName);
    if (!person) return 'unknown';
    const whose = { person, ...(await customerOf(accounts, person.id)) };
    return connection.write(async (tx) => {
      if (!(await accounts.ways.isNewOnList(tx, person.id, list))) return 'already';
      return (await this.close(tx, whose, { reason: 'suspect', actor: { kind: 'operator' } })) ? 'closed' : 'already';
    });
  }
}
