// Files that were taken out of sites: kept below DATA_DIR for a while, readable by the panel alone, downloadable by nobody.
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../platform/storage/faults.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';

const isId = (text: string) => /^[0-9a-f-]{36}$/.test(text);

/** By ids of the site and of what was found; no name of a customer is on this disk. Errors: PanelError 503. */
export class HeldFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns where the file lies or would lie */
  pathOf(siteId: string, id: string): string {
    if (!isId(siteId) || !isId(id)) throw new RangeError('Not ids');
    return join(this.#folder, siteId, id);
  }

  /** @returns its bytes; undefined when it is not there */
  async size(siteId: string, id: string): Promise<number | undefined> {
    return (await unless(['ENOENT', 'ENOTDIR'], () => stat(this.pathOf(siteId, id))))?.size;
  }

  /** Takes the entry out of the site, or what a process that died had begun to take under this id; as promised by `SiteStorage.take`. */
  async take(
    siteId: string,
    id: string,
    from: { storage: SiteStorage; path: SitePath; stamp: string | undefined },
  ): Promise<void> {
    await mkdir(join(this.#folder, siteId), { recursive: true, mode: 0o700 }).catch((error) => {
      throw storageFault(error);
    });
    await from.storage.take(from.path, from.stamp, this.pathOf(siteId, id));
  }

  /** Puts it back under a free name, as every file of the site is put. @throws PanelError 409 when the name is taken */
  async giveBack(siteId: string, id: string, to: { storage: SiteStorage; path: SitePath }): Promise<void> {
    const copy = `${this.pathOf(siteId, id)}.back`;
    await copyFile(this.pathOf(siteId, id), copy).catch((error) => {
      throw storageFault(error);
    });
    await to.storage.put(to.path, copy, 'create').finally(() => rm(copy, { force: true }));
    await this.remove(siteId, id);
  }

  /** Everything that is kept of a site: it is erased. */
  async removeAll(siteId: string): Promise<void> {
    if (!isId(siteId)) throw new RangeError('Not an id');
    await rm(join(this.#folder, siteId), { recursive: true, force: true }).catch((error) => {
      throw storageFault(error);
    });
  }

  async remove(siteId: string, id: string): Promise<void> {
    await rm(this.pathOf(siteId, id), { force: true }).catch((error) => {
      throw storageFault(error);
    });
  }
}
