// One batch of arrivals: each judged as it stands now, what is refused taken out of the site, and one that fails stops none of the others.

import { type Files, isScript } from '../files/files.ts';
import type { Clock } from '../platform/clock.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { SitePath, SiteReader, SiteStorage } from '../platform/storage/port.ts';
import { type Area, areaOf, type MarkedFolder, type Site } from '../sites/sites.ts';
import type { Arrival, Judged, NewArrival } from './arrival-store.ts';
import { mayBe } from './arrived-path.ts';
import type { NewFinding } from './finding-store.ts';

/** What a batch came to, to be written in one transaction. */
export type Outcome = {
  readonly judged: Judged[];
  readonly again: Arrival[];
  /** what lies in folders that arrived as a whole, and files that are spelled alike */
  readonly inside: NewArrival[];
  readonly findings: NewFinding[];
  /** arrivals whose file was taken out of the site */
  readonly taken: string[];
};

export type BatchParts = {
  readonly site: Site;
  readonly storage: SiteStorage;
  readonly marked: readonly MarkedFolder[];
  readonly files: Pick<Files, 'standing' | 'held'>;
  /** whether the customer was told of this file as it is, or it was there before its folder was marked */
  readonly isKnown: (path: SitePath, stamp: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
};

type Said = { readonly code: string; readonly parameters: Readonly<Record<string, string | number>> };
type Standing = { readonly stamp: string; readonly size: number };

/** Nothing is known against it yet. */
const waiting: Said = { code: 'waiting', parameters: {} };

export class ArrivalBatch {
  /** scripts in upload folders that are told of now, as they stand */
  readonly scripts: { readonly path: SitePath; readonly stamp: string }[] = [];
  readonly outcome: Outcome = { judged: [], again: [], inside: [], findings: [], taken: [] };
  readonly #parts: BatchParts;
  readonly #reader: SiteReader;
  /** names in folders in which files may be spelled otherwise, read once a batch */
  readonly #names = new Map<string, readonly string[]>();

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#reader = parts.storage.reader();
  }

  /** Folder by folder, which is quickest to read. */
  async judge(arrivals: readonly Arrival[], signal: AbortSignal): Promise<Outcome> {
    try {
      for (const arrival of arrivals.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
        if (signal.aborted) break;
        await this.#one(arrival).catch((error) => {
          this.#warn(error, 'a file that came in could not be judged');
          this.outcome.again.push(arrival);
        });
      }
      return this.outcome;
    } finally {
      await this.#reader.close();
    }
  }

  async #one(arrival: Arrival): Promise<void> {
    const { site, files } = this.#parts;
    const path = arrival.path.split('/');
    // Taken out by a process that died before it could write that down.
    if ((await files.held.size(site.id, arrival.id)) !== undefined) return this.#keepTaken(arrival, path);
    const [meant, ...alike] = arrival.is_respelled === 1 ? await this.#meant(path) : [path];
    // Each file its own row, and by that its own id before anything is taken out.
    if (meant && alike.length > 0) for (const each of [meant, ...alike]) this.#inside(arrival, each);
    const stamp = meant && alike.length === 0 ? await this.#judgeOne(arrival, meant) : undefined;
    this.outcome.judged.push({ arrival, stamp });
  }

  async #keepTaken(arrival: Arrival, path: SitePath): Promise<void> {
    const bytes = (await this.#parts.files.held.size(this.#parts.site.id, arrival.id)) ?? 0;
    this.#found(arrival, { id: arrival.id, path, bytes }, 'refused', waiting);
    this.outcome.taken.push(arrival.id);
  }

  /** @returns the stamp of a file in an upload folder that may stay */
  async #judgeOne(arrival: Arrival, path: SitePath): Promise<string | undefined> {
    const { files, marked } = this.#parts;
    const area = areaOf(path, marked);
    const judgement = await files.standing
      .judge(this.#reader, path, area)
      .catch((error) => this.#notJudged(error, arrival, path, area));
    if (!judgement) return undefined;
    const { entry, refusal, partly } = judgement;
    if (refusal && arrival.origin === 'ftp') return void (await this.#takeOut(arrival, path, entry, refusal));
    if (refusal) await this.#tellOf(arrival, { path, area }, entry, refusal);
    else if (partly && arrival.origin === 'ftp')
      this.#found(arrival, { path, bytes: entry.size }, 'noted', { code: 'partly', parameters: {} });
    return area.kind === 'upload' ? entry.stamp : undefined;
  }

  /** What is not there needs no judging; what cannot be judged is no better than refused where the whole policy holds. */
  async #notJudged(
    error: unknown,
    arrival: Arrival,
    path: SitePath,
    area: Area,
  ): Promise<{ entry: Standing; refusal: Said; partly?: true } | undefined> {
    const status = error instanceof PanelError ? error.status : 0;
    const entry = await this.#parts.storage.stat(path).catch(whenMissing);
    if (entry?.kind === 'folder') return void (await this.#goInto(arrival, path));
    if (!entry) return void (await this.#takeHidden(arrival, path));
    if (entry.kind !== 'file') return undefined;
    if (status === 404 || status === 409 || area.kind === 'program' || arrival.origin === 'found') throw error;
    this.#warn(error, 'a file that came in waits in quarantine until it can be judged');
    return { entry, refusal: waiting };
  }

  /** A process may have died while it took the file out: then it lies hidden in its folder, under the arrival's id. */
  async #takeHidden(arrival: Arrival, path: SitePath): Promise<void> {
    const { site, storage, files } = this.#parts;
    const taken = files.held.take(site.id, arrival.id, { storage, path, stamp: undefined });
    if (await taken.then(() => true).catch(whenMissing)) await this.#keepTaken(arrival, path);
  }

  async #goInto(arrival: Arrival, path: SitePath): Promise<void> {
    for (const { name, kind } of await this.#parts.storage.list(path))
      if (kind === 'file' || kind === 'folder') this.#inside(arrival, [...path, name]);
  }

  #inside({ origin, user_name: userName }: Arrival, path: SitePath): void {
    this.outcome.inside.push({ path, origin, userName, isRespelled: false, dueAt: this.#parts.clock.now() });
  }

  /** Under the arrival's id, which is written down already: whoever dies here is followed up by it. */
  async #takeOut(arrival: Arrival, path: SitePath, entry: Standing, refusal: Said): Promise<void> {
    const { site, storage, files } = this.#parts;
    await files.held.take(site.id, arrival.id, { storage, path, stamp: entry.stamp });
    this.#found(arrival, { id: arrival.id, path, bytes: entry.size }, 'refused', refusal);
    this.outcome.taken.push(arrival.id);
  }

  /** Ways other than FTP are the site's own programs: what they wrote is told of and left, since something may rely on it. */
  async #tellOf(
    arrival: Arrival,
    { path, area }: { readonly path: SitePath; readonly area: Area },
    entry: Standing,
    refusal: Said,
  ): Promise<void> {
    const inside = area.kind === 'upload' ? path.slice(area.folder.length) : path.slice(-1);
    if (!isScript(inside, refusal) || (await this.#parts.isKnown(path, entry.stamp))) return;
    this.#found(arrival, { path, bytes: entry.size, stamp: entry.stamp }, 'found', refusal);
  }

  #found(
    { user_name }: Arrival,
    file: { readonly id?: string; readonly path: SitePath; readonly bytes: number; readonly stamp?: string },
    kind: NewFinding['kind'],
    { code, parameters }: Said,
  ): void {
    const now = this.#parts.clock.now();
    // What waits to be judged, and what was let in, is on the page; a letter would tell of nothing to be done.
    const told_at = code === 'waiting' || kind === 'noted' ? 0 : null;
    this.outcome.findings.push({
      ...{ id: file.id ?? newId(now), kind, path: file.path.join('/'), bytes: file.bytes, user_name },
      ...{ code, parameters: JSON.stringify(parameters), found_at: now, told_at, stamp: file.stamp ?? null },
    });
    if (file.stamp) this.scripts.push({ path: file.path, stamp: file.stamp });
  }

  /** @returns every path that the server may have meant: names are shown in NFC, and of two that look alike one with a number */
  async #meant(path: SitePath): Promise<SitePath[]> {
    let paths: SitePath[] = [[]];
    for (const segment of path) {
      const next: SitePath[] = [];
      for (const folder of paths) {
        if (/^[\x20-\x7e]*$/.test(segment)) next.push([...folder, segment]);
        else for (const name of await this.#namesIn(folder)) if (mayBe(name, segment)) next.push([...folder, name]);
      }
      paths = next;
    }
    return paths;
  }

  async #namesIn(folder: SitePath): Promise<readonly string[]> {
    const key = folder.join('/');
    const known = this.#names.get(key);
    if (known) return known;
    const entries = (await this.#parts.storage.list(folder).catch(whenMissing)) ?? [];
    const names = entries.map(({ name }) => name).filter((name) => !/^[\x20-\x7e]*$/.test(name));
    this.#names.set(key, names);
    return names;
  }

  #warn(error: unknown, what: string): void {
    this.#parts.log.warn({ err: error, site: this.#parts.site.name }, what);
  }
}
