// Tokens that travel by mail: 256 random bits of which only a hash is kept, used once, valid for a while.
import type { Selectable } from 'kysely';
import type { AccountTables } from '../migrations/schema.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Reader, Tx } from '../platform/database/database.ts';
import { gone } from '../platform/errors.ts';
import { newToken } from '../platform/ids.ts';
import { hashToken } from '../platform/secrets.ts';

type Row = Selectable<AccountTables['mailed_tokens']>;
export type Purpose = Row['purpose'];

export type NewMailedToken = {
  readonly purpose: Purpose;
  readonly personId: string;
  readonly lifetimeMinutes: number;
  /** digest of the browser's session that asked for it */
  readonly sessionHash?: string;
  /** id of the factor that the letter tells of */
  readonly about?: string;
};

const goneKeys: Readonly<Record<Purpose, string>> = {
  verify: 'verify.expired',
  'login-link': 'login.linkGone',
  'password-reset': 'reset.gone',
  'not-me': 'notMe.gone',
  'networks-off': 'networks.gone',
  'lost-factor': 'lostFactor.gone',
  reopen: 'termination.reopen.gone',
};

export class MailedTokens {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the token for the letter; it is never seen again */
  async issue(tx: Tx, { purpose, personId, lifetimeMinutes, sessionHash, about }: NewMailedToken): Promise<string> {
    const token = newToken();
    const now = this.#clock.now();
    await tx
      .insertInto('mailed_tokens')
      .values({
        token_hash: hashToken(token),
        purpose,
        person_id: personId,
        session_hash: sessionHash ?? null,
        about: about ?? null,
        created_at: now,
        expires_at: now + lifetimeMinutes * minute,
        used_at: null,
      })
      .execute();
    return token;
  }

  /** Uses the token up. @throws PanelError 410 when it was used, has expired or never was */
  async use(tx: Tx, purpose: Purpose, token: string): Promise<string> {
    const now = this.#clock.now();
    const row = await tx
      .updateTable('mailed_tokens')
      .set({ used_at: now })
      .where('token_hash', '=', hashToken(token))
      .where('purpose', '=', purpose)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .returning('person_id')
      .executeTakeFirst();
    if (!row) throw gone(goneKeys[purpose]);
    return row.person_id;
  }

  /** @throws PanelError 410 as `use` would, without using it up */
  async find(reader: Reader, purpose: Purpose, token: string): Promise<Row> {
    const row = await reader
      .selectFrom('mailed_tokens')
      .selectAll()
      .where('token_hash', '=', hashToken(token))
      .where('purpose', '=', purpose)
      .where('used_at', 'is', null)
      .where('expires_at', '>', this.#clock.now())
      .executeTakeFirst();
    if (!row) throw gone(goneKeys[purpose]);
    return row;
  }

  /** From now on these persons' tokens answer 410. */
  async revoke(tx: Tx, purposes: readonly Purpose[], personIds: readonly string[]): Promise<void> {
    if (personIds.length === 0) return;
    await tx
      .updateTable('mailed_tokens')
      .set({ used_at: this.#clock.now() })
      .where('purpose', 'in', [...purposes])
      .where('person_id', 'in', [...personIds])
      .where('used_at', 'is', null)
      .execute();
  }

  /** Deletes what expired before `before`, in epoch milliseconds. */
  async sweep(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('mailed_tokens').where('expires_at', '<', before).execute();
  }

  /** Deletes them, for a person who is erased. */
  async remove(tx: Tx, personId: string): Promise<void> {
    await tx.deleteFrom('mailed_tokens').where('person_id', '=', personId).execute();
  }
}
