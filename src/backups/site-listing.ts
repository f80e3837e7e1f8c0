// Everything below a site's www/, in the order in which it goes into an archive. Links are listed and never followed.
import { PanelError } from '../platform/errors.ts';
import type { Spool } from '../platform/spool.ts';
import type { Entry, SiteLister, SiteStorage } from '../platform/storage/port.ts';
import type { LeftOut } from './manifest.ts';
import { withCompanions } from './sqlite-listing.ts';

/** `path` has its segments separated by `/` and begins with `www/`. */
export type Listed = { readonly path: string; readonly entry: Entry };

/** `bytes`: of the files' contents */
export type SiteListing = { readonly leftOut: readonly LeftOut[]; readonly files: number; readonly bytes: number };

export const documentRoot = 'www';

/**
 * @param found takes everything in the order of the archive (`comparePaths`)
 * @param tell called for every folder that was listed
 * @throws PanelError 404 when the site has no `www/`, 503 when the storage does not answer: a backup of nothing must not look
 * like a backup. What vanishes or cannot be read further below is left out and said.
 */
export async function listSite(
  storage: SiteStorage,
  found: Spool<Listed>,
  signal: AbortSignal,
  tell: () => void = () => {},
): Promise<SiteListing> {
  const lister = storage.lister();
  try {
    return await listWith(lister, { storage, found, signal, tell });
  } finally {
    await lister.close();
  }
}

type Listing = {
  readonly storage: SiteStorage;
  readonly found: Spool<Listed>;
  readonly signal: AbortSignal;
  readonly tell: () => void;
};

async function listWith(lister: SiteLister, { storage, found, signal, tell }: Listing): Promise<SiteListing> {
  await found.append({ path: documentRoot, entry: await storage.stat([documentRoot]) });
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
      const full = found.append({ path, entry });
      if (full !== undefined) await full;
    }
    if (entry.kind === 'file') {
      files++;
      bytes += entry.size;
    }
    if (entry.kind !== 'folder') continue;
    const entries = await folder.below(entry.name).catch((cause) => whyLeftOut(storage, cause));
    tell();
    if (typeof entries === 'string') leftOut.push({ path, reason: entries });
    else folders.push(new OpenFolder(lister, path, entries));
  }
  return { leftOut, files, bytes };
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
