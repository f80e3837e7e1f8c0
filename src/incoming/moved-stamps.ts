// What is known of files by their stamps, when a site goes to another server: there every stamp is another one.
import type { Clock } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import type { FindingStore } from './finding-store.ts';
import type { KnownScript, WatchedFolder, WatchStore } from './watch-store.ts';

/** The same knowledge in the stamps of the new place. */
export type MovedStamps = {
  readonly scripts: readonly KnownScript[];
  readonly folders: readonly WatchedFolder[];
  /** what waits for the customer's word, which is about that very file */
  readonly findings: readonly { readonly id: string; readonly stamp: string }[];
};

const together = 200;

/**
 * Takes along only what is true: a script or folder that has changed since it was last looked at keeps its old stamp, which nothing
 * has in the new place, and so is judged there as it would have been here.
 */
export class StampCarrier {
  readonly #store: WatchStore;
  readonly #findings: FindingStore;
  readonly #clock: Clock;

  constructor(stores: { readonly watched: WatchStore; readonly findings: FindingStore }, clock: Clock) {
    this.#store = stores.watched;
    this.#findings = stores.findings;
    this.#clock = clock;
  }

  /** Reads both places; the site is frozen, and they are the same. */
  async read({ id }: Site, from: SiteStorage, to: SiteStorage): Promise<MovedStamps> {
    const scripts: KnownScript[] = [];
    for (const [key, stamp] of await this.#store.scripts(id)) {
      const path = key.split('/');
      const moved = await movedStamp(path, stamp, from, to);
      if (moved !== undefined) scripts.push({ path, stamp: moved });
    }
    const folders: WatchedFolder[] = [];
    for (const [path, { stamp }] of await this.#store.folders(id)) {
      const moved = await movedStamp(path.split('/'), stamp, from, to);
      // Every file there is as young as its copy.
      if (moved !== undefined) folders.push({ path, stamp: moved, newest: Math.ceil(this.#clock.now()) });
    }
    return { scripts, folders, findings: await this.#openFindings(id, from, to) };
  }

  async #openFindings(siteId: string, from: SiteStorage, to: SiteStorage): Promise<MovedStamps['findings']> {
    const findings: { id: string; stamp: string }[] = [];
    for (let after = ''; ; ) {
      const rows = await this.#findings.openOnes(siteId, after, together);
      for (const { id, path, stamp } of rows) {
        const moved = stamp === null ? undefined : await movedStamp(path.split('/'), stamp, from, to);
        if (moved !== undefined) findings.push({ id, stamp: moved });
      }
      const last = rows.at(-1)?.id;
      if (last === undefined) return findings;
      after = last;
    }
  }

  /** In the transaction that moves the site. */
  async write(tx: Tx, { id }: Site, { scripts, folders, findings }: MovedStamps): Promise<void> {
    await this.#store.know(tx, id, scripts);
    await this.#store.remember(tx, id, folders);
    for (const { id: finding, stamp } of findings) await this.#findings.change(tx, finding, { stamp });
  }
}

async function movedStamp(
  path: readonly string[],
  stamp: string,
  from: SiteStorage,
  to: SiteStorage,
): Promise<string | undefined> {
  if ((await from.stat(path).catch(whenMissing))?.stamp !== stamp) return undefined;
  return (await to.stat(path).catch(whenMissing))?.stamp;
}
