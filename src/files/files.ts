// The door of files: what a customer sees, brings in, moves and removes in a site. Whatever comes in meets the policy (KHADA 7.4).
import type { Actor, Audit } from '../audit/audit.ts';
import type { Limits } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict, Invalid, notFound, PanelError } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { Entry, OpenFile, SitePath } from '../platform/storage/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Room, Site, Sites } from '../sites/sites.ts';
import { type UploadCounts, UploadTally } from './counts.ts';
import { Deeds, folderMade, moved, removed } from './deeds.ts';
import { HeldFiles } from './held.ts';
import { canonicalName, judgeFile, judgeFolders, judgeName, type Refusal, steersServers, usualRules } from './policy.ts';
import { type Conflict, publish, type Received, type UploadResult } from './publishing.ts';
import { Quarantine } from './quarantine.ts';
import { StandingJudge } from './standing.ts';
import { FileStore } from './store.ts';

export type { HeldFiles } from './held.ts';
export { inWords as refusalInWords } from './results.ts';
export { isScript, isScriptName, type Judgement, type StandingJudge, type StandingRefusal } from './standing.ts';

export type FilesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly audit: Audit;
  readonly scanner: VirusScanner;
  readonly quarantineFolder: string;
  /** where files are kept that were taken out of sites */
  readonly heldFolder: string;
  /** the list of known web shells */
  readonly shellsFile: string;
  readonly limits: Limits;
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
  readonly rules = usualRules;
  /** judges what came into a site past the panel */
  readonly standing: StandingJudge;
  /** what was taken out of sites */
  readonly held: HeldFiles;
  readonly #tally = new UploadTally();

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#store = new FileStore(parts.connection);
    this.#deeds = new Deeds(parts);
    this.quarantine = new Quarantine(parts.quarantineFolder, parts.clock, parts.leaseMilliseconds);
    this.standing = new StandingJudge({ ...parts, quarantine: this.quarantine, rules: this.rules });
    this.held = new HeldFiles(parts.heldFolder);
  }

  /** What an upload may hold: bytes of a file, number of files, uploads of one person at once. */
  get limits(): Limits {
    return this.#parts.limits;
  }

  /** False: the panel says that uploads are not scanned. */
  get scans(): boolean {
    return this.#parts.scanner.present;
  }

  /** @throws PanelError 404 */
  stat(site: Site, path: SitePath): Promise<Entry> {
    return this.#parts.sites.storageFor(site).stat(path);
  }

  /** @throws PanelError 404 when there is no such folder */
  list(site: Site, path: SitePath): Promise<Entry[]> {
    return this.#parts.sites.storageFor(site).list(path);
  }

  /** Opens a file for download. What lies in `backup/` is downloaded through the backups, which ask for a fresh sign-in. @throws PanelError 404 */
  open(site: Site, path: SitePath): Promise<OpenFile> {
    if (path[0] !== 'www') throw notFound();
    return this.#parts.sites.storageFor(site).open(path);
  }

  /**
   * Judges and publishes the files of one upload that was read to its end: each by itself, refusals with their reasons. The upload is
   * in the audit before its first file is in the site.
   * @param received in the order of arrival; their quarantined bytes are gone afterwards
   * @returns the id of the result
   */
  async receive(
    site: Site,
    doer: Doer,
    upload: { folder: SitePath; conflict: Conflict; received: Received[]; once: Once },
  ): Promise<string> {
    const { connection, clock, sites, scanner, limits } = this.#parts;
    const act = sites.act(site, 'upload', doer.actor);
    const { id } = act;
    const begin = (room: Room) => this.#deeds.announce(site, doer.actor, act, { action: 'files.uploading', room, details: room });
    const parts = { ...upload, site, sites, begin, act, scanner, rules: this.rules, limits };
    const { results, unused } = await publish(upload.received, parts);
    const counted = (wanted: string[]) => results.filter((result) => wanted.includes(result.result)).length;
    const counts = {
      stored: counted(['stored', 'renamed', 'replaced']),
      refused: counted(['refused']),
      skipped: counted(['skipped']),
    };
    const folder = upload.folder.join('/');
    await connection.write(async (tx) => {
      await this.#store.add(tx, {
        id,
        site,
        personId: doer.personId,
        folder,
        conflict: upload.conflict,
        counts,
        results,
        now: clock.now(),
      });
      await this.#deeds.close(tx, site, doer.actor, act, { action: 'files.uploaded', details: counts, unused });
      await upload.once.finish(tx, `/sites/${site.name}/files/results/${id}`);
    });
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

  /** @returns whether something was ever uploaded to the site */
  hasUploads(site: Site): Promise<boolean> {
    return this.#store.any(site);
  }

  /** Makes a folder below `www/`. @throws Invalid on `name` */
  async makeFolder(site: Site, doer: Doer, parent: SitePath, typedName: string): Promise<SitePath> {
    const name = nameOr('name', typedName);
    const path = [...requireWww(parent), name];
    refuse('name', judgeFolders(path, this.rules));
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
   * Moves or renames. A new name of another kind meets the whole policy; what keeps its kind may go, also program files.
   * @param name a new name, for a single entry
   * @throws Invalid on `name` or `to`, PanelError 404, 409
   */
  async move(site: Site, doer: Doer, paths: readonly SitePath[], to: SitePath, name?: string): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    requireWww(to);
    if ((await storage.stat(to)).kind !== 'folder') throw conflict();
    await this.#deeds.carryOut(site, doer.actor, moved, paths.length, async (done) => {
      for (const path of paths) if (await this.#moveOne(site, path, to, name)) done.count += 1;
    });
  }

  /** @returns false when it stands there already */
  async #moveOne(site: Site, path: SitePath, to: SitePath, name: string | undefined): Promise<boolean> {
    const storage = this.#parts.sites.storageFor(site);
    const old = requireInsideWww(path);
    const target = [...to, name === undefined || name === '' ? old : nameOr('name', name)];
    if (target.join('/') === path.join('/')) return false;
    if (startsWith(target, path)) throw new Invalid({ to: [{ key: 'files.moveIntoItself', parameters: { name: old } }] });
    await this.#judgeMove(site, path, target);
    if (await storage.stat(target).catch(whenMissing)) {
      throw new Invalid({ [name ? 'name' : 'to']: [{ key: 'files.targetExists', parameters: { name: target.at(-1) ?? '' } }] });
    }
    await storage.move(path, target);
    return true;
  }

  async #judgeMove(site: Site, from: SitePath, to: SitePath): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    const entry = await storage.stat(from);
    const [before = '', after = ''] = [from.at(-1), to.at(-1)];
    if (before === after || (kindParts(before) === kindParts(after) && !steersServers(after))) return;
    if (entry.kind !== 'file') return refuse('name', judgeFolders([after], this.rules));
    refuse('name', judgeName([after], this.rules));
    const { stream } = await storage.open(from);
    const { path, remove } = await this.quarantine.copy(stream);
    try {
      refuse('name', await judgeFile({ path: [after], from: path, bytes: entry.size }, this.rules));
    } finally {
      await remove();
    }
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

  /** Removes what uploads that were cut off left in quarantine. */
  sweep(): Promise<void> {
    return this.quarantine.sweep();
  }
}

const whenMissing = (error: unknown): undefined => {
  if (error instanceof PanelError && error.status === 404) return undefined;
  throw error;
};

/** The dot-parts after the first: a name that keeps them keeps its kind. */
const kindParts = (name: string) => name.toLowerCase().split('.').slice(1).join('.');

const startsWith = (path: SitePath, start: SitePath) =>
  path.length >= start.length && start.every((segment, i) => path[i] === segment);

function refuse(field: string, refused: Refusal | undefined): void {
  if (refused) throw new Invalid({ [field]: [{ key: `files.refused.${refused.code}`, parameters: refused.parameters }] });
}

function nameOr(field: string, typed: string): string {
  const canonical = canonicalName(typed);
  if ('refusal' in canonical) refuse(field, canonical.refusal);
  return 'name' in canonical ? canonical.name : '';
}

function requireWww(path: SitePath): SitePath {
  if (path[0] !== 'www') throw new Invalid({ to: [{ key: 'files.onlyWww' }] });
  return path;
}

/** @returns the last segment of something below `www/` */
function requireInsideWww(path: SitePath): string {
  const name = path.at(-1);
  if (path[0] !== 'www' || path.length < 2 || name === undefined) throw new Invalid({ path: [{ key: 'files.onlyWww' }] });
  return name;
}
