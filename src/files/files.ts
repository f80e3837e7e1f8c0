// The door of files: what a customer sees, brings in, moves and removes in a site. Whatever comes in meets the policy (KHADA 7.4).
import type { Accounts } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Choices, Limits } from '../options.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { Invalid, notFound, whenMissing } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { Entry, Named, OpenFile, SitePath } from '../platform/storage/port.ts';
import type { Outlet } from '../platform/zip/outlet.ts';
import { ZipWriter } from '../platform/zip/writer.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type RulesAt, rulesOf } from './areas.ts';
import { type UploadCounts, UploadTally } from './counts.ts';
import { Deeds, folderMade, removed } from './deeds.ts';
import { Editor } from './editing.ts';
import { refuse } from './entering.ts';
import { HeldFiles } from './held.ts';
import { FileJobs } from './jobs.ts';
import { listed, type UploadLists } from './kind-lists.ts';
import { setMode } from './mode.ts';
import { Moving, nameOr, requireInsideWww, requireWww } from './moving.ts';
import { judgeFolders } from './policy.ts';
import type { UploadResult } from './publishing.ts';
import { Quarantine } from './quarantine.ts';
import { type Search, type SearchPage, search } from './search.ts';
import { StandingJudge } from './standing.ts';
import { FileStore } from './store.ts';
import { type Arrived, takeIn } from './taking-in.ts';
import { Trash } from './trash.ts';
import { UnfinishedUploads } from './unfinished.ts';
import { type ZipOrder, zip } from './zipping.ts';

export type { HeldFiles } from './held.ts';
export { inWords as refusalInWords } from './results.ts';
export { isScript, isScriptName, type Judgement, type StandingJudge, type StandingRefusal } from './standing.ts';
export { decoded } from './text-coding.ts';

export type FilesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly sites: Sites;
  /** asked whether a customer is restricted while work of theirs goes on */
  readonly accounts: Pick<Accounts, 'restrictions'>;
  readonly audit: Audit;
  readonly scanner: VirusScanner;
  readonly log: Log;
  readonly quarantineFolder: string;
  /** where uploads lie that may pause, on the same disk */
  readonly unfinishedFolder: string;
  /** where files are kept that were taken out of sites */
  readonly heldFolder: string;
  /** the list of known web shells */
  readonly shellsFile: string;
  readonly choices: Pick<Choices, 'limits' | 'uploadKinds' | 'uploadFolderKinds'>;
  /** how long what lies in quarantine is taken for an upload that still runs, when its process is no longer heard of */
  readonly leaseMilliseconds: number;
};

export type Upload = {
  readonly id: string;
  readonly folder: string;
  readonly createdAt: number;
  readonly results: readonly UploadResult[];
};

/** Who acts: the person, and how the audit writes them down. */
export type Doer = { readonly actor: Actor; readonly personId: string };

/**
 * Every act is inside one site of the acting person's customer; routes have checked that before. Errors: PanelError 404 (not there),
 * 409 (exists), 422 (refused by the rules), 503 (storage or scanner does not answer).
 */
export class Files {
  readonly #parts: FilesParts;
  readonly #store: FileStore;
  readonly #deeds: Deeds;
  readonly quarantine: Quarantine;
  readonly #lists: UploadLists;
  /** judges what came into a site past the panel */
  readonly standing: StandingJudge;
  /** what was taken out of sites */
  readonly held: HeldFiles;
  /** uploads that may pause */
  readonly unfinished: UnfinishedUploads;
  /** what was deleted and can be put back */
  readonly trash: Trash;
  /** texts that are edited in a page */
  readonly editor: Editor;
  /** copying, extracting and compressing */
  readonly jobs: FileJobs;
  readonly #moving: Moving;
  readonly #tally = new UploadTally();

  constructor(given: FilesParts) {
    const { uploadKinds, uploadFolderKinds, limits } = given.choices;
    const lists = { program: listed(uploadKinds), upload: listed(uploadFolderKinds) };
    const parts = { ...given, limits, lists };
    this.#parts = given;
    this.#lists = lists;
    this.#store = new FileStore(parts.connection);
    this.#deeds = new Deeds(parts);
    this.quarantine = new Quarantine(parts.quarantineFolder, parts.clock, parts.leaseMilliseconds);
    this.standing = new StandingJudge({ ...parts, quarantine: this.quarantine, rules: lists.upload });
    this.held = new HeldFiles(parts.heldFolder);
    this.unfinished = new UnfinishedUploads({ ...parts, folder: parts.unfinishedFolder, files: this });
    const entering = { ...parts, quarantine: this.quarantine };
    this.#moving = new Moving(entering, this.#deeds);
    this.trash = new Trash(entering, this.#deeds);
    this.editor = new Editor(entering, this.#deeds, this.trash);
    this.jobs = new FileJobs({ ...entering, disk: this.unfinished.disk, trash: this.trash });
  }

  /** What an upload may hold: bytes of a file, number of files, uploads of one person at once. */
  get limits(): Limits {
    return this.#parts.choices.limits;
  }

  /** @returns what holds for each path of the site, as its folders are marked now: the operator's list of its area */
  rulesOf(site: Site): Promise<RulesAt> {
    return rulesOf(this.#parts.sites, this.#lists, site);
  }

  /** @throws PanelError 503 when nothing could be judged now, or the disk's reserve is used up: before the first byte is sent */
  async requireReady(): Promise<void> {
    await this.unfinished.disk.require(0);
    await this.#parts.scanner.check();
  }

  /** False: the panel says that uploads are not scanned. */
  get scans(): boolean {
    return this.#parts.scanner.present;
  }

  /** @throws PanelError 404 */
  async stat(site: Site, path: SitePath): Promise<Entry> {
    return this.#parts.sites.storageFor(site).stat(shown(path));
  }

  /**
   * @param only of these names alone
   * @throws PanelError 404 when there is no such folder; the trash has a page of its own
   */
  async list(site: Site, path: SitePath, only?: readonly string[]): Promise<Entry[]> {
    return this.#parts.sites.storageFor(site).list(shown(path), only);
  }

  /** @returns names and kinds of what stands in a folder. @throws PanelError 404 */
  async names(site: Site, path: SitePath): Promise<Named[]> {
    const all = await this.#parts.sites.storageFor(site).names(shown(path));
    return path.length === 0 ? all.filter(({ name }) => name !== 'trash') : all;
  }

  /** @returns what was found below a folder, a page at a time. @throws PanelError 404 */
  search(site: Site, asked: Pick<Search, 'top' | 'text' | 'after'>): Promise<SearchPage> {
    return search({ ...asked, clock: this.#parts.clock, names: (path) => this.names(site, path) });
  }

  /** Packs entries below `www/` for who reads the outlet. @throws what `zip` throws; then the archive is not whole */
  async zip(site: Site, order: Omit<ZipOrder, 'storage' | 'writer'> & { readonly outlet: Outlet }): Promise<void> {
    const writer = ZipWriter.to(order.outlet);
    try {
      await zip({ ...order, writer, storage: this.#parts.sites.storageFor(site) });
      await writer.finish();
    } finally {
      await writer.close();
    }
  }

  /** Opens a file for download. What lies in `backup/` is downloaded through the backups, which ask for a fresh sign-in. @throws PanelError 404 */
  open(site: Site, path: SitePath): Promise<OpenFile> {
    if (path[0] !== 'www') throw notFound();
    return this.#parts.sites.storageFor(site).open(path);
  }

  /**
   * Judges and publishes the files of one upload that was read to its end: each by itself, refusals with their reasons. The upload is
   * in the audit before its first file is in the site.
   * @returns the id of the result
   */
  async receive(site: Site, doer: Doer, upload: Arrived): Promise<string> {
    const rules = await this.rulesOf(site);
    const parts = { ...this.#parts, store: this.#store, deeds: this.#deeds, rules };
    const { id, results } = await takeIn(parts, site, doer, upload);
    this.#tally.note(results);
    return id;
  }

  /** What became of uploaded files since the start of this process. */
  counts(): UploadCounts {
    return this.#tally.counts;
  }

  /** @throws PanelError 404 */
  async upload(site: Site, id: string): Promise<Upload> {
    const upload = await this.#store.byId(site, id);
    if (!upload) throw notFound();
    return upload;
  }

  /** @returns what was refused in the last day, newest first, each path once */
  refusedLately(site: Site): Promise<Awaited<ReturnType<FileStore['refusedSince']>>> {
    return this.#store.refusedSince(site, this.#parts.clock.now() - day);
  }

  /** @returns whether something was ever uploaded to the site */
  hasUploads(site: Site): Promise<boolean> {
    return this.#store.any(site);
  }

  /** Makes a folder below `www/`. @throws Invalid on `name` */
  async makeFolder(site: Site, doer: Doer, parent: SitePath, typedName: string): Promise<SitePath> {
    const name = nameOr('name', typedName);
    const path = [...requireWww(parent), name];
    refuse('name', judgeFolders(path, (await this.rulesOf(site))(path)));
    const storage = this.#parts.sites.storageFor(site);
    if (await storage.stat(path).catch(whenMissing))
      throw new Invalid({ name: [{ key: 'files.folderExists', parameters: { name } }] });
    await this.#deeds.carryOut(site, doer.actor, folderMade, 1, async (done) => {
      await storage.makeFolder(path);
      done.count += 1;
    });
    return path;
  }

  /**
   * Moves or renames. A new name of another kind meets the whole policy; what keeps its kind may go, also program files, but into an
   * upload folder only what the policy lets in.
   * @param name a new name, for a single entry
   * @throws Invalid on `name` or `to`, PanelError 404, 409
   */
  move(site: Site, doer: Doer, paths: readonly SitePath[], to: SitePath, name?: string): Promise<void> {
    return this.#moving.move(site, doer, paths, to, name);
  }

  /** Removes files and folders for good, and has the site counted. Nothing there is no error. @throws Invalid for `www` itself and what is not below it */
  async remove(site: Site, doer: Doer, paths: readonly SitePath[]): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    for (const path of paths) requireInsideWww(path);
    await this.#deeds.carryOut(site, doer.actor, removed, paths.length, async (done) => {
      for (const path of paths) {
        const entry = await storage.stat(path).catch(whenMissing);
        await storage.remove(path);
        done.count += 1;
        // What folders held is told by the count.
        if (entry?.kind === 'file') done.freed = { bytes: done.freed.bytes + entry.size, files: done.freed.files + 1 };
      }
    });
  }

  /**
   * Moves entries below `www/` into the trash, from where they come back for thirty days.
   * @returns the id of the act, by which it is undone, and how many went
   * @throws Invalid for `www` itself and what is not below it
   */
  async throwAway(site: Site, doer: Doer, paths: readonly SitePath[]): Promise<{ actId: string; count: number }> {
    for (const path of paths) requireInsideWww(path);
    return this.trash.put(site, doer, paths);
  }

  /**
   * Sets who may read, write and run a file or folder below `www/`.
   * @param mode permission bits up to 0o777
   * @throws Invalid on `rights` when the owner, as whom the panel itself works, could not read it any more; PanelError 404
   */
  setMode(site: Site, doer: Doer, path: SitePath, mode: number): Promise<void> {
    return setMode(this.#parts.sites, this.#deeds, site, doer, { path, mode });
  }

  /** Removes what uploads that were cut off left in quarantine, and unfinished ones that expired. */
  async sweep(): Promise<void> {
    await this.quarantine.sweep();
    await this.unfinished.sweep();
  }
}

/** What was deleted is reached by its own page alone. */
function shown(path: SitePath): SitePath {
  if (path[0] === 'trash') throw notFound();
  return path;
}
