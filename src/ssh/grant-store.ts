// The SQL of what is in force: a row as long as a server may let somebody in. That it can only be a server of the group `ssh`, the
// database itself sees to (migration 024).
import type { Selectable } from 'kysely';
import type { SshTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { SshLogin } from '../platform/site-host/port.ts';

type Row = Selectable<SshTables['ssh_grants']>;

/** Times in epoch milliseconds. */
export type Grant = {
  readonly requestId: string;
  readonly siteId: string;
  readonly endsAt: number;
  /** over, and the server has not said yet that it lets nobody in */
  readonly closedAt: number | null;
  /** null: being opened */
  readonly writtenAt: number | null;
  /** the server lets nobody in for now: the site is suspended, the customer restricted */
  readonly shutAt: number | null;
  /** how often the server began to be told its list */
  readonly tellings: number;
  /** which of these times is known to have been the last one: another number means that nobody knows what the server was told last */
  readonly told: number;
  /** where to connect to, once the server has said so */
  readonly login: SshLogin | null;
};

const fromRow = (row: Row): Grant => ({
  requestId: row.request_id,
  siteId: row.site_id,
  endsAt: row.ends_at,
  closedAt: row.closed_at,
  writtenAt: row.written_at,
  shutAt: row.shut_at,
  tellings: row.tellings,
  told: row.told,
  login:
    row.login_user === null || row.login_host === null
      ? null
      : {
          user: row.login_user,
          host: row.login_host,
          port: row.login_port ?? 22,
          hostKeys: (row.host_keys ?? '').split('\n').filter(Boolean),
        },
});

export class GrantStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns group of the site's server, as it is now */
  async groupOf(siteId: string, reader: Reader = this.#connection.db): Promise<{ id: string; name: string; group: string }> {
    const { id, name, server_group } = await reader
      .selectFrom('servers')
      .innerJoin('sites', 'sites.server_id', 'servers.id')
      .select(['servers.id', 'servers.name', 'servers.server_group'])
      .where('sites.id', '=', siteId)
      .executeTakeFirstOrThrow();
    return { id, name, group: server_group };
  }

  /** @returns whether the company has any server for users of SSH */
  async isThereAServer(): Promise<boolean> {
    const row = await this.#connection.db
      .selectFrom('servers')
      .select('id')
      .where('server_group', '=', 'ssh')
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Refused by the database itself when the server is not of the group `ssh`, or the site not there. */
  async add(
    tx: Tx,
    grant: { requestId: string; siteId: string; endsAt: number; now: number; server: { id: string; group: string } },
  ): Promise<void> {
    await tx
      .insertInto('ssh_grants')
      .values({
        request_id: grant.requestId,
        site_id: grant.siteId,
        server_id: grant.server.id,
        // As it was read: what it may be is the constraint's to say.
        server_group: grant.server.group as 'ssh',
        ends_at: grant.endsAt,
        granted_at: grant.now,
        closed_at: null,
        written_at: null,
        shut_at: null,
        login_user: null,
        login_host: null,
        login_port: null,
        host_keys: null,
        tellings: 0,
        told: 0,
      })
      .execute();
  }

  async ofSite(siteId: string, reader: Reader = this.#connection.db): Promise<Grant[]> {
    const rows = await reader.selectFrom('ssh_grants').selectAll().where('site_id', '=', siteId).orderBy('granted_at').execute();
    return rows.map(fromRow);
  }

  /** Notes that the server is about to be told its list. @returns the rows of the site, as that telling knows them */
  async beginTelling(tx: Tx, siteId: string): Promise<Grant[]> {
    await tx
      .updateTable('ssh_grants')
      .set((eb) => ({ tellings: eb('tellings', '+', 1) }))
      .where('site_id', '=', siteId)
      .execute();
    return this.ofSite(siteId, tx);
  }

  /** The telling that these rows began was the last one, and nobody else's was under way. */
  async noteTold(tx: Tx, siteId: string): Promise<void> {
    await tx
      .updateTable('ssh_grants')
      .set((eb) => ({ told: eb.ref('tellings') }))
      .where('site_id', '=', siteId)
      .execute();
  }

  /** @returns every row there is: what is in force, and what the servers have not taken back yet */
  async all(): Promise<Grant[]> {
    const rows = await this.#connection.db.selectFrom('ssh_grants').selectAll().orderBy('granted_at').execute();
    return rows.map(fromRow);
  }

  /** @returns false when it is closed already */
  async close(tx: Tx, requestId: string, at: number): Promise<boolean> {
    const result = await tx
      .updateTable('ssh_grants')
      .set({ closed_at: at })
      .where('request_id', '=', requestId)
      .where('closed_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** The server has let in the keys of this grant. @returns whether for the first time */
  async noteWritten(tx: Tx, requestId: string, at: number, login: SshLogin): Promise<boolean> {
    const where = {
      login_user: login.user,
      login_host: login.host,
      login_port: login.port,
      host_keys: login.hostKeys.join('\n'),
      shut_at: null,
    };
    const first = await tx
      .updateTable('ssh_grants')
      .set({ ...where, written_at: at })
      .where('request_id', '=', requestId)
      .where('written_at', 'is', null)
      .executeTakeFirst();
    if (first.numUpdatedRows === 1n) return true;
    await tx.updateTable('ssh_grants').set(where).where('request_id', '=', requestId).execute();
    return false;
  }

  async noteShut(tx: Tx, requestId: string, at: number): Promise<void> {
    await tx
      .updateTable('ssh_grants')
      .set({ shut_at: at })
      .where('request_id', '=', requestId)
      .where('shut_at', 'is', null)
      .execute();
  }

  /** The server has said that it lets nobody in by these. */
  async remove(tx: Tx, requestIds: readonly string[]): Promise<void> {
    if (requestIds.length === 0) return;
    await tx
      .deleteFrom('ssh_grants')
      .where('request_id', 'in', [...requestIds])
      .where('closed_at', 'is not', null)
      .execute();
  }
}
