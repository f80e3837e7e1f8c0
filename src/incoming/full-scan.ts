// Looks at every file of a site's upload folders, by content: when a folder is marked, and every night (KHADA 7.4, 7.5).
import { minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import type { Arrival } from './arrival-store.ts';
import type { IncomingParts } from './incoming.ts';
import { isMoving, type Judging } from './judging.ts';
import type { KeptFiles } from './kept-files.ts';
import type { ProtectionStore } from './protection-store.ts';

/** Files that are judged and written down together; a job that is cut off begins anew, and tells of nothing twice. */
const together = 200;

export type FullScanParts = Pick<IncomingParts, 'connection' | 'clock' | 'sites' | 'queue'> & {
  readonly store: ProtectionStore;
  readonly judging: Pick<Judging, 'judge'>;
  readonly kept: Pick<KeptFiles, 'closeGone'>;
};

export class FullScan {
  readonly #parts: FullScanParts;

  constructor(parts: FullScanParts) {
    this.#parts = parts;
  }

  /** By the clock: asks for a look at every site with upload folders, once after `dueAt`. */
  async startNightly(dueAt: number): Promise<void> {
    const { connection, clock, sites, store } = this.#parts;
    for (let after = ''; ; ) {
      const ids = await sites.folders.sitesWithFolders(after, 500);
      const scans = await store.scans(ids);
      for (const siteId of ids) {
        // Mostly so, and then nothing is written: this is asked every minute.
        if (Number(scans.get(siteId)?.requested_at ?? 0) >= dueAt) continue;
        const site = await sites.byId(siteId).catch(whenMissing);
        if (!site || isClosed(site)) continue;
        await connection.write(async (tx) => {
          if (await store.request(tx, siteId, dueAt, clock.now())) await this.#queue(tx, site);
        });
      }
      const last = ids.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  async #queue(tx: Tx, { id: siteId, customerId }: Site, runAt?: number): Promise<void> {
    const options = { key: `incoming.scan:${siteId}`, lane: 'long', ...(runAt !== undefined && { runAt }) } as const;
    await this.#parts.queue.add(tx, 'incoming.scan', { siteId, customerId }, options);
  }

  /**
   * The job `incoming.scan`. May be repeated, and broken off anywhere; while the site is closed because it moves it waits.
   * @throws PanelError 503 when storage does not answer
   */
  async run(siteId: string, signal: AbortSignal): Promise<void> {
    const { connection, clock, sites, store, judging, kept } = this.#parts;
    const site = await sites.byId(siteId).catch(whenMissing);
    if (!site || isClosed(site)) return;
    if (site.frozenAt !== null) return this.#later(site);
    const startedAt = clock.now();
    const begun = { requested_at: startedAt, started_at: startedAt, finished_at: null, files: 0, found: 0, fault: null };
    await connection.write((tx) => store.setScan(tx, siteId, begun));
    let [files, found] = [0, 0];
    try {
      await sites.presence.refuseVanished(site);
      for await (const batch of this.#batches(site)) {
        signal.throwIfAborted();
        found += await judging.judge(site, batch, signal, 'scan');
        files += batch.length;
        await connection.write((tx) => store.setScan(tx, siteId, { files, found }));
      }
      signal.throwIfAborted();
      await kept.closeGone(site);
    } catch (error) {
      if (isMoving(error)) return this.#later(site);
      const fault = error instanceof Error ? error.message.slice(0, 300) : String(error);
      if (!signal.aborted) await connection.write((tx) => store.setScan(tx, siteId, { fault }));
      throw error;
    }
    await connection.write((tx) => store.setScan(tx, siteId, { finished_at: clock.now(), files, found }));
  }

  /** What stands in the place that it moves to is looked at from the beginning. */
  async #later(site: Site): Promise<void> {
    const { connection, clock, store } = this.#parts;
    await connection.write(async (tx) => {
      await store.setScan(tx, site.id, { requested_at: clock.now(), started_at: null, finished_at: null });
      await this.#queue(tx, site, clock.now() + minute);
    });
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

const isClosed = ({ openedAt, terminatedAt, suspendedAt }: Site) =>
  openedAt === null || terminatedAt !== null || suspendedAt !== null;

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
