// The SQL of database servers; passwords go in and come out through the seal.
import type { Selectable } from 'kysely';
import type { DatabasesTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { DatabaseAccess } from '../platform/database-server/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { KnownServer } from './states.ts';

/** What the panel knows of a server, with the ways in. */
export type ServerRow = KnownServer & {
  readonly serverId: string;
  readonly access: DatabaseAccess;
  /** reads only; undefined where none was made */
  readonly backup: { readonly user: string; readonly password: string } | undefined;
};

export type NewServer = {
  readonly id: string;
  readonly serverId: string;
  readonly access: DatabaseAccess;
  readonly backup: { readonly user: string; readonly password: string } | undefined;
  readonly shownHost: string;
  readonly shownPort: number;
  readonly now: number;
};

const table = 'database_servers';

export class DatabaseServerStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** A server that was prepared before keeps its id, since databases name it. @returns the id */
  async put(tx: Tx, { id, serverId, access, backup, shownHost, shownPort, now }: NewServer): Promise<string> {
    const known = await tx
      .selectFrom(table)
      .select('id')
      .where('server_id', '=', serverId)
      .where('engine', '=', access.engine)
      .executeTakeFirst();
    const row = known?.id ?? id;
    const { engine, host, port, user: login } = access;
    const values = {
      ...{ id: row, server_id: serverId, engine, host, port, shown_host: shownHost, shown_port: shownPort, login },
      password_sealed: this.#secrets.seal(access.password, { table, column: 'password_sealed', row }),
      backup_login: backup?.user ?? null,
      backup_password_sealed: backup
        ? this.#secrets.seal(backup.password, { table, column: 'backup_password_sealed', row })
        : null,
      prepared_at: now,
    };
    await tx
      .insertInto(table)
      .values(values)
      .onConflict((oc) => oc.columns(['server_id', 'engine']).doUpdateSet(values))
      .execute();
    return row;
  }

  /** @returns the engines of a server that sites are on, by name */
  async of(serverId: string): Promise<ServerRow[]> {
    const rows = await this.#connection.db
      .selectFrom(table)
      .selectAll()
      .where('server_id', '=', serverId)
      .orderBy('engine')
      .execute();
    return rows.map((row) => this.#fromRow(row));
  }

  async ids(): Promise<string[]> {
    const rows = await this.#connection.db.selectFrom(table).select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  }

  async byId(id: string): Promise<ServerRow | undefined> {
    const row = await this.#connection.db.selectFrom(table).selectAll().where('id', '=', id).executeTakeFirst();
    return row && this.#fromRow(row);
  }

  #fromRow(row: Selectable<DatabasesTables['database_servers']>): ServerRow {
    const { id, engine, host, port } = row;
    const opened = (sealed: string, column: string) => this.#secrets.open(sealed, { table, column, row: id });
    const { backup_login: user, backup_password_sealed: sealed } = row;
    return {
      ...{ id, engine, serverId: row.server_id, shownHost: row.shown_host, shownPort: row.shown_port },
      access: { engine, host, port, user: row.login, password: opened(row.password_sealed, 'password_sealed') },
      backup: user !== null && sealed !== null ? { user, password: opened(sealed, 'backup_password_sealed') } : undefined,
    };
  }
}
