// Throw-away databases: a dump is loaded beside the customers' own on a server of its engine, looked at and dropped.
import type { Readable } from 'node:stream';
import type { DatabaseEngine } from '../platform/database-server/port.ts';
import type { Site } from '../sites/sites.ts';
import { drawPassword, stagedName } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { DatabaseStore } from './store.ts';

/** Where a throw-away database is, or would be: to be written down before it is made, so that it is found whatever happens. */
export type ThrowAway = { readonly serverId: string; readonly name: string };

export type Tried = {
  /** the dump; it is closed */
  readonly from: Readable;
  /** bytes the database may take */
  readonly maximumBytes: number;
  /** the name the dump was made of */
  readonly knownAs: string;
  readonly signal: AbortSignal;
};

export class TryingDatabases {
  readonly #servers: DatabaseServers;
  readonly #store: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#servers = servers;
    this.#store = new DatabaseStore(parts.connection);
  }

  /**
   * @param id a UUID that nothing else is named by
   * @returns a name that no customer can choose, on the server the site's databases of this engine are made on; undefined where it has none
   */
  async place(site: Pick<Site, 'name' | 'serverId'>, engine: DatabaseEngine, id: string): Promise<ThrowAway | undefined> {
    const server = await this.#servers.rowFor(site.serverId, engine);
    return server && { serverId: server.id, name: stagedName(site.name, id) };
  }

  /**
   * Makes it, loads the dump with the rights of a customer's user and counts. Drop it afterwards, also after a failure.
   * @throws LoadFault, PanelError 503, the signal's reason
   */
  async load(at: ThrowAway, { from, maximumBytes, knownAs, signal }: Tried): Promise<{ tables: number; rows: number }> {
    const hosted = { name: at.name, user: at.name };
    try {
      const server = await this.#servers.reach(at);
      await server.drop(hosted);
      const charset = await this.#store.charsetOf(at.serverId, knownAs);
      await server.create(hosted, { password: drawPassword(), ...(charset !== undefined && { charset }) });
      await server.load(hosted, from, { signal, maximumBytes, knownAs: [knownAs] });
      const counts = await server.counts(hosted);
      return { tables: counts.length, rows: counts.reduce((sum, { rows }) => sum + rows, 0) };
    } finally {
      from.destroy();
    }
  }

  /** With its user. One that a customer's database has the name of is never touched. May be repeated. @throws PanelError 503 */
  async drop({ serverId, name }: ThrowAway): Promise<void> {
    if (!name.includes('__') || (await this.#store.livesOn(serverId, name))) return;
    const server = await this.#servers.reach({ serverId });
    await server.drop({ name, user: name });
  }
}
