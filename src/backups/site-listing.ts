// Everything below a site's www/, in the order in which it goes into an archive. Links are listed and never followed.
import { PanelError } from '../platform/errors.ts';
import { Spool } from '../platform/spool.ts';
import type { Entry, SiteLister, SiteStorage, SiteWalk } from '../platform/storage/port.ts';
import { type Row, rowText } from '../platform/storage/rows.ts';
import type { LeftOut, ManifestCounts } from './manifest.ts';
import { logEnds, withCompanions } from './sqlite-listing.ts';

/** `path` has its segments separated by `/` and begins with `www/`. */
export type Listed = Row;

/** What stands in a site, some of it at a time, as rows (`rowText`) in the order of the archive (`comparePaths`). */
export interface SiteListing {
  /** @returns whole rows; valid until the next are asked for */
  portions(): AsyncIterable<Uint8Array>;
  /** so far */
  readonly leftOut: readonly LeftOut[];
  /** how many files there are, and bytes in them: of a listing that is on its way as many as there were before, or as were found */
  readonly files: number;
  readonly bytes: number;
  close(): Promise<void>;
}

export const documentRoot = 'www';

export type ListingOrder = {
  readonly storage: SiteStorage;
  /** of a file that is not there, and is not there afterwards either */
  readonly spoolPath: string;
  /** what was in the site before: of many files the listing is on its way while the archive is made */
  readonly before?: Pick<ManifestCounts, 'files' | 'bytes'> | undefined;
  readonly signal: AbortSignal;
  /** called for every folder that was listed */
  readonly tell?: () => void;
};

/** Fewer are listed sooner than a thread begins. */
const worthAWalk = 2000;

/**
 * @throws PanelError 404 when the site has no `www/`, 503 when the storage does not answer: a backup of nothing must not look
 * like a backup. What vanishes or cannot be read further below is left out and said.
 */
export async function listSite(order: ListingOrder): Promise<SiteListing> {
  const { storage, before } = order;
  const walk = before && before.files >= worthAWalk ? await storage.walk([documentRoot], logEnds) : undefined;
  if (walk && before) return new WalkedListing(walk, storage, before);
  const spool = await Spool.open(order.spoolPath);
  const lister = storage.lister();
  try {
    return await listWith(lister, spool, order);
  } catch (cause) {
    await spool.close();
    throw cause;
  } finally {
    await lister.close();
  }
}

/** What a thread goes through while the archive is made. */
class WalkedListing implements SiteListing {
  readonly leftOut: LeftOut[] = [];
  readonly #walk: SiteWalk;
  readonly #storage: SiteStorage;
  readonly #before: Pick<ManifestCounts, 'files' | 'bytes'>;
  #found = { files: 0, bytes: 0 };
  #isEnd = false;

  constructor(walk: SiteWalk, storage: SiteStorage, before: Pick<ManifestCounts, 'files' | 'bytes'>) {
    this.#walk = walk;
    this.#storage = storage;
    this.#before = before;
  }

  get files(): number {
    return this.#isEnd ? this.#found.files : Math.max(this.#found.files, this.#before.files);
  }

  get bytes(): number {
    return this.#isEnd ? this.#found.bytes : Math.max(this.#found.bytes, this.#before.bytes);
  }

  async *portions(): AsyncGenerator<Uint8Array> {
    for (let portion = await this.#walk.next(); portion; portion = await this.#walk.next()) {
      const { files, bytes } = this.#found;
      this.#found = { files: files + portion.files, bytes: bytes + portion.bytes };
      for (const { path, cause } of portion.left) {
        const reason = cause === undefined ? 'special' : await whyLeftOut(this.#storage, cause);
        this.leftOut.push({ path, reason });
      }
      yield portion.rows;
    }
    this.#isEnd = true;
  }

  async close(): Promise<void> {
    await this.#walk.close();
  }
}

async function listWith(lister: SiteLister, spool: Spool, { storage, signal, tell }: ListingOrder): Promise<SiteListing> {
  await spool.append(rowText(documentRoot, await storage.stat([documentRoot])));
  const leftOut: LeftOut[] = [];
  let [files, bytes] = [0, 0];
  const folders = [new OpenFolder(lister, documentRoot, await sorted(lister, documentRoot))];
  for (let folder = folders.at(-1); folder; folder = folders.at(-1)) {
    signal.throwIfAborted();
    const entry = folder.entries.pop();
    if (!entry) {
      folders.pop();
      continue;
    }
    const path = `${folder.path}/${entry.name}`;
    if (entry.kind === 'other') leftOut.push({ path, reason: 'special' });
    else {
      const full = spool.append(rowText(path, entry));
      if (full !== undefined) await full;
    }
    if (entry.kind === 'file') {
      files++;
      bytes += entry.size;
    }
    if (entry.kind !== 'folder') continue;
    const entries = await folder.below(entry.name).catch((cause) => whyLeftOut(storage, cause));
    tell?.();
    if (typeof entries === 'string') leftOut.push({ path, reason: entries });
    else folders.push(new OpenFolder(lister, path, entries));
  }
  return { leftOut, files, bytes, portions: () => spool.portions(), close: () => spool.close() };
}

/** The order of `listSite` and so of every archive: names by their code units, a folder right before what is in it. */
export function comparePaths(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let at = 0;
  while (at < most && one.charCodeAt(at) === other.charCodeAt(at)) at++;
  if (at === most) return one.length - other.length;
  const rank = (path: string) => (path[at] === '/' ? -1 : path.charCodeAt(at));
  return rank(one) - rank(other);
}

/** Of so many entries a folder is that the next ones are not listed before their turn: they may be as large. */
const mostBeforeAhead = 1000;
/** Opening a folder is waiting for the disk's thread several times, so the next ones are opened while one is looked at. */
const listedAhead = 2;
/** Folders are looked for among so many entries, or a folder of files would be searched for each. */
const lookedAtAhead = 50;

/** A folder whose entries are taken one by one, the last first. */
class OpenFolder {
  readonly path: string;
  readonly entries: Entry[];
  readonly #lister: SiteLister;
  readonly #coming = new Map<string, Promise<Entry[]>>();
  #mayLead = true;

  constructor(lister: SiteLister, path: string, entries: Entry[]) {
    this.#lister = lister;
    this.path = path;
    this.entries = entries;
  }

  /** @returns what stands in one of its folders, which was just taken */
  async below(name: string): Promise<Entry[]> {
    const listing = this.#coming.get(name) ?? sorted(this.#lister, `${this.path}/${name}`);
    this.#coming.delete(name);
    this.#listAhead();
    const entries = await listing;
    if (entries.length > mostBeforeAhead) this.#mayLead = false;
    return entries;
  }

  #listAhead(): void {
    const last = Math.max(0, this.entries.length - lookedAtAhead);
    for (let at = this.entries.length - 1; this.#mayLead && at >= last && this.#coming.size < listedAhead; at--) {
      const entry = this.entries[at];
      if (entry?.kind !== 'folder' || this.#coming.has(entry.name)) continue;
      const listing = sorted(this.#lister, `${this.path}/${entry.name}`);
      listing.catch(() => {}); // it is asked for in its turn, or something else was thrown before
      this.#coming.set(entry.name, listing);
    }
  }
}

/** Last name first, so that taking from the end gives the order of names: the same files always make the same order. */
async function sorted(lister: SiteLister, path: string): Promise<Entry[]> {
  const entries = withCompanions(await lister.list(path.split('/')));
  return entries.sort((a, b) => (a.name < b.name ? 1 : -1));
}

/**
 * A fault of one file is left out and said; a storage that does not answer at all must end the backup.
 * @throws the cause, when it is not about this one file
 */
export async function whyLeftOut(storage: SiteStorage, cause: unknown): Promise<'gone' | 'unreadable'> {
  if (cause instanceof PanelError && (cause.status === 404 || cause.status === 409)) return 'gone';
  const ofTheSystem = cause instanceof Error && 'code' in cause && typeof cause.code === 'string';
  if (!(cause instanceof PanelError) && !ofTheSystem) throw cause;
  await storage.stat([documentRoot]).catch(() => {
    throw cause;
  });
  return 'unreadable';
}
