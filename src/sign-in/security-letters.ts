// Letters about somebody's way in, which nobody can turn off: each says when and from where, and has a link for "this was not me".
import type { Accounts, Person } from '../accounts/accounts.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { deviceName } from '../platform/web/device.ts';

export type SecurityLetter =
  | 'new-device'
  | 'password-changed'
  | 'factor-added'
  | 'factor-removed'
  | 'codes-renewed'
  | 'codes-tried'
  | 'recovery-code-used'
  | 'passkey-added'
  | 'passkey-removed'
  | 'address-asked'
  | 'address-waits'
  | 'networks-changed'
  | 'networks-lifted'
  | 'networks-refused';

export type Occasion = {
  readonly person: Person;
  readonly customerId: string;
  readonly from: { readonly address: string; readonly agent: string };
  /** id of the factor that was added: "this was not me" removes it */
  readonly about?: string;
  /** what only this letter says */
  readonly more?: Readonly<Record<string, string | number>>;
};

const notMeDays = 7;

export class SecurityLetters {
  readonly #parts: { readonly letters: Letters; readonly accounts: Accounts; readonly clock: Clock };

  constructor(parts: { letters: Letters; accounts: Accounts; clock: Clock }) {
    this.#parts = parts;
  }

  /** Joins the caller's transaction: the letter exists if and only if what it tells about does. */
  async tell(tx: Tx, template: SecurityLetter, { person, customerId, from, about, more }: Occasion): Promise<void> {
    const { letters, accounts, clock } = this.#parts;
    const lifetimeMinutes = (notMeDays * day) / minute;
    const token = await accounts.mailToken(tx, {
      purpose: 'not-me',
      personId: person.id,
      lifetimeMinutes,
      ...(about !== undefined && { about }),
    });
    const { browser = '', system = '' } = deviceName(from.agent) ?? {};
    const parameters = { token, at: clock.now(), browser, system, address: from.address, days: notMeDays, ...more };
    await letters.queue(tx, {
      template,
      language: person.language,
      to: person.email,
      parameters,
      actorPersonId: person.id,
      customerId,
    });
  }
}
