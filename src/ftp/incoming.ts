// What comes into sites past the panel: judged within a minute, refused kinds taken out, scripts in upload folders told of (KHADA 7.4, 7.5).

import type { Accounts } from '../accounts/accounts.ts';
import { type Audit, systemActor } from '../audit/audit.ts';
import type { Files } from '../files/files.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { FtpEvent } from '../platform/ftp-server/port.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { ArrivalBatch } from './arrival-judging.ts';
import { type Arrival, ArrivalStore, type NewArrival } from './arrival-store.ts';
import { arrivedPath } from './arrived-path.ts';
import { type FindingRow, FindingStore } from './finding-store.ts';
import { IncomingLetters } from './incoming-letters.ts';
import { type Finding, fromRow, KeptFiles } from './kept-files.ts';
import { UploadWatch } from './upload-watch.ts';
import { WatchStore } from './watch-store.ts';

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
  /** files that were taken out of sites */
  readonly kept: KeptFiles;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.#arrivals = new ArrivalStore(parts.connection);
    this.#findings = new FindingStore(parts.connection);
    this.#watched = new WatchStore(parts.connection);
    this.#watch = new UploadWatch(parts, this.#arrivals, this.#watched);
    this.#letters = new IncomingLetters(parts, this.#findings);
    this.kept = new KeptFiles(parts, { findings: this.#findings, arrivals: this.#arrivals, watched: this.#watched });
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

  #queueJudging(tx: Parameters<Queue['add']>[0], { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>): Promise<void> {
    return this.#parts.queue.add(tx, 'ftp.judge', { siteId, customerId }, { key: `ftp.judge:${siteId}`, lane: 'short' });
  }

  /** The job `ftp.judge`: judges what waits in one site, in turns. May be repeated, and broken off anywhere. */
  async judge(siteId: string, signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#parts;
    const site = await this.#siteOf(siteId);
    if (!site || site.terminatedAt !== null) return this.#arrivals.forgetArrivals(siteId);
    const until = clock.monotonic() + turnMilliseconds;
    while (!signal.aborted) {
      const due = await this.#arrivals.due(siteId, clock.now(), batchFiles);
      if (due.length === 0) return;
      await this.#judgeBatch(site, due, signal);
      if (clock.monotonic() > until) return connection.write((tx) => this.#queueJudging(tx, site));
    }
  }

  async #judgeBatch(site: Site, due: readonly Arrival[], signal: AbortSignal): Promise<void> {
    const { connection, clock, sites, files, log, audit } = this.#parts;
    const marked = await sites.folders.list(site);
    const isKnown = (path: readonly string[], stamp: string) => this.#watched.isKnown(site.id, path, stamp);
    const batch = new ArrivalBatch({ site, storage: sites.storageFor(site), marked, files, isKnown, clock, log });
    const { judged, again, inside, findings, taken } = await batch.judge(due, signal);
    const now = clock.now();
    await connection.write(async (tx) => {
      await this.#findings.find(tx, site, findings);
      await this.#arrivals.close(tx, judged, now);
      await this.#arrivals.renew(tx, taken, now);
      await this.#arrivals.retry(tx, again, now);
      await this.#arrivals.arrive(tx, site.id, inside, now);
      await this.#watched.know(tx, site.id, batch.scripts);
      const about = { actor: systemActor, customerId: site.customerId, siteId: site.id };
      const count = (kind: FindingRow['kind']) =>
        findings.filter((finding) => finding.kind === kind && finding.told_at === null).length;
      const [refused, found] = [count('refused'), count('found')];
      if (refused > 0) await audit.record(tx, { action: 'ftp.filesRefused', ...about, details: { count: refused } });
      if (found > 0) await audit.record(tx, { action: 'ftp.scriptsFound', ...about, details: { count: found } });
      // What came by FTP is in no count yet; one count waits at a time, and a minute gathers what else comes.
      await sites.queueCount(tx, site, now + minute);
    });
    if (findings.length === 0) return;
    await this.kept.keepWithinQuota(site);
    await this.#letters.tell(site);
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

  /** By the clock: has the job `ftp.watch` done, one round after the other. */
  async startWatch(): Promise<void> {
    const { connection, queue, sites } = this.#parts;
    const [first] = await sites.folders.sitesWithFolders('', 1);
    if (first === undefined) return;
    await connection.write((tx) => queue.add(tx, 'ftp.watch', {}, { key: 'ftp.watch:all', lane: 'short' }));
  }

  /** The job `ftp.watch`: sees what is new in upload folders, whatever way it came, and has it judged. @returns how many folders were looked at */
  watch(signal: AbortSignal): Promise<number> {
    return this.#watch.round(signal);
  }

  /** @returns what was refused or found in a site, newest first */
  async findings(site: Site, skip: number, count: number): Promise<Finding[]> {
    return (await this.#findings.page(site, skip, count)).map(fromRow);
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
