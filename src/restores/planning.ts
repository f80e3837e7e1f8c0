// What a restore would do, before anything is done: what comes, what goes, what stays, and how much room that takes.
import { createHash } from 'node:crypto';
import type { Backup, ManifestMember } from '../backups/backups.ts';
import type { Database, Databases } from '../databases/databases.ts';
import { fullName, longestName } from '../databases/databases.ts';
import { isScriptName } from '../files/files.ts';
import type { Clock } from '../platform/clock.ts';
import { localStamp } from '../platform/clock.ts';
import { PanelError } from '../platform/errors.ts';
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import { areaOf, type MarkedFolder, type Site, type Sites } from '../sites/sites.ts';
import { Chosen, chosenMembers, documentRoot, liveEntries } from './choosing.ts';
import { type Compared, compare, type LiveEntry } from './comparing.ts';
import { type RestoreSource, type Sources, sizesOf } from './source.ts';
import { type Beside, besideDatabases, notExchanged } from './sqlite-beside.ts';
import {
  type Amount,
  type Plan,
  type PlannedDatabase,
  type RestoreItem,
  type RestoreOrder,
  type Verdict,
  verdicts,
} from './states.ts';

export type PlanningParts = {
  readonly sources: Sources;
  readonly databases: Databases;
  readonly sites: Sites;
  readonly clock: Clock;
  readonly choices: { readonly timeZone: string };
};

/** What is to be planned. `undoes`: databases go back to what an earlier restore put aside. */
export type Planned = RestoreOrder & { readonly undoes?: readonly PlannedDatabase[] };

/** A plan with what of it is exchanged as a whole. */
export type WholePlan = Plan & { readonly items: readonly RestoreItem[]; readonly chosen: readonly string[] };

/** of each kind */
const mostShown = 100;
/** Files of the same size and another time are read and compared, up to so many and so much; what is beyond is written anew. */
const mostRead = { files: 2000, bytes: 64 * 1024 * 1024 };

/** @returns what was chosen, as paths of the archive; none where only databases were */
export function chosenPaths({ scope, paths }: Pick<RestoreOrder, 'scope' | 'paths'>): string[] {
  if (scope === 'db') return [];
  return scope === 'all' ? [documentRoot] : paths.map((path) => path.join('/'));
}

export class Planning {
  readonly #parts: PlanningParts;

  constructor(parts: PlanningParts) {
    this.#parts = parts;
  }

  /** @throws PanelError 404, 409, 410, 503 as `Sources.open` and the site's storage throw them; DamagedArchive */
  async plan(site: Site, backup: Backup, order: Planned): Promise<WholePlan> {
    const open = await this.#parts.sources.open(site, backup, new AbortController().signal);
    try {
      const tally = new Tally(backup, order, await this.#parts.sites.folders.list(site));
      const chosen = new Chosen(chosenPaths(order));
      const held = order.dest === 'new_folder' ? [] : (await open.manifest()).databases;
      const beside = await besideDatabases(this.#parts.sites.storageFor(site), held, chosen);
      if (chosen.tops.length > 0) await this.#files(site, open, { order, chosen, tally, beside });
      const databases = order.undoes ?? (await this.#databases(site, open, order));
      const own = order.dest === 'new_folder' ? [] : await this.#items(site, order, chosen, tally);
      const going = notExchanged(beside, own);
      for (const one of going) tally.alsoGoes(one, chosen.has(one.path));
      // What only goes is first: wherever it stops, no database has the log of another beside it.
      const items = [...going.map(({ path }) => ({ path, comes: false })), ...own].sort(goingFirst);
      return tally.plan({ databases, items, chosen });
    } finally {
      await open.close();
    }
  }

  async #files(
    site: Site,
    open: RestoreSource,
    { order, chosen, tally, beside }: { order: Planned; chosen: Chosen; tally: Tally; beside: readonly Beside[] },
  ): Promise<void> {
    const members = chosenMembers((await open.manifest()).members, chosen);
    const storage = this.#parts.sites.storageFor(site);
    const live = order.dest === 'new_folder' ? nothing() : liveEntries(storage, chosen);
    for await (const one of compare(members, live, { mode: order.mode, isSame: sameness(storage, beside) })) tally.add(one);
  }

  /**
   * Of `keep_new` every path that changes; of `exact` what was chosen. All of a site is one exchange where `www` itself can change
   * places; where it belongs to root (a site with a system user of its own), what stands in it does.
   */
  async #items(site: Site, order: Planned, chosen: Chosen, tally: Tally): Promise<RestoreItem[]> {
    if (order.mode === 'keep_new') return tally.items;
    const comes = (path: string) => tally.archived.has(path);
    const isThere = (path: string) => comes(path) || tally.standing.has(path);
    if (chosen.tops[0] !== documentRoot) return chosen.tops.filter(isThere).map((path) => ({ path, comes: comes(path) }));
    const { user } = await this.#parts.sites.homeOf(site);
    if (user === undefined) return [{ path: documentRoot, comes: true }];
    return [...tally.children].map((path) => ({ path, comes: comes(path) }));
  }

  async #databases(site: Site, open: RestoreSource, order: RestoreOrder): Promise<PlannedDatabase[]> {
    if (order.scope === 'paths') return [];
    const { databases, clock, choices } = this.#parts;
    const wanted = new Set(order.databases);
    const own = await databases.dumping.of(site);
    const names = new Set(own.map(({ name }) => name));
    const stamp = localStamp(clock.now(), choices.timeZone).slice(4, 8);
    const planned: PlannedDatabase[] = [];
    const held = (await open.manifest()).databases;
    const sizes = await sizesOf(
      open,
      held.map(({ path }) => path),
    );
    for (const { name, engine, path, tables, rows } of held) {
      if ((order.scope === 'db' && !wanted.has(name)) || engine === 'sqlite') continue;
      const there = own.find((one) => one.name === name && one.engine === engine);
      const target = order.dest === 'in_place' ? inPlace(site, name, there, names) : aside(site, name, stamp, names);
      names.add(target.into);
      planned.push({ name, engine, member: path, bytes: sizes.get(path) ?? 0, tables, rows, ...target });
    }
    return planned;
  }
}

const goingFirst = (one: RestoreItem, other: RestoreItem) => Number(one.comes) - Number(other.comes);

type Target = Pick<PlannedDatabase, 'databaseId' | 'into'>;

function inPlace(site: Site, name: string, there: Database | undefined, taken: ReadonlySet<string>): Target {
  if (there) return { databaseId: there.id, into: there.name };
  return aside(site, name, '', taken);
}

/** The first name that is free: `shop` → `shop_1122`, and so on. */
function aside(site: Site, name: string, stamp: string, taken: ReadonlySet<string>): Target {
  const own = name.startsWith(`${site.name}_`) ? name.slice(site.name.length + 1) : 'restored';
  const stem = /^[a-z][a-z0-9_]*$/.test(own) ? own : 'restored';
  for (let count = 1; ; count++) {
    const ending = [stamp, count === 1 ? '' : String(count)].filter((part) => part !== '').map((part) => `_${part}`);
    const into = fullName(site.name, stem.slice(0, longestName - ending.join('').length) + ending.join(''));
    if (!taken.has(into)) return { databaseId: null, into };
  }
}

async function* nothing(): AsyncGenerator<LiveEntry> {}

/** A stamp vouches for the very state that was saved; a time does not, since programs can set it. */
function sameness(
  storage: SiteStorage,
  beside: readonly Beside[],
): (member: ManifestMember, live: LiveEntry) => Promise<boolean> {
  const logged = new Set(beside.map(({ database }) => database));
  let [files, bytes] = [0, 0];
  return async (member, { path, entry }) => {
    if (logged.has(path)) return false;
    if (member.stamp !== '' && member.stamp === entry.stamp) return true;
    files += 1;
    bytes += entry.size;
    if (files > mostRead.files || bytes > mostRead.bytes) return false;
    return (await digestOf(storage, path)) === member.sha256;
  };
}

/** @returns undefined for what cannot be read: it is written anew then */
async function digestOf(storage: SiteStorage, path: string): Promise<string | undefined> {
  try {
    const { stream } = await storage.open(path.split('/'));
    const hash = createHash('sha256');
    for await (const piece of stream) hash.update(piece);
    return hash.digest('hex');
  } catch (error) {
    if (error instanceof PanelError) return undefined;
    throw error;
  }
}

class Tally {
  readonly items: RestoreItem[] = [];
  /** what was chosen and the children of `www`, as far as the archive has them, and the site */
  readonly archived = new Set<string>();
  readonly standing = new Set<string>();
  readonly children = new Set<string>();
  readonly #order: Planned;
  readonly #marked: readonly MarkedFolder[];
  readonly #digest = createHash('sha256');
  readonly #counts = Object.fromEntries(verdicts.map((verdict) => [verdict, { files: 0, bytes: 0 }])) as Record<
    Verdict,
    { files: number; bytes: number }
  >;
  readonly #first = Object.fromEntries(verdicts.map((verdict) => [verdict, []])) as unknown as Record<Verdict, string[]>;
  readonly #staged = { files: 0, bytes: 0 };
  readonly #tops: ReadonlySet<string>;
  #growth = 0;
  #scripts = 0;

  constructor(backup: Backup, order: Planned, marked: readonly MarkedFolder[]) {
    this.#order = order;
    this.#marked = marked;
    this.#tops = new Set(chosenPaths(order));
    const { scope, dest, mode } = order;
    this.#digest.update(JSON.stringify([backup.id, backup.sha256, scope, dest, mode, [...this.#tops].sort()]));
  }

  add({ path, verdict, member, live, isTop }: Compared): void {
    const isChild = path.indexOf('/') === path.lastIndexOf('/') && path.includes('/');
    if (isChild) this.children.add(path);
    if (isChild || this.#tops.has(path)) {
      if (member) this.archived.add(path);
      if (live) this.standing.add(path);
    }
    if (isTop && this.#order.mode === 'keep_new') this.items.push({ path, comes: member !== undefined });
    this.#weigh(verdict, member, live);
    if (verdict === 'kept' || verdict === 'unchanged') return;
    this.#digest.update(`${verdict}\0${path}\n`);
    const kind = member?.kind ?? live?.kind;
    if (kind !== 'folder' && this.#first[verdict].length < mostShown) this.#first[verdict].push(path);
    const segments = path.split('/');
    if (member?.kind === 'file' && areaOf(segments, this.#marked).kind === 'upload' && isScriptName(segments)) this.#scripts += 1;
  }

  /** Goes with what comes, whatever the mode. @param wasSeen it was compared, and so counted as kept */
  alsoGoes({ path, entry }: Beside, wasSeen: boolean): void {
    if (wasSeen) {
      this.#counts.kept.files -= 1;
      this.#counts.kept.bytes -= entry.size;
    }
    this.add({ path, verdict: 'deleted', member: undefined, live: entry, isTop: false });
  }

  #weigh(verdict: Verdict, member: ManifestMember | undefined, live: Entry | undefined): void {
    const bytes = member?.size ?? live?.size ?? 0;
    if ((member?.kind ?? live?.kind) !== 'folder') {
      this.#counts[verdict].files += 1;
      this.#counts[verdict].bytes += bytes;
    }
    const isStaged = member && (verdict !== 'unchanged' || this.#order.mode === 'exact' || this.#order.dest === 'new_folder');
    if (isStaged && member.kind !== 'folder') {
      this.#staged.files += 1;
      this.#staged.bytes += member.size;
    }
    if (verdict === 'new') this.#growth += bytes;
    if (verdict === 'deleted') this.#growth -= bytes;
    if (verdict === 'overwritten') this.#growth += (member?.size ?? 0) - (live?.size ?? 0);
  }

  plan({
    databases,
    items,
    chosen,
  }: {
    databases: readonly PlannedDatabase[];
    items: readonly RestoreItem[];
    chosen: Chosen;
  }): WholePlan {
    for (const { name, into, databaseId } of databases) this.#digest.update(`database\0${name}\0${into}\0${databaseId}\n`);
    const isThere = (path: string) => this.archived.has(path) || this.standing.has(path);
    return {
      hash: this.#digest.digest('hex'),
      counts: this.#counts satisfies Record<Verdict, Amount>,
      first: this.#first,
      databases,
      missing: chosen.tops.filter((path) => !isThere(path)),
      scripts: this.#scripts,
      staged: this.#staged,
      growth: this.#growth,
      items,
      chosen: chosen.tops,
    };
  }
}
