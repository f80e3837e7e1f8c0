// What was chosen below www/, and what of a site or of an archive belongs to it.
import type { ManifestMember } from '../backups/backups.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import type { LiveEntry } from './comparing.ts';

export const documentRoot = 'www';

/** A set of paths, each with everything below it. */
export class Chosen {
  /** none lies below another, in the order in which they were given */
  readonly tops: readonly string[];
  readonly #tops: ReadonlySet<string>;
  readonly #above: ReadonlySet<string>;

  constructor(paths: Iterable<string>) {
    const all = new Set(paths);
    this.tops = [...all].filter((path) => !above(path).some((folder) => all.has(folder)));
    this.#tops = new Set(this.tops);
    this.#above = new Set(this.tops.flatMap(above));
  }

  has(path: string): boolean {
    return this.#tops.has(path) || above(path).some((folder) => this.#tops.has(folder));
  }

  /** Whether something chosen may lie below the folder. */
  leadsTo(folder: string): boolean {
    return this.has(folder) || this.#above.has(folder);
  }
}

function above(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return folders;
}

/** @returns the chosen members, in the order of the archive */
export async function* chosenMembers(
  members: AsyncIterable<ManifestMember> | Iterable<ManifestMember>,
  chosen: Chosen,
): AsyncGenerator<ManifestMember> {
  for await (const member of members) if (chosen.has(member.path)) yield member;
}

/**
 * @returns what the site has of it now, in the order of archives: names by code units, a folder right before what is in it. What goes
 * meanwhile is left out
 * @throws PanelError 404 without a `www/`, 503
 */
export async function* liveEntries(storage: SiteStorage, chosen: Chosen): AsyncGenerator<LiveEntry> {
  const root = await storage.stat([documentRoot]);
  if (chosen.has(documentRoot)) yield { path: documentRoot, entry: root };
  const way: { path: string; rest: Entry[] }[] = [{ path: documentRoot, rest: await lastFirst(storage, documentRoot) }];
  for (let folder = way.at(-1); folder; folder = way.at(-1)) {
    const entry = folder.rest.pop();
    if (!entry) {
      way.pop();
      continue;
    }
    const path = `${folder.path}/${entry.name}`;
    if (chosen.has(path)) yield { path, entry };
    if (entry.kind === 'folder' && chosen.leadsTo(path)) way.push({ path, rest: await lastFirst(storage, path) });
  }
}

async function lastFirst(storage: SiteStorage, folder: string): Promise<Entry[]> {
  const entries = (await storage.list(folder.split('/')).catch(whenMissing)) ?? [];
  return entries.sort((one, other) => (one.name < other.name ? 1 : -1));
}
