// Looks at every file of a site's upload folders, by content: when a folder is marked, and every night (KHADA 7.4, 7.5).
import { minute } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import type { Arrival } from './arrival-store.ts';
import type { IncomingParts } from './incoming.ts';
import type { ProtectionStore } from './protection-store.ts';

/** Files that are judged and written down together; a job that is cut off begins anew, and tells of nothing twice. */
const together = 200;

export type FullScanParts = Pick<IncomingParts, 'connection' | 'clock' | 'sites' | 'queue'> & {
  readonly store: ProtectionStore;
  /** judges a batch and writes it down. @returns how many findings there were */
  readonly judge: (site: Site, due: readonly Arrival[], signal: AbortSignal) => Promise<number>;
};

export class FullScan {
  readonly #parts: FullScanParts;

  constructor(parts: FullScanParts) {
    this.#parts = parts;
  }

  /** By the clock: asks for a look at every site with upload folders, once after `dueAt`. */
  async startNightly(dueAt: number): Promise<void> {
    const { connection, clock, sites, queue, store } = this.#parts;
    for (let after = ''; ; ) {
      const ids = await sites.folders.sitesWithFolders(after, 500);
      const scans = await store.scans(ids);
      for (const siteId of ids) {
        // Mostly so, and then nothing is written: this is asked every minute.
        if (Number(scans.get(siteId)?.requested_at ?? 0) >= dueAt) continue;
        const site = await sites.byId(siteId).catch(whenMissing);
        if (!site || site.openedAt === null || site.terminatedAt !== null || site.suspendedAt !== null) continue;
        await connection.write(async (tx) => {
          if (!(await store.request(tx, siteId, dueAt, clock.now()))) return;
          const payload = { siteId, customerId: site.customerId };
          await queue.add(tx, 'incoming.scan', payload, { key: `incoming.scan:${siteId}`, lane: 'long' });
        });
      }
      const last = ids.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  /** The job `incoming.scan`. May be repeated, and broken off anywhere. @throws PanelError 503 when storage does not answer */
  async run(siteId: string, signal: AbortSignal): Promise<void> {
    const { connection, clock, sites, store } = this.#parts;
    const site = await sites.byId(siteId).catch(whenMissing);
    if (!site || site.openedAt === null || site.terminatedAt !== null || site.suspendedAt !== null) return;
    const startedAt = clock.now();
    const begun = { requested_at: startedAt, started_at: startedAt, finished_at: null, files: 0, found: 0, fault: null };
    await connection.write((tx) => store.setScan(tx, siteId, begun));
    let [files, found] = [0, 0];
    try {
      await sites.counting.refuseVanished(site);
      for await (const batch of this.#batches(site)) {
        signal.throwIfAborted();
        found += await this.#parts.judge(site, batch, signal);
        files += batch.length;
        await connection.write((tx) => store.setScan(tx, siteId, { files, found }));
      }
      signal.throwIfAborted();
    } catch (error) {
      const fault = error instanceof Error ? error.message.slice(0, 300) : String(error);
      if (!signal.aborted) await connection.write((tx) => store.setScan(tx, siteId, { fault }));
      throw error;
    }
    await connection.write((tx) => store.setScan(tx, siteId, { finished_at: clock.now(), files, found }));
  }

  async *#batches(site: Site): AsyncGenerator<Arrival[]> {
    const { sites } = this.#parts;
    const storage = sites.storageFor(site);
    let batch: Arrival[] = [];
    const seen = new Set<string>();
    for (const { path } of await sites.folders.list(site))
      for await (const file of filesBelow(storage, path, seen)) {
        batch.push(this.#arrival(site, file.path, file.entry.stamp));
        if (batch.length < together) continue;
        yield batch;
        batch = [];
      }
    if (batch.length > 0) yield batch;
  }

  /** A row that is in no table unless judging it has to wait. */
  #arrival({ id: site_id }: Site, path: SitePath, stamp: string): Arrival {
    const now = this.#parts.clock.now();
    return {
      ...{ id: newId(now), site_id, path: path.join('/'), origin: 'found', user_name: null, is_respelled: 0 },
      ...{ arrived_at: now, due_at: now + minute, attempts: 0, round: 0, stamp, judged_at: null },
    };
  }
}

async function* filesBelow(
  storage: SiteStorage,
  top: SitePath,
  seen: Set<string>,
): AsyncGenerator<{ path: SitePath; entry: Entry }> {
  for (const rest: SitePath[] = [top]; ; ) {
    const folder = rest.pop();
    if (!folder) return;
    if (seen.has(folder.join('/'))) continue;
    seen.add(folder.join('/'));
    // Gone or no folder: nothing to look at. A storage that does not answer is a fault of the scan.
    for (const entry of (await storage.list(folder).catch(missingOrFile)) ?? []) {
      const path = [...folder, entry.name];
      if (entry.kind === 'folder') rest.push(path);
      else if (entry.kind === 'file') yield { path, entry };
    }
  }
}

function missingOrFile(error: unknown): undefined {
  if (error instanceof Error && 'status' in error && error.status === 409) return undefined;
  return whenMissing(error);
}
