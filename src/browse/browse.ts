// The door of browsing: into any backup, one file over time, and what changed between two days (ux.md 2.8).
import type { Readable } from 'node:stream';
import { type Backup, type Backups, type LookedUp, type ManifestMember, manifestMember } from '../backups/backups.ts';
import { decoded, type Files } from '../files/files.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict, notFound, PanelError, whenMissing } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { Lane } from '../platform/lane.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type Change, type ChangeCounts, type ChangeKind, compare } from './changes.ts';
import { BrowseStore, type Compared } from './store.ts';

export type { Change, ChangeCounts, ChangeKind } from './changes.ts';
export { changeKinds } from './changes.ts';
export type { Compared } from './store.ts';

export type BrowseParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly backups: Backups;
  readonly files: Files;
};

/** What lies in a folder of a backup. */
export type Inside = {
  readonly name: string;
  readonly kind: ZipEntry['kind'];
  readonly size: number;
  readonly modifiedAt: number;
};
export type Folder = {
  readonly entries: readonly Inside[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
};

/** One file as one backup holds it; `change` is against the backup before. */
export type Version = {
  readonly backup: Backup;
  readonly change: 'oldest' | 'same' | 'changed' | 'new' | 'none';
  readonly size: number;
  readonly modifiedAt: number;
  readonly sha256: string;
};

export const rowsOfPage = 200;
/** Bytes of a text that is shown beside another. */
export const mostCompared = 1024 * 1024;
/** Backups that are looked through for one file. */
const mostVersions = 40;

/** A person's reading of an archive takes a processor for a while; those of one customer follow each other, so that others pass. */
const laneOptions = { width: 2, widthOfOne: 1, mostWaiting: 24, longestWaitMilliseconds: 20_000, refusal: 'browse.busy' };

/**
 * Reads archives that were made and not found damaged, and never changes anything. Errors: PanelError 404 for what is not there, 409 and
 * 410 as `Backups.downloadable`, 503 when an archive cannot be read now or too many are being read.
 */
export class Browse {
  readonly #parts: BrowseParts;
  readonly #store: BrowseStore;
  readonly #lane = new Lane(laneOptions);

  constructor(parts: BrowseParts) {
    this.#parts = parts;
    this.#store = new BrowseStore(parts.connection);
  }

  /** @returns 200 entries of a folder, folders first, each by name; `page` beyond the last one is the last. An empty path is the archive itself */
  folder(site: Site, backup: Backup, path: SitePath, page: number): Promise<Folder> {
    return this.#inside(site, [backup], async ([{ archive }]) => {
      const folder = path.join('/');
      const children = await archive.children(folder);
      if (!children) throw notFound();
      const all = [...children.folders, ...children.files];
      const pages = Math.max(1, Math.ceil(all.length / rowsOfPage));
      const at = Math.min(pages, Math.max(1, page));
      const entries: Inside[] = [];
      for (const position of all.slice((at - 1) * rowsOfPage, at * rowsOfPage))
        entries.push(insideOf(await archive.entryAt(position), folder));
      return { entries, total: all.length, page: at, pages };
    });
  }

  /** @returns what stands at the path; undefined for a folder without an entry of its own, or where nothing is */
  entry(site: Site, backup: Backup, path: SitePath): Promise<ZipEntry | undefined> {
    return this.#inside(site, [backup], ([{ archive }]) => archive.find(path.join('/')));
  }

  /** @returns what the manifest says of a file: its SHA-256 as it was recorded, and its time to the millisecond */
  member(site: Site, backup: Backup, path: SitePath): Promise<ManifestMember | undefined> {
    return this.#inside(site, [backup], ([{ archive }]) => manifestMember(archive, path.join('/')));
  }

  /** @returns the file in every backup whose archive is there, newest first; 40 backups at most */
  async versions(site: Site, path: SitePath): Promise<Version[]> {
    const held = (await this.#parts.backups.held(site)).slice(0, mostVersions);
    const found: Version[] = [];
    const hashes = new Map<string, string>();
    let before: ZipEntry | undefined;
    for (const backup of held.toReversed()) {
      const look = ([one]: readonly [LookedUp]) => this.#version(one, path, hashes);
      // One that cannot be read now says nothing of the others.
      const version = await this.#inside(site, [backup], look).catch(unlessOfTheArchive);
      if (!version) continue;
      const { entry, sha256 } = version;
      const [size, modifiedAt] = [entry?.size ?? 0, entry?.modifiedAt ?? 0];
      const change = found.length === 0 && entry ? 'oldest' : changeOf(before, entry);
      found.push({ backup, change, size, modifiedAt, sha256 });
      before = entry;
    }
    return found.reverse();
  }

  /** Equal sizes and checksums are equal contents here: both come from archives of this site that were read back. */
  async #version({ archive }: LookedUp, path: SitePath, hashes: Map<string, string>) {
    const entry = await archive.find(path.join('/'));
    if (entry?.kind !== 'file') return { entry: undefined, sha256: '' };
    const content = contentOf(entry);
    const sha256 = hashes.get(content) ?? (await manifestMember(archive, path.join('/')))?.sha256 ?? '';
    hashes.set(content, sha256);
    return { entry, sha256 };
  }

  /** @returns the text of a file of a backup, or why it is not shown */
  text(site: Site, backup: Backup, path: SitePath): Promise<string | 'too_big' | 'no_text'> {
    return this.#inside(site, [backup], async ([{ archive }]) => {
      const entry = await archive.find(path.join('/'));
      if (entry?.kind !== 'file') throw notFound();
      if (entry.size > mostCompared) return 'too_big';
      return decoded(await whole(await archive.open(entry)))?.text ?? 'no_text';
    });
  }

  /** @returns the text as it stands in the site now; undefined where there is none */
  async liveText(site: Site, path: SitePath): Promise<string | 'too_big' | 'no_text' | undefined> {
    if (path[0] !== 'www' || path.length < 2) return undefined;
    const found = await this.#parts.files.editor.open(site, path).catch(whenMissing);
    return found === undefined || typeof found === 'string' ? found : found.text;
  }

  /**
   * @param kind of these changes alone
   * @returns 200 changes of a page, how many there are of that kind, and the counts of all
   */
  changes(
    site: Site,
    { before, after }: { before: Backup; after: Backup },
    { kind, page }: { kind: ChangeKind | undefined; page: number },
  ): Promise<{ counts: ChangeCounts; changes: readonly Change[]; total: number }> {
    return this.#inside(site, [before, after], async ([old, now]) => {
      const changes: Change[] = [];
      let total = 0;
      const found = (change: Change) => {
        if (kind !== undefined && change.kind !== kind) return;
        total++;
        if (total > (page - 1) * rowsOfPage && total <= page * rowsOfPage) changes.push(change);
      };
      const counts = await compare({ before: old.archive, after: now.archive }, { found });
      return { counts, changes, total };
    });
  }

  /** @returns what was counted once, right after the backup was read back; undefined for the first one, and before that */
  compared(site: Site, backup: Backup): Promise<Compared | undefined> {
    return this.#store.find(site, backup.id);
  }

  /** The job `browse.compare`: counts what differs from the good backup before, once. Nothing to compare with is nothing to do. */
  async compare(backupId: string, siteId: string, run: Pick<JobRun, 'signal'>): Promise<void> {
    const { sites, backups, connection, clock } = this.#parts;
    const site = await sites.byId(siteId);
    const held = await backups.held(site);
    const at = held.findIndex(({ id }) => id === backupId);
    const [after, before] = [held[at], at < 0 ? undefined : held.slice(at + 1).find(({ verifiedAt }) => verifiedAt !== null)];
    if (!after || !before || (await this.#store.find(site, backupId))) return;
    const counts = await this.#read(site, [before, after], ([old, now]) =>
      compare({ before: old.archive, after: now.archive }, { signal: run.signal }),
    ).catch(unlessOfTheArchive);
    if (!counts) return;
    await connection.write((tx) =>
      this.#store.add(tx, site, { backupId, beforeId: before.id, comparedAt: clock.now(), ...counts }),
    );
  }

  #inside<const B extends readonly Backup[], T>(site: Site, backups: B, work: (looked: Each<B>) => Promise<T>): Promise<T> {
    return this.#lane.run(() => this.#read(site, backups, work), site.customerId);
  }

  async #read<const B extends readonly Backup[], T>(site: Site, backups: B, work: (looked: Each<B>) => Promise<T>): Promise<T> {
    const looked: LookedUp[] = [];
    try {
      for (const backup of backups) looked.push(await this.#parts.backups.lookUp(site, backup));
      return await work(looked as unknown as Each<B>);
    } catch (cause) {
      throw cause instanceof DamagedArchive ? conflict('backups.refused.damaged') : cause;
    } finally {
      for (const one of looked) await one.close();
    }
  }
}

/** For each backup, the same opened. */
type Each<B extends readonly Backup[]> = { readonly [Index in keyof B]: LookedUp };

const contentOf = ({ size, crc }: ZipEntry) => `${size} ${crc}`;

function changeOf(before: ZipEntry | undefined, entry: ZipEntry | undefined): Version['change'] {
  if (!entry) return 'none';
  if (!before) return 'new';
  return contentOf(before) === contentOf(entry) ? 'same' : 'changed';
}

/** A folder that has no entry of its own is known by what lies in it. */
function insideOf({ name, kind, size, modifiedAt }: ZipEntry, folder: string): Inside {
  const [first = '', ...rest] = name.slice(folder === '' ? 0 : folder.length + 1).split('/');
  return rest.length > 0 ? { name: first, kind: 'folder', size: 0, modifiedAt } : { name: first, kind, size, modifiedAt };
}

function unlessOfTheArchive(error: unknown): undefined {
  if (error instanceof PanelError && error.key.startsWith('backups.refused.')) return undefined;
  throw error;
}

async function whole(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
