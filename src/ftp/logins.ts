// Who signed in by FTP and who was refused: what is alike and close together is one row, so that a robot that uploads each minute, or one
// that guesses, fills neither the page nor the customer's history (KHADA 4-3.4).
import type { Selectable } from 'kysely';
import type { Audit } from '../audit/audit.ts';
import type { FtpTables } from '../migrations/schema.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { FtpAccount } from './ftp.ts';
import type { Hindrance } from './hindrances.ts';

/** `wrong`: the password; the others let nobody in although it was right. */
export type Outcome = 'in' | 'wrong' | Hindrance;

export type FtpLogin = {
  readonly accountId: string;
  readonly user: string;
  readonly outcome: Outcome;
  readonly isEncrypted: boolean;
  /** undefined: many addresses */
  readonly address: string | undefined;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
};

export type LoginsParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly audit: Audit;
};

/** After such a pause a sign-in is told of anew, and once a day in any case. */
const pauseMilliseconds = 30 * minute;
/** So many rows of refusals an account and day; what comes from further addresses is counted together. */
const mostRefusals = 50;
/** Ruling 11: histories of sign-ins are kept for a year. */
export const keptMilliseconds = 365 * day;
export const sweptAtOnce = 500;

export class FtpLogins {
  readonly #parts: LoginsParts;

  constructor(parts: LoginsParts) {
    this.#parts = parts;
  }

  /** Joins the caller's transaction: counted to a row that is like it, or a row of its own with an audit row. */
  async note(tx: Tx, account: FtpAccount, outcome: Outcome, from: { address: string; isEncrypted: boolean }): Promise<void> {
    const { secrets } = this.#parts;
    const digest = secrets.digest('ftp.address', from.address);
    const like = { account, outcome, isEncrypted: Number(from.isEncrypted) };
    if (await this.#counted(tx, { ...like, digest })) return;
    const isOneOfMany = outcome !== 'in' && (await this.#refusals(tx, account)) >= mostRefusals;
    if (isOneOfMany && (await this.#counted(tx, { ...like, digest: '' }))) return;
    await this.#add(tx, { ...like, digest: isOneOfMany ? '' : digest }, from.address);
  }

  async #counted(tx: Tx, like: { account: FtpAccount; outcome: Outcome; isEncrypted: number; digest: string }): Promise<boolean> {
    const now = this.#parts.clock.now();
    const row = await tx
      .selectFrom('ftp_logins')
      .select('id')
      .where('account_id', '=', like.account.id)
      .where('last_at', '>=', now - pauseMilliseconds)
      .where('outcome', '=', like.outcome)
      .where('is_encrypted', '=', like.isEncrypted)
      .where('address_digest', '=', like.digest)
      .where('first_at', '>', now - day)
      .orderBy('last_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) return false;
    await tx
      .updateTable('ftp_logins')
      .set((eb) => ({ last_at: now, count: eb('count', '+', 1) }))
      .where('id', '=', row.id)
      .execute();
    return true;
  }

  async #refusals(tx: Tx, { id }: FtpAccount): Promise<number> {
    const row = await tx
      .selectFrom('ftp_logins')
      .select((eb) => eb.fn.countAll().as('rows'))
      .where('account_id', '=', id)
      .where('last_at', '>', this.#parts.clock.now() - day)
      .where('outcome', '!=', 'in')
      .executeTakeFirst();
    return Number(row?.rows ?? 0);
  }

  async #add(
    tx: Tx,
    like: { account: FtpAccount; outcome: Outcome; isEncrypted: number; digest: string },
    address: string,
  ): Promise<void> {
    const { clock, secrets, audit } = this.#parts;
    const { account, outcome, isEncrypted, digest } = like;
    const now = clock.now();
    const id = newId(now);
    const sealed = digest === '' ? null : secrets.seal(address, { table: 'ftp_logins', column: 'address_sealed', row: id });
    const about = { account_id: account.id, site_id: account.siteId, outcome, is_encrypted: isEncrypted };
    await tx
      .insertInto('ftp_logins')
      .values({ id, ...about, address_digest: digest, address_sealed: sealed, first_at: now, last_at: now, count: 1 })
      .execute();
    const { customerId, siteId } = account;
    const entry = { actor: { kind: 'visitor', address } as const, customerId, siteId, subjectId: account.id };
    if (outcome === 'in') await audit.record(tx, { action: 'ftp.signedIn', ...entry, details: { encrypted: isEncrypted === 1 } });
    else await audit.record(tx, { action: 'ftp.refused', ...entry, details: { reason: outcome } });
  }

  /**
   * @param accountIds only of these, ended ones as well; undefined: of all of the site
   * @returns what happened last at the site, the newest first
   */
  async last(site: { id: string; customerId: string }, count: number, accountIds?: readonly string[]): Promise<FtpLogin[]> {
    if (accountIds?.length === 0) return [];
    const rows = await this.#parts.connection.db
      .selectFrom('ftp_logins')
      .innerJoin('ftp_accounts', 'ftp_accounts.id', 'ftp_logins.account_id')
      .selectAll('ftp_logins')
      .select('ftp_accounts.user_name')
      .where('ftp_logins.site_id', '=', site.id)
      .where('ftp_accounts.customer_id', '=', site.customerId)
      .$if(accountIds !== undefined, (query) => query.where('ftp_accounts.id', 'in', [...(accountIds ?? [])]))
      .orderBy('ftp_logins.last_at', 'desc')
      .orderBy('ftp_logins.id', 'desc')
      .limit(count)
      .execute();
    return rows.map((row) => this.#login(row));
  }

  #login(row: Selectable<FtpTables['ftp_logins']> & { user_name: string }): FtpLogin {
    const { id, address_sealed: sealed } = row;
    const place = { table: 'ftp_logins', column: 'address_sealed', row: id };
    return {
      accountId: row.account_id,
      user: row.user_name,
      outcome: row.outcome as Outcome,
      isEncrypted: row.is_encrypted === 1,
      address: sealed === null ? undefined : this.#parts.secrets.open(sealed, place),
      firstAt: row.first_at,
      lastAt: row.last_at,
      count: row.count,
    };
  }

  /** Forgets what is older than a year, in short transactions. */
  async sweep(): Promise<void> {
    const before = this.#parts.clock.now() - keptMilliseconds;
    for (let removed = sweptAtOnce; removed === sweptAtOnce; ) {
      removed = await this.#parts.connection.write(async (tx) => {
        const rows = await tx.selectFrom('ftp_logins').select('id').where('last_at', '<', before).limit(sweptAtOnce).execute();
        const ids = rows.map(({ id }) => id);
        if (ids.length > 0) await tx.deleteFrom('ftp_logins').where('id', 'in', ids).execute();
        return ids.length;
      });
    }
  }
}
