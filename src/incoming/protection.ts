// Folder protection as a customer has it: which folders take uploads only, which look as if they should, and how far the last look at them came.
import type { Actor } from '../audit/audit.ts';
import { day, minute } from '../platform/clock.ts';
import { conflict, notFound, PanelError, whenMissing } from '../platform/errors.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { ClearingReason, MarkedFolder, Site, SiteProgram } from '../sites/sites.ts';
import { type LikelyFolder, likelyFolders } from './detection.ts';
import type { IncomingParts } from './incoming.ts';
import type { ProtectionStore, ScanRow } from './protection-store.ts';

export type ProtectedFolder = MarkedFolder & {
  /** undefined: storage did not answer */
  readonly isThere: boolean | undefined;
};

export type LastLook = {
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** when that began, epoch milliseconds */
  readonly at: number;
  readonly files: number;
  readonly found: number;
};

/** What the web server was told of the site's folders; undefined: this panel tells it nothing. */
export type Told = { readonly state: 'told' | 'waiting' | 'failed'; readonly at: number | null };

export type Protection = {
  readonly folders: readonly ProtectedFolder[];
  readonly proposals: readonly LikelyFolder[];
  readonly lastLook: LastLook | undefined;
  readonly told: Told | undefined;
};

/** A site whose files were counted anew is searched again at the earliest after this. */
const searchPause = 10 * minute;
const searchedAtOnce = 100;

/** By site; routes have checked whose it is. Errors: PanelError 503 when the database does not answer. */
export class FolderProtection {
  readonly #parts: Pick<IncomingParts, 'connection' | 'clock' | 'sites' | 'queue' | 'audit' | 'log'>;
  readonly #store: ProtectionStore;
  readonly #tells: boolean;

  /** @param tells whether this panel writes what web servers read */
  constructor(parts: IncomingParts, store: ProtectionStore, tells: boolean) {
    this.#parts = parts;
    this.#store = store;
    this.#tells = tells;
  }

  /** Everything the page shows; what storage cannot answer is left open there. */
  async of(site: Site): Promise<Protection> {
    const { sites } = this.#parts;
    const [marked, row] = [await sites.folders.list(site), await this.#store.scan(site.id)];
    const folders = await Promise.all(
      marked.map(async (folder) => ({ ...folder, isThere: await this.#isThere(site, folder.path) })),
    );
    return {
      folders,
      proposals: await this.#proposals(site, marked),
      lastLook: row && lastLook(row),
      told: this.#tells ? told(row) : undefined,
    };
  }

  async #isThere(site: Site, path: SitePath): Promise<boolean | undefined> {
    try {
      return (await this.#parts.sites.storageFor(site).stat(path).catch(whenMissing))?.kind === 'folder';
    } catch (error) {
      if (error instanceof PanelError) return undefined;
      throw error;
    }
  }

  /** As the site is now, so that what was brought in a moment ago is proposed too. */
  async #proposals(site: Site, marked: readonly MarkedFolder[]): Promise<LikelyFolder[]> {
    if (site.openedAt === null || site.suspendedAt !== null) return [];
    const rows = await this.#store.proposals(site.id, { all: true });
    const declined = new Set(rows.filter(({ declined_at }) => declined_at !== null).map(({ path }) => path));
    try {
      const found = await likelyFolders(this.#parts.sites.storageFor(site), marked);
      return found.filter(({ path }) => !declined.has(path.join('/')));
    } catch (error) {
      if (error instanceof PanelError) return [];
      throw error;
    }
  }

  /** @returns how many folders wait for an answer, as they were last searched for: for the dashboard, which asks no storage */
  async waiting(site: Site): Promise<number> {
    return (await this.#store.proposals(site.id)).length;
  }

  /**
   * From now on nothing runs there.
   * @returns how many of them were none before
   * @throws Invalid on `path`, as `Folders.mark`
   */
  async turnOn(site: Site, folders: readonly { path: SitePath; program?: SiteProgram }[], actor: Actor): Promise<number> {
    let marked = 0;
    for (const { path, program } of folders)
      if (await this.#parts.sites.folders.mark(site, path, { actor, ...(program && { program }) })) marked += 1;
    const paths = folders.map(({ path }) => path.join('/'));
    await this.#parts.connection.write((tx) => this.#store.forgetProposals(tx, site.id, paths));
    return marked;
  }

  /** Programs may run there again. It is not proposed anew: the customer has decided. @throws PanelError 404 when it was not marked */
  async turnOff(site: Site, path: SitePath, actor: Actor, reason: ClearingReason): Promise<void> {
    const { connection, clock, sites } = this.#parts;
    const folder = (await sites.folders.list(site)).find((one) => one.path.join('/') === path.join('/'));
    if (!folder || !(await sites.folders.clear(site, path, actor, reason))) throw notFound();
    const unwanted = { path, program: folder.program ?? 'plain' };
    await connection.write((tx) => this.#store.decline(tx, site.id, unwanted, clock.now()));
  }

  /**
   * The customer does not want to be asked about this folder; once more it changes nothing.
   * @throws PanelError 409 for one that nobody proposes, so that no more is kept than was ever asked
   */
  async decline(site: Site, path: SitePath, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const folder = await this.#proposed(site, path);
    await connection.write(async (tx) => {
      if (!(await this.#store.decline(tx, site.id, folder, clock.now()))) return;
      await audit.record(tx, { action: 'sites.folderDeclined', actor, customerId: site.customerId, siteId: site.id });
    });
  }

  async #proposed(site: Site, path: SitePath): Promise<LikelyFolder> {
    const key = path.join('/');
    const kept = (await this.#store.proposals(site.id, { all: true })).find((row) => row.path === key);
    if (kept) return { path, program: kept.program };
    const found = await this.#proposals(site, await this.#parts.sites.folders.list(site));
    const likely = found.find((one) => one.path.join('/') === key);
    if (!likely) throw conflict('protection.notProposed');
    return likely;
  }

  /** By the clock: has those sites searched whose files are others than at the last search, and every one once a day. */
  async startSearches(): Promise<void> {
    const { connection, clock, sites, queue } = this.#parts;
    const now = clock.now();
    let asked = 0;
    for (let after = ''; asked < searchedAtOnce; ) {
      const page = await sites.openSites(after, 500);
      const scans = await this.#store.scans(page.map(({ id }) => id));
      for (const { id: siteId, customerId, usedFiles } of page) {
        const row = scans.get(siteId);
        const at = Number(row?.searched_at ?? 0);
        const isDue = at <= now - day || at > now || (Number(row?.searched_files) !== usedFiles && at <= now - searchPause);
        if (!isDue || usedFiles === 0 || asked >= searchedAtOnce) continue;
        asked += 1;
        const key = `incoming.search:${siteId}`;
        await connection.write((tx) => queue.add(tx, 'incoming.search', { siteId, customerId }, { key, lane: 'long' }));
      }
      const last = page.at(-1)?.id;
      if (last === undefined) return;
      after = last;
    }
  }

  /** The job `incoming.search`: keeps for the dashboard what could be proposed. May be repeated. @throws PanelError 503 */
  async search(siteId: string): Promise<void> {
    const { connection, clock, sites } = this.#parts;
    const site = await sites.byId(siteId).catch(whenMissing);
    if (!site || site.openedAt === null || site.terminatedAt !== null || site.suspendedAt !== null) return;
    // Also where storage does not answer: sites of a server that is down must not be the first again and again, before all others.
    await connection.write((tx) => this.#store.setScan(tx, siteId, { searched_at: clock.now() }));
    const found = await likelyFolders(sites.storageFor(site), await sites.folders.list(site));
    await connection.write(async (tx) => {
      await this.#store.propose(tx, siteId, found, clock.now());
      await this.#store.setScan(tx, siteId, { searched_at: clock.now(), searched_files: site.usedFiles });
    });
  }
}

function lastLook({ requested_at, started_at, finished_at, fault, files, found }: ScanRow): LastLook | undefined {
  if (started_at === null)
    return requested_at === null ? undefined : { state: 'waiting', at: Number(requested_at), files: 0, found: 0 };
  const state = finished_at !== null ? 'done' : fault !== null ? 'failed' : 'running';
  return { state, at: Number(finished_at ?? started_at), files, found };
}

function told(row: ScanRow | undefined): Told {
  if (row?.write_fault) return { state: 'failed', at: null };
  return row?.written_at ? { state: 'told', at: Number(row.written_at) } : { state: 'waiting', at: null };
}
