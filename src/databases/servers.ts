// Database servers: registering one, and reaching it for a site, a database or a backup.
import type { Actor } from '../audit/audit.ts';
import type { DatabaseAccess, DatabaseServer } from '../platform/database-server/port.ts';
import { prepareDatabaseServer } from '../platform/database-server/prepare.ts';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Site } from '../sites/sites.ts';
import { isPrivateHost } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import { DatabaseServerStore, type ServerRow } from './server-store.ts';
import type { Database, KnownServer } from './states.ts';

export type Registering = {
  /** the server whose sites use it */
  readonly serverId: string;
  /** as the panel reaches it */
  readonly access: DatabaseAccess;
  /** who may only read, for dumps */
  readonly backup?: { readonly user: string; readonly password: string };
  /** as programs of customers reach it; the panel's own host and port unless given */
  readonly shownHost?: string;
  readonly shownPort?: number;
};

export type PreparingServer = Omit<Registering, 'access' | 'backup'> & {
  /** not kept */
  readonly administrator: DatabaseAccess;
  /** what the names of the two accounts begin with, where several panels share a server; `gotgan` unless given */
  readonly accounts?: string;
};

/** What the operator has still to do, and whether both accounts come in already. */
export type Preparation = { readonly toDo: readonly string[]; readonly isReached: boolean };

export class DatabaseServers {
  readonly #parts: DatabasesParts;
  readonly #store: DatabaseServerStore;

  constructor(parts: DatabasesParts) {
    this.#parts = parts;
    this.#store = new DatabaseServerStore(parts.connection, parts.secrets);
  }

  /** See `Databases.registerServer`. */
  async register(registering: Registering, actor: Actor): Promise<void> {
    const { serverId, backup } = registering;
    const { databaseServer, reached } = this.#parts;
    await this.#refusePublic(registering);
    const access = await reached(serverId, registering.access);
    await databaseServer(access).check();
    // The reader comes in as well: found out now, not in the night.
    if (backup) await databaseServer({ ...access, ...backup }).check();
    await this.#put(registering, actor);
  }

  /** See `Databases.prepareServer`. */
  async prepare({ administrator, accounts = 'gotgan', ...more }: PreparingServer, actor: Actor): Promise<Preparation> {
    const { databaseServer, reached } = this.#parts;
    await this.#refusePublic({ ...more, access: administrator });
    const way = await reached(more.serverId, administrator);
    const names = { panel: `${accounts}_panel`, backup: `${accounts}_backup` };
    const { panel, backup, toDo } = await prepareDatabaseServer(way, names);
    const access = { ...administrator, ...panel };
    // Kept before they are tried: nobody else knows these passwords.
    await this.#put({ ...more, access, backup }, actor);
    const tried = [panel, backup].map((account) => ({ ...way, ...account })).map((one) => databaseServer(one).check());
    const isReached = (await Promise.allSettled(tried)).every(({ status }) => status === 'fulfilled');
    return { toDo, isReached };
  }

  async #refusePublic({ serverId, access, shownHost }: Pick<Registering, 'serverId' | 'access' | 'shownHost'>): Promise<void> {
    const { reach } = await this.#parts.sites.servers.byId(serverId);
    // sshd can say which ports may be reached, and nothing about sockets.
    if (reach && access.host.startsWith('/')) throw new Invalid({ host: [{ key: 'databases.fault.farSocket' }] });
    for (const host of [access.host, shownHost ?? access.host])
      if (!isPrivateHost(host)) throw new Invalid({ host: [{ key: 'databases.fault.publicHost' }] });
  }

  async #put({ serverId, access, backup, shownHost, shownPort }: Registering, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    // A socket is the panel's own way; programs of customers go by the network of their machine.
    const ownHost = access.host.startsWith('/') ? 'localhost' : access.host;
    const shown = { shownHost: shownHost ?? ownHost, shownPort: shownPort ?? access.port };
    const now = clock.now();
    await connection.write(async (tx) => {
      const id = await this.#store.put(tx, { id: newId(now), serverId, access, backup, ...shown, now });
      await audit.record(tx, { action: 'databases.serverPrepared', actor, subjectId: id, details: { engine: access.engine } });
    });
  }

  /** @returns what a site can have databases on */
  async ofSite({ serverId }: Pick<Site, 'serverId'>): Promise<KnownServer[]> {
    return (await this.#store.of(serverId)).map(known);
  }

  /** @throws PanelError 409 when the site's server has none of this engine */
  async forNew({ serverId }: Pick<Site, 'serverId'>, engine: string): Promise<KnownServer> {
    const row = await this.rowFor(serverId, engine);
    if (!row) throw conflict('databases.noServer');
    return known(row);
  }

  /** @throws PanelError 404 when the server is not known any more */
  async known({ serverId }: Pick<Database, 'serverId'>): Promise<KnownServer> {
    return known(await this.row(serverId));
  }

  /** @returns the server with the panel's rights; its dumps are made by the user that may only read, where there is one */
  async reach({ serverId }: Pick<Database, 'serverId'>): Promise<DatabaseServer> {
    const { access, backup, serverId: machine } = await this.row(serverId);
    const { databaseServer, reached } = this.#parts;
    return databaseServer(await reached(machine, access), backup ? { backup } : {});
  }

  /** @returns whether both are one engine at one address, so that a database need not go from one to the other */
  async areOne(one: ServerRow, other: ServerRow): Promise<boolean> {
    if (one.id === other.id) return true;
    const { reached } = this.#parts;
    const ways = await Promise.all([one, other].map(({ serverId, access }) => reached(serverId, access)));
    // A loopback address is another one on each machine: what counts is the way there from here.
    return ways[0]?.host === ways[1]?.host && ways[0]?.port === ways[1]?.port;
  }

  /** @returns the engine of a server that sites are on, undefined where it has none */
  async rowFor(serverId: string, engine: string): Promise<ServerRow | undefined> {
    return (await this.#store.of(serverId)).find((one) => one.engine === engine);
  }

  /** @returns every database server there is */
  ids(): Promise<string[]> {
    return this.#store.ids();
  }

  /** @throws PanelError 404 when the server is not known any more */
  async row(id: string): Promise<ServerRow> {
    const row = await this.#store.byId(id);
    if (!row) throw notFound();
    return row;
  }
}

const known = ({ id, engine, shownHost, shownPort }: ServerRow): KnownServer => ({ id, engine, shownHost, shownPort });
