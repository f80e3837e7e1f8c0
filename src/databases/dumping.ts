// Databases of a site as its backups take them: written out on the server that holds each, and counted there.
import type { Writable } from 'node:stream';
import type { Dumped } from '../platform/database-server/port.ts';
import type { Site } from '../sites/sites.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import type { Database } from './states.ts';
import { DatabaseStore } from './store.ts';

export class DumpingDatabases {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #store: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new DatabaseStore(parts.connection);
  }

  /** @returns the site's databases that hold something, by name */
  async of(site: Pick<Site, 'id' | 'customerId'>): Promise<Database[]> {
    return (await this.#store.ofSite(site)).filter(({ madeAt }) => madeAt !== null);
  }

  /**
   * Writes a database as SQL text, as the server's user that may only read where there is one.
   * @param options `compare`: its rows are counted on the server too
   * @throws PanelError 503; `into` is destroyed when the dump is not whole
   */
  async write(database: Database, into: Writable, options: { signal?: AbortSignal; compare?: boolean } = {}): Promise<Dumped> {
    const server = await this.#servers.reach(database);
    return server.dump({ name: database.name, user: database.login }, into, options);
  }

  /**
   * @returns what writes dumps on each database server now (versions of engine and program) by the server's id; one that does not answer
   * is left out
   */
  async tools(): Promise<ReadonlyMap<string, string>> {
    const tools = new Map<string, string>();
    for (const id of await this.#servers.ids()) {
      const server = await this.#servers.reach({ serverId: id }).catch(() => undefined);
      const made = await server?.madeWith().catch((error) => {
        this.#parts.log.warn({ databaseServer: id, err: error }, 'the version of a database server could not be asked');
      });
      if (made) tools.set(id, made);
    }
    return tools;
  }
}
