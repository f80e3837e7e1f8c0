// What comes into sites past the panel: judged within a minute, refused kinds taken out, scripts in upload folders told of (KHADA 7.4, 7.5).

import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Files } from '../files/files.ts';
import { type Clock, hour, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { FtpEvent } from '../platform/ftp-server/port.ts';
import type { Hands, JobRun, Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { ArrivalStore, type NewArrival } from './arrival-store.ts';
import { arrivedPath } from './arrived-path.ts';
import { FindingStore } from './finding-store.ts';
import { FullScan } from './full-scan.ts';
import { isMoving, Judging } from './judging.ts';
import { type Finding, fromRow, KeptFiles } from './kept-files.ts';
import { IncomingLetters } from './letters.ts';
import { StampCarrier } from './moved-stamps.ts';
import { FolderProtection } from './protection.ts';
import { ProtectionStore } from './protection-store.ts';
import { sweepParts } from './upload-parts.ts';
import { UploadWatch } from './upload-watch.ts';
import { WatchStore } from './watch-store.ts';
import { type WebServerChoices, WebServers } from './web-servers.ts';

export type { LikelyFolder } from './detection.ts';
export { type Finding, keptDays } from './kept-files.ts';
export type { FolderProtection, LastLook, Protection } from './protection.ts';
export { type WebServerChoices, type WebServerKind, webServerKinds } from './web-servers.ts';

export type IncomingParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly files: Files;
  readonly log: Log;
  /** web servers of this machine that are told of upload folders */
  readonly webServers: WebServerChoices;
};

const batchFiles = 200;
/** A long queue gives way to others after this: letters share its lane. */
const turnMilliseconds = 2000;

/** Errors: PanelError 503 when storage or database do not answer. */
export class Incoming {
  readonly #parts: IncomingParts;
  readonly #arrivals: ArrivalStore;
  readonly #findings: FindingStore;
  readonly #watched: WatchStore;
  readonly #watch: UploadWatch;
  readonly #letters: IncomingLetters;
  readonly #judging: Judging;
  /** files that were taken out of sites */
  readonly kept: KeptFiles;
  /** which folders take uploads only, and which should */
  readonly protection: FolderProtection;
  /** looks at every file of upload folders */
  readonly scan: FullScan;
  readonly webServers: WebServers;
  /** what is known of files, when their site goes to another server */
  readonly stamps: StampCarrier;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.#arrivals = new ArrivalStore(parts.connection);
    this.#findings = new FindingStore(parts.connection);
    this.#watched = new WatchStore(parts.connection);
    this.#watch = new UploadWatch(parts, this.#arrivals, this.#watched);
    this.#letters = new IncomingLetters(parts, this.#findings);
    const stores = { arrivals: this.#arrivals, findings: this.#findings, watched: this.#watched };
    this.stamps = new StampCarrier(stores, parts.clock);
    this.kept = new KeptFiles(parts, stores);
    const store = new ProtectionStore(parts.connection);
    this.webServers = new WebServers(parts, store, parts.webServers);
    this.protection = new FolderProtection(parts, store, this.webServers.areTold);
    this.#judging = new Judging(parts, stores, { kept: this.kept, letters: this.#letters });
    this.scan = new FullScan({ ...parts, store, judging: this.#judging, kept: this.kept });
  }

  /**
   * Has what an FTP server told of judged: events of one site, in any number, told again without harm. `stored` and `renamed` (a folder
   * with all that is in it), and `cutOff`, since a broken line may leave a file under its own name, which is then judged as it stands.
   * @throws PanelError 503 when it cannot be written down: tell it again
   */
  async took(events: FtpEvent | readonly FtpEvent[], site: Site): Promise<void> {
    const { connection, clock, log } = this.#parts;
    const home = await this.#homeOf(site);
    const now = clock.now();
    const arrivals: NewArrival[] = [];
    for (const { kind, path: told, user } of [events].flat()) {
      if (told === undefined || (kind !== 'stored' && kind !== 'renamed' && kind !== 'cutOff')) continue;
      const arrived = arrivedPath(told, home && told.startsWith(`${home}/`) ? home : guessedHome(told, site));
      if (arrived === 'outside') log.warn({ site: site.name, kind }, 'the FTP server told of a file outside the site');
      if (typeof arrived !== 'string') arrivals.push({ ...arrived, origin: 'ftp', userName: user, dueAt: now });
    }
    if (arrivals.length === 0) return;
    await connection.write(async (tx) => {
      await this.#arrivals.arrive(tx, site.id, arrivals, now);
      await this.#queueJudging(tx, site);
    });
  }

  /** A suspended site may lie elsewhere by now; what came in just before is judged all the same. */
  async #homeOf(site: Site): Promise<string | undefined> {
    return (await this.#parts.sites.homeOf(site).catch(whenMissing))?.folder;
  }

  #queueJudging(tx: Tx, { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>): Promise<void> {
    return this.#parts.queue.add(
      tx,
      'incoming.judge',
      { siteId, customerId },
      { key: `incoming.judge:${siteId}`, lane: 'short' },
    );
  }

  /** The job `incoming.judge`: judges what waits in one site, in turns. May be repeated, and broken off anywhere. */
  async judge(siteId: string, signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#parts;
    const site = await this.#siteOf(siteId);
    if (!site || site.terminatedAt !== null) return this.#arrivals.forgetArrivals(siteId);
    // What came in before goes along, and is judged where it lies then.
    if (site.frozenAt !== null) return;
    const until = clock.monotonic() + turnMilliseconds;
    while (!signal.aborted) {
      const due = await this.#arrivals.due(siteId, clock.now(), batchFiles);
      if (due.length === 0) return;
      try {
        await this.#judging.judge(site, due, signal);
      } catch (error) {
        // As above.
        if (isMoving(error)) return;
        throw error;
      }
      if (clock.monotonic() > until) return connection.write((tx) => this.#queueJudging(tx, site));
    }
  }

  /** Who does which job of this feature. Every body may run twice without harm. */
  hands(): Hands {
    const id = (run: JobRun) => String(run.payload.siteId);
    const own: Hands = {
      judge: (run) => this.judge(id(run), run.signal),
      scan: (run) => this.scan.run(id(run), run.signal),
      search: (run) => this.protection.search(id(run)),
      sweepParts: (run) => this.sweepParts(id(run), run.signal),
      tellServers: (run) => this.webServers.tell(id(run)),
      watch: async (run) => void (await this.watch(run.signal)),
    };
    return Object.fromEntries(Object.entries(own).map(([name, hand]) => [`incoming.${name}`, hand]));
  }

  /** What is due by the clock. @param nightly when every file was last to be looked at, by what time it is; both epoch milliseconds */
  appointments(nightly: (now: number) => number) {
    const own = [
      { name: 'keep', everyMilliseconds: minute / 2, keep: () => this.keep() },
      { name: 'startWatch', everyMilliseconds: minute / 3, keep: () => this.startWatch() },
      { name: 'startNightly', everyMilliseconds: minute, keep: (now: number) => this.scan.startNightly(nightly(now)) },
      { name: 'startSearches', everyMilliseconds: minute, keep: () => this.protection.startSearches() },
      { name: 'tellAll', everyMilliseconds: hour, keep: () => this.webServers.tellAll() },
      { name: 'sweep', everyMilliseconds: 5 * minute, keep: () => this.kept.sweep() },
    ];
    return own.map((one) => ({ ...one, name: `incoming.${one.name}` }));
  }

  /** By the clock: what is due again, what waited for a check that could not be made, and letters whose hour has come. */
  async keep(): Promise<void> {
    const { connection, clock } = this.#parts;
    for (const siteId of await this.#arrivals.sitesWithDue(clock.now(), 1000)) {
      const site = await this.#siteOf(siteId);
      if (!site) await this.#arrivals.forgetArrivals(siteId);
      else await connection.write((tx) => this.#queueJudging(tx, site));
    }
    for (const siteId of await this.#findings.sitesWaiting()) await this.kept.judgeWaiting(siteId);
    for (const siteId of await this.#findings.sitesUntold()) {
      const site = await this.#siteOf(siteId);
      if (site) await this.#letters.tell(site);
    }
  }

  #siteOf(siteId: string): Promise<Site | undefined> {
    return this.#parts.sites.byId(siteId).catch(whenMissing);
  }

  /** By the clock: has the job `incoming.watch` done, one round after the other. */
  async startWatch(): Promise<void> {
    const { connection, queue, sites } = this.#parts;
    const [first] = await sites.folders.sitesWithFolders('', 1);
    if (first === undefined) return;
    await connection.write((tx) => queue.add(tx, 'incoming.watch', {}, { key: 'incoming.watch:all', lane: 'short' }));
  }

  /** The job `incoming.watch`: sees what is new in upload folders, whatever way it came, and has it judged. @returns how many folders were looked at */
  watch(signal: AbortSignal): Promise<number> {
    return this.#watch.round(signal);
  }

  /** The job `incoming.sweepParts`: removes what uploads that broke off left in a site. May be repeated, and broken off anywhere. */
  async sweepParts(siteId: string, signal: AbortSignal): Promise<void> {
    const { clock, log, sites } = this.#parts;
    const site = await this.#siteOf(siteId);
    if (!site || site.openedAt === null || site.frozenAt !== null || site.terminatedAt !== null) return;
    const swept = await sweepParts(sites.storageFor(site), clock.now(), signal);
    if (swept.files > 0) log.info({ site: site.name, ...swept }, 'parts of FTP uploads that broke off were removed');
  }

  /** @returns what was refused or found in a site, newest first */
  async findings(site: Site, skip: number, count: number): Promise<Finding[]> {
    return (await this.#findings.page(site, skip, count)).map(fromRow);
  }

  /** @returns how many files were found that are still there and wait for the customer's word */
  open(site: Site): Promise<number> {
    return this.#findings.open(site.id);
  }

  /** @returns how much was refused or found in a site */
  total(site: Site): Promise<number> {
    return this.#findings.total(site);
  }
}

/** Where the site's folder must be, when it is not there to be asked. */
function guessedHome(told: string, { name }: Site): string {
  const at = told.indexOf(`/${name}/`);
  return at < 0 ? '/nowhere' : told.slice(0, at + 1 + name.length);
}
