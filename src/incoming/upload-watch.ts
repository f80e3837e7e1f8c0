// Sees what is new in upload folders, whatever way it came: by the stamps of folders, so that what has not changed is not read again.

import { isScriptName } from '../files/files.ts';
import { second } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import { areaOf, type MarkedFolder, type Site } from '../sites/sites.ts';
import type { ArrivalStore, NewArrival } from './arrival-store.ts';
import type { IncomingParts } from './incoming.ts';
import { isGrowing, isPartOfUpload } from './upload-parts.ts';
import type { WatchedFolder, WatchStore } from './watch-store.ts';

/** What comes by FTP is told by its server within this, and is then judged as that. */
const graceMilliseconds = 15 * second;
/** How often every file's stamp is compared, also in folders that look unchanged: content may change under an old name. */
const thoroughMilliseconds = 3600 * second;
const unsure = '?';

type Parts = Pick<IncomingParts, 'connection' | 'clock' | 'sites' | 'log'>;

/** One look at one site, gathered to be written at once. */
type Look = {
  readonly storage: SiteStorage;
  readonly marked: readonly MarkedFolder[];
  readonly before: ReadonlyMap<string, WatchedFolder>;
  readonly scripts: ReadonlyMap<string, string>;
  readonly isThorough: boolean;
  readonly seen: Set<string>;
  readonly folders: WatchedFolder[];
  readonly fresh: NewArrival[];
  readonly gone: string[];
};

export class UploadWatch {
  readonly #parts: Parts;
  readonly #arrivals: ArrivalStore;
  readonly #store: WatchStore;
  /** by site: when every file was last looked at, in `monotonic()`; a new process looks once more */
  readonly #thoroughAt = new Map<string, number>();

  constructor(parts: Parts, arrivals: ArrivalStore, store: WatchStore) {
    this.#parts = parts;
    this.#arrivals = arrivals;
    this.#store = store;
  }

  /** One round through every site that has an upload folder; a site that does not answer is passed over. */
  async round(signal: AbortSignal): Promise<number> {
    const { sites, log } = this.#parts;
    let looked = 0;
    for (let after = ''; ; ) {
      const ids = await sites.folders.sitesWithFolders(after, 100);
      for (const siteId of ids) {
        if (signal.aborted) return looked;
        const site = await sites.byId(siteId).catch(whenMissing);
        if (!site || site.openedAt === null || site.frozenAt !== null || site.terminatedAt !== null) continue;
        looked += await this.#look(site).catch((error) => {
          log.warn({ err: error, site: site.name }, 'the upload folders of a site could not be looked at');
          return 0;
        });
      }
      const last = ids.at(-1);
      if (last === undefined) return looked;
      after = last;
    }
  }

  async #look(site: Site): Promise<number> {
    const { connection, clock, sites } = this.#parts;
    const marked = await sites.folders.list(site);
    const [before, scripts] = [await this.#store.folders(site.id), await this.#store.scripts(site.id)];
    const lists = { seen: new Set<string>(), folders: [], fresh: [], gone: [] };
    const isThorough = clock.monotonic() - (this.#thoroughAt.get(site.id) ?? Number.NEGATIVE_INFINITY) >= thoroughMilliseconds;
    const look: Look = { storage: sites.storageFor(site), marked, before, scripts, isThorough, ...lists };
    for (const { path } of marked) await this.#lookInto(look, path);
    await this.#lookAtScripts(look);
    const outside = [...before.keys()].filter((path) => !look.seen.has(path));
    const { folders, fresh, gone } = look;
    // What is forgotten is judged as new when it comes back: not because a disk was away for a while.
    if (gone.length + outside.length > 0 || folders.some(({ stamp }) => stamp === '')) await sites.presence.refuseVanished(site);
    if (folders.length + fresh.length + gone.length + outside.length > 0)
      await connection.write(async (tx) => {
        await this.#arrivals.arrive(tx, site.id, fresh, clock.now());
        await this.#store.remember(tx, site.id, folders);
        await this.#store.forgetFolders(tx, site.id, outside);
        await this.#store.forgetScripts(tx, site.id, gone);
      });
    if (isThorough) this.#thoroughAt.set(site.id, clock.monotonic());
    return look.seen.size;
  }

  async #lookInto(look: Look, top: SitePath): Promise<void> {
    // What is there when a folder is marked is judged by the scan of that moment.
    const isFirst = !look.before.has(top.join('/'));
    const children = childrenOf(look.before);
    for (const rest: SitePath[] = [top]; ; ) {
      const path = rest.pop();
      if (!path) return;
      const key = path.join('/');
      if (look.seen.has(key)) continue;
      const entry = await look.storage.stat(path).catch(whenMissing);
      const known = look.before.get(key);
      if (entry?.kind !== 'folder') {
        // Remembered too: a folder that goes and comes again is not taken for one that was there before it was marked.
        if (path === top) look.seen.add(key);
        if (path === top && known?.stamp !== '') look.folders.push({ path: key, stamp: '', newest: 0 });
        continue;
      }
      look.seen.add(key);
      if (known?.stamp === entry.stamp && !look.isThorough) {
        rest.push(...(children.get(key) ?? []).map((name) => [...path, name]));
        continue;
      }
      const entries = (await look.storage.list(path).catch(whenMissing)) ?? [];
      rest.push(...entries.filter(({ kind }) => kind === 'folder').map(({ name }) => [...path, name]));
      const now = this.#parts.clock.now();
      const files = entries.filter((entry) => entry.kind === 'file' && !isGrowing(entry, now));
      this.#compare(look, path, files, { known, isFirst });
      const newest = Math.floor(files.reduce((latest, file) => Math.max(latest, changedAt(file)), known?.newest ?? 0));
      // A change in the same moment as this look leaves the stamp as it is; the second look that sees it is sure.
      const isSure = known?.stamp === entry.stamp || known?.stamp === `${unsure}${entry.stamp}`;
      if (known?.stamp !== entry.stamp || known.newest !== newest)
        look.folders.push({ path: key, stamp: isSure ? entry.stamp : `${unsure}${entry.stamp}`, newest });
    }
  }

  #compare(
    look: Look,
    folder: SitePath,
    files: readonly Entry[],
    { known, isFirst }: { readonly known: WatchedFolder | undefined; readonly isFirst: boolean },
  ): void {
    const base = areaOf(folder, look.marked);
    const depth = base.kind === 'upload' ? base.folder.length : folder.length;
    for (const file of files) {
      const path = [...folder, file.name];
      // What a program keeps there for itself is judged when it is new, not over and over.
      const runs = areaOf(path, look.marked).kind === 'upload' && isScriptName(path.slice(depth));
      // One that grows no more is older than what came after it.
      const isNew = isPartOfUpload(file) || changedAt(file) >= (known?.newest ?? 0);
      if (look.scripts.get(path.join('/')) === file.stamp) continue;
      if (!isFirst && (runs || isNew)) look.fresh.push(this.#arrival(path, file.stamp));
    }
  }

  #arrival(path: SitePath, stamp: string): NewArrival {
    const dueAt = this.#parts.clock.now() + graceMilliseconds;
    return { path, origin: 'found', userName: null, isRespelled: false, dueAt, stamp };
  }

  /** A known script may be written over in its place, which its folder does not show. */
  async #lookAtScripts(look: Look): Promise<void> {
    for (const [key, stamp] of look.scripts) {
      const path = key.split('/');
      const isWatched = look.marked.some(({ path: folder }) => folder.every((segment, at) => path[at] === segment));
      const entry = isWatched ? await look.storage.stat(path).catch(whenMissing) : undefined;
      if (!entry) look.gone.push(key);
      else if (entry.stamp !== stamp && entry.kind === 'file') look.fresh.push(this.#arrival(path, entry.stamp));
    }
  }
}

const changedAt = ({ changedAt: at, modifiedAt }: Entry) => Math.max(at ?? 0, modifiedAt);

/** @returns names of known folders by the folder they lie in */
function childrenOf(folders: ReadonlyMap<string, WatchedFolder>): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const key of folders.keys()) {
    const at = key.lastIndexOf('/');
    const siblings = children.get(key.slice(0, at));
    if (siblings) siblings.push(key.slice(at + 1));
    else children.set(key.slice(0, at), [key.slice(at + 1)]);
  }
  return children;
}
