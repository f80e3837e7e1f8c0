// The SQL of FTP accounts and of the sessions that run. Every query for a person's page contains the customer.
import type { Selectable } from 'kysely';
import type { FtpTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { FtpAccount } from './ftp.ts';

type Row = Selectable<FtpTables['ftp_accounts']>;
export type Running = {
  readonly serverId: string;
  readonly session: string;
  readonly begunAt: number;
  readonly account: FtpAccount;
};

const ofUser = prepared((db, { user }: { user: string }) =>
  db.selectFrom('ftp_accounts').selectAll().where('user_name', '=', user).where('ended_at', 'is', null),
);

export class FtpStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @returns the account of this user name that has not ended, and its hash */
  async byUser(user: string): Promise<{ account: FtpAccount; passwordHash: string } | undefined> {
    // No name holds NUL, and PostgreSQL takes no text that does.
    if (user.includes('\0')) return undefined;
    const [row] = await ofUser(this.#connection, { user });
    return row && { account: this.#account(row), passwordHash: row.password_hash };
  }

  /** The newest account that ever had this name, for what the server's log tells of it. */
  async lastOfUser(user: string): Promise<Pick<FtpAccount, 'id' | 'siteId'> | undefined> {
    if (user.includes('\0')) return undefined;
    const row = await this.#connection.db
      .selectFrom('ftp_accounts')
      .select(['id', 'site_id'])
      .where('user_name', '=', user)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && { id: row.id, siteId: row.site_id };
  }

  /** @returns the site's accounts that have not ended, the main one first, the others by name */
  async ofSite({ id, customerId }: { id: string; customerId: string }, reader: Reader = this.#connection.db) {
    const rows = await reader
      .selectFrom('ftp_accounts')
      .selectAll()
      .where('site_id', '=', id)
      .where('customer_id', '=', customerId)
      .where('ended_at', 'is', null)
      .orderBy('user_name')
      .execute();
    return rows.map((row) => this.#account(row));
  }

  /** @returns whether the name was free */
  async add(tx: Tx, account: FtpAccount, passwordHash: string): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('ftp_accounts')
      .values({
        id: account.id,
        site_id: account.siteId,
        customer_id: account.customerId,
        maker_person_id: account.makerId,
        user_name: account.user,
        password_hash: passwordHash,
        password_set_at: account.passwordSetAt,
        password_person_id: account.passwordBy,
        off_at: null,
        created_at: account.createdAt,
        ended_at: null,
        used_at: null,
        used_address_sealed: null,
        plain_at: null,
        ...this.#rights(account),
      })
      .onConflict((conflict) => conflict.column('user_name').where('ended_at', 'is', null).doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  #rights({ id, folder, networks, plainAllowedAt, expiresAt }: FtpAccount) {
    const sealed = networks.length === 0 ? null : this.#secrets.seal(JSON.stringify(networks), place('networks_sealed', id));
    return { folder, networks_sealed: sealed, plain_allowed_at: plainAllowedAt, expires_at: expiresAt };
  }

  /** @returns false when it has ended meanwhile */
  setRights(tx: Tx, account: FtpAccount): Promise<boolean> {
    return this.#set(tx, account, this.#rights(account));
  }

  setPassword(tx: Tx, account: FtpAccount, password: { hash: string; at: number; by: string }): Promise<boolean> {
    const { hash, at, by } = password;
    return this.#set(tx, account, { password_hash: hash, password_set_at: at, password_person_id: by });
  }

  /** The same password, hashed anew. */
  async setHash(tx: Tx, id: string, before: string, after: string): Promise<void> {
    await tx
      .updateTable('ftp_accounts')
      .set({ password_hash: after })
      .where('id', '=', id)
      .where('password_hash', '=', before)
      .execute();
  }

  setOff(tx: Tx, account: FtpAccount, offAt: number | null): Promise<boolean> {
    return this.#set(tx, account, { off_at: offAt });
  }

  /** What nobody comes in by needs no hash and no address: the row keeps the name, for the history. */
  setEnded(tx: Tx, account: FtpAccount, endedAt: number): Promise<boolean> {
    return this.#set(tx, account, { ended_at: endedAt, ...emptied });
  }

  /** Removes accounts that ended before this, once no sign-in and no session is left of them. @returns how many, at most `count` */
  removeEnded(before: number, count: number): Promise<number> {
    return this.#connection.write(async (tx) => {
      const rows = await tx
        .selectFrom('ftp_accounts')
        .select('id')
        .where('ended_at', '<', before)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('ftp_logins').select('id').whereRef('ftp_logins.account_id', '=', 'ftp_accounts.id'))),
        )
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('ftp_sessions').select('session').whereRef('ftp_sessions.account_id', '=', 'ftp_accounts.id'))),
        )
        .limit(count)
        .execute();
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await tx.deleteFrom('ftp_accounts').where('id', 'in', ids).execute();
      return ids.length;
    });
  }

  async #set(tx: Tx, { id, customerId }: FtpAccount, values: Partial<Row>): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('ftp_accounts')
      .set(values)
      .where('id', '=', id)
      .where('customer_id', '=', customerId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns false when it is not any more as it was judged: it ended, was turned off, or got a new password or other rights */
  async noteUse(tx: Tx, judged: FtpAccount, { at, address }: { at: number; address: string }): Promise<boolean> {
    const { id } = judged;
    const row = await tx
      .updateTable('ftp_accounts')
      .set({ used_at: at, used_address_sealed: this.#secrets.seal(address, place('used_address_sealed', id)) })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where('off_at', 'is', null)
      .where('password_set_at', '=', judged.passwordSetAt)
      .returningAll()
      .executeTakeFirst();
    return row !== undefined && rightsOf(this.#account(row)) === rightsOf(judged);
  }

  async notePlain(tx: Tx, id: string, at: number): Promise<void> {
    await tx.updateTable('ftp_accounts').set({ plain_at: at }).where('id', '=', id).execute();
  }

  async addSession(tx: Tx, serverId: string, session: string, { id, siteId }: FtpAccount, begunAt: number): Promise<void> {
    const values = { account_id: id, site_id: siteId, begun_at: begunAt };
    await tx
      .insertInto('ftp_sessions')
      .values({ server_id: serverId, session, ...values })
      .onConflict((conflict) => conflict.columns(['server_id', 'session']).doUpdateSet(values))
      .execute();
  }

  async removeSession(tx: Tx, of: { session: string; accountId: string }): Promise<void> {
    await tx.deleteFrom('ftp_sessions').where('session', '=', of.session).where('account_id', '=', of.accountId).execute();
  }

  /** @returns sessions that may be running, of accounts that have ended as well */
  async sessions(of: { readonly siteId?: string; readonly accountId?: string } = {}): Promise<Running[]> {
    const rows = await this.#connection.db
      .selectFrom('ftp_sessions')
      .innerJoin('ftp_accounts', 'ftp_accounts.id', 'ftp_sessions.account_id')
      .selectAll('ftp_accounts')
      .select(['ftp_sessions.server_id', 'ftp_sessions.session', 'ftp_sessions.begun_at'])
      .$if(of.siteId !== undefined, (query) => query.where('ftp_sessions.site_id', '=', of.siteId ?? ''))
      .$if(of.accountId !== undefined, (query) => query.where('ftp_sessions.account_id', '=', of.accountId ?? ''))
      .execute();
    return rows.map(({ server_id, session, begun_at, ...row }) => ({
      ...{ serverId: server_id, session, begunAt: begun_at },
      account: this.#account(row),
    }));
  }

  /** @returns sites with an account that was ever used, by id, after `after` */
  async usedSites(after: string, count: number): Promise<{ siteId: string; customerId: string }[]> {
    const rows = await this.#connection.db
      .selectFrom('ftp_accounts')
      .select(['site_id', 'customer_id'])
      .distinct()
      .where('used_at', 'is not', null)
      .where('site_id', '>', after)
      .orderBy('site_id')
      .limit(count)
      .execute();
    return rows.map(({ site_id: siteId, customer_id: customerId }) => ({ siteId, customerId }));
  }

  #account(row: Row): FtpAccount {
    const { networks_sealed: networks, used_address_sealed: address } = row;
    return {
      id: row.id,
      siteId: row.site_id,
      customerId: row.customer_id,
      makerId: row.maker_person_id,
      user: row.user_name,
      folder: row.folder,
      networks: networks === null ? [] : JSON.parse(this.#secrets.open(networks, place('networks_sealed', row.id))),
      plainAllowedAt: row.plain_allowed_at,
      expiresAt: row.expires_at,
      offAt: row.off_at,
      createdAt: row.created_at,
      endedAt: row.ended_at,
      passwordSetAt: row.password_set_at,
      passwordBy: row.password_person_id,
      usedAt: row.used_at,
      usedAddress: address === null ? undefined : this.#secrets.open(address, place('used_address_sealed', row.id)),
      plainAt: row.plain_at,
    };
  }
}

const emptied = { password_hash: '', networks_sealed: null, used_address_sealed: null };

const rightsOf = ({ folder, networks, plainAllowedAt, expiresAt }: FtpAccount) =>
  JSON.stringify([folder, networks, plainAllowedAt, expiresAt]);

const place = (column: string, row: string) => ({ table: 'ftp_accounts', column, row });
