// Tells a site without files from one whose disk is not there.
import { minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { unavailable, whenMissing } from '../platform/errors.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import { laterStorage } from './later-storage.ts';
import { faultText, type Servers } from './servers.ts';
import type { Site } from './site.ts';
import type { SiteStore } from './store.ts';

/** Clocks of servers differ, and SFTP tells whole seconds. */
const slack = minute;

export class Presence {
  readonly #connection: Connection;
  readonly #servers: Servers;
  readonly #store: SiteStore;

  constructor(connection: Connection, servers: Servers, store: SiteStore) {
    this.#connection = connection;
    this.#servers = servers;
    this.#store = store;
  }

  /** For a count that found no file: as `refuseVanished`, and kept for the operator. */
  async refuseCount(site: Site): Promise<void> {
    await this.refuseVanished(site).catch(async (error) => {
      await this.#connection.write((tx) => this.#store.setHostFault(tx, { siteId: site.id }, faultText(error)));
      throw error;
    });
  }

  /** For whatever would remove another copy of the site. @throws PanelError 404 or 503 where its files cannot be seen, and as `refuseVanished` */
  async refuseUnreadable(site: Site): Promise<void> {
    await this.#storage(site).stat(['www']);
    await this.refuseVanished(site);
  }

  #storage(site: Site): SiteStorage {
    return laterStorage(async () => (await this.#servers.host(site.serverId)).storageFor(site));
  }

  /**
   * For whatever would believe that a site is empty. A folder whose files were deleted was changed by that; one that holds nothing and
   * was not changed since files were counted in it is another folder: its disk is not mounted, or it was put there by hand.
   * @throws PanelError 503 with what an operator can do as `code`, also when the folder is not there at all
   */
  async refuseVanished(site: Site): Promise<void> {
    const { usedFiles, countedAt, serverId, name } = site;
    if (usedFiles === 0 || countedAt === null) return;
    const storage = this.#storage(site);
    const changedAt = [await emptySince(storage, 'www'), await emptySince(storage, 'trash')];
    if (changedAt.some((at) => at === 'holds something')) return;
    const latest = Math.max(...changedAt.map(Number));
    if (latest + slack >= countedAt) return;
    const server = await this.#servers.byId(serverId);
    const code = `${name} had ${usedFiles} files on ${server.name} and has none, in folders that were not changed since: is the disk there? (if it is to be empty: touch its www)`;
    throw unavailable('error.storage', { code });
  }
}

/** @returns when the folder became empty, 0 for one that is not there */
async function emptySince(storage: SiteStorage, folder: string): Promise<number | 'holds something'> {
  const entry = await storage.stat([folder]).catch(whenMissing);
  if (!entry) return 0;
  const names = (await storage.names([folder]).catch(whenMissing)) ?? [];
  return names.length > 0 ? 'holds something' : entry.modifiedAt;
}
