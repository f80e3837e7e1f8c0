// The door of backups: made every night and on request, read back, kept, and handed to their owner (KHADA 7.6).
import type { Readable } from 'node:stream';
import type { Actor } from '../audit/audit.ts';
import { conflict, gone, notFound, PanelError, unavailable } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { ArchiveReader } from '../platform/storage/archive-reader.ts';
import type { ByteRange } from '../platform/storage/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import { Bringing } from './bringing.ts';
import type { BackupDay } from './calendar.ts';
import { Checking } from './checking.ts';
import { daysOf, lastDays } from './days.ts';
import { Drills } from './drills.ts';
import { Failures } from './failures.ts';
import { type BackupFigures, backupFigures } from './figures.ts';
import { type Downloader, Grants, type Note } from './grants.ts';
import { type LookedUp, lookUp, OpenBackup, standing } from './inside.ts';
import { Keeping } from './keeping.ts';
import { Making } from './making.ts';
import { NightStore } from './night-store.ts';
import { Nights } from './nights.ts';
import { type BackupCard, type BackupList, Overview, type ServiceDay } from './overview.ts';
import type { BackupsParts } from './parts.ts';
import { Rechecking } from './rechecking.ts';
import { Safety } from './safety.ts';
import { type SizeDay, shownDays } from './sizes.ts';
import { Starting } from './starting.ts';
import { type Backup, type DownloadableBackup, downloadableStates, isDownloadable, isFailed, keyOf } from './states.ts';
import { BackupStore } from './store.ts';
import { TakingBack } from './taking-back.ts';
import { momentOf } from './words.ts';

export { type BackupDay, dayCell } from './calendar.ts';
export { everOf } from './ever.ts';
export type { Downloader } from './grants.ts';
export { type LookedUp, type ManifestMember, type ManifestSource, OpenBackup, type ZipEntry } from './inside.ts';
export { type ManifestDatabase, manifestName, memberIn, namedIn, parseManifest } from './manifest.ts';
export { manifestLines, manifestMember } from './manifest-search.ts';
export { type NightLine, type NightReport, planBy } from './night-report.ts';
export type { BackupCard, ServiceDay } from './overview.ts';
export type { BackupsParts } from './parts.ts';
export { comparePaths } from './site-listing.ts';
export { type Backup, type DownloadableBackup, goodStates, isDownloadable, isGood } from './states.ts';
export { momentOf } from './words.ts';

/**
 * A site's backups from the queue to the download (KHADA 7.6). Only what was read back and compared counts as good; what is not the
 * given site's answers PanelError 404, as if it did not exist.
 */
export class Backups {
  /** that backups can be restored is tried, for every site at least monthly */
  readonly drills: Drills;
  /** when which site has its turn */
  readonly nights: Nights;
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #keeping: Keeping;
  readonly #making: Making;
  readonly #checking: Checking;
  readonly #reader: ArchiveReader;
  readonly #overview: Overview;
  readonly #grants: Grants;
  readonly #starting: Starting;
  /** what was there before a restore */
  readonly safety: Safety;
  /** archives that had gone and that a tier gives back */
  readonly takingBack: TakingBack;
  /** archives of ours that their owner kept */
  readonly bringing: Bringing;
  /** reading one back once more */
  readonly rechecking: Rechecking;

  constructor(parts: BackupsParts) {
    this.#parts = parts;
    this.#store = new BackupStore(parts.connection);
    const failures = new Failures(parts, this.#store);
    this.#keeping = new Keeping(parts, { store: this.#store, failures });
    const rooms = { store: this.#store, keeping: this.#keeping, failures, nightStore: new NightStore(parts.connection) };
    this.nights = new Nights(parts, rooms);
    this.#making = new Making(parts, { ...rooms, nights: this.nights });
    this.#checking = new Checking(parts, rooms);
    this.drills = new Drills(parts, { store: this.#store, failures });
    this.#starting = new Starting(parts, { store: this.#store });
    this.safety = new Safety({ store: this.#store, making: this.#making, checking: this.#checking, starting: this.#starting });
    this.bringing = new Bringing(parts, { store: this.#store, keeping: this.#keeping });
    this.rechecking = new Rechecking(parts, { store: this.#store, failures });
    this.takingBack = new TakingBack(parts, { store: this.#store, keeping: this.#keeping });
    this.#reader = new ArchiveReader(parts.archives);
    this.#overview = new Overview(parts, this.#store);
    this.#grants = new Grants(parts);
  }

  /**
   * A backup that a person asked for, at most as many a local day as the order has, failed ones not counted.
   * @returns the backup's id
   * @throws Invalid `backups.limitReached`, PanelError 409 `backups.alreadyRunning` or `backups.notOpen`
   */
  makeNow(site: Site, actor: Actor, once?: Once): Promise<string> {
    return this.#starting.now(site, actor, once);
  }

  /** Ends one that a person asked for and that waits or is being made. @throws PanelError 409 `backups.stop.over` for any other */
  stop(site: Site, backup: Backup, actor: Actor, once?: Once): Promise<void> {
    return this.#starting.stop(site, backup, actor, once);
  }

  /** @returns how many more backups may be made by hand today, and how many a day */
  allowance(site: Site): Promise<{ left: number; limit: number }> {
    return this.#starting.allowance(site);
  }

  /**
   * For the operator at a terminal: makes and checks a backup at once, whatever the limit; it does not count for the customer.
   * @returns the file's name
   * @throws PanelError 409 `backups.alreadyRunning`; what keeps it from being made
   */
  async runNow(site: Site): Promise<string> {
    const id = await this.#starting.forOperator(site);
    const run = { payload: {}, attempt: 1, lastAttempt: true, signal: new AbortController().signal };
    await this.make(id, run);
    await this.verify(id, run);
    const { state, fileName, reason } = await this.byId(site, id);
    if (isFailed({ state }) || !fileName) throw new PanelError(503, reason ?? 'backups.reason.unknown');
    return fileName;
  }

  /**
   * For a move: has a backup made, whatever the limit; it does not count for the customer.
   * @returns the id of the one that is under way, or that begins now
   */
  ensure(site: Site): Promise<string> {
    return this.#starting.ensure(site);
  }

  /** Shows the newest good backup in the customer's `backup/`, where the site lies now; without one nothing is done. */
  show(site: Site): Promise<void> {
    return this.#checking.show(site);
  }

  /**
   * The job `backups.make`: writes the archive aside, then row, audit and the job that reads it back in one transaction. Killed at
   * any moment it begins anew; nothing unfinished is ever visible. The last failing attempt is told to the customer's owner.
   */
  make(backupId: string, run: JobRun): Promise<void> {
    return this.#making.make(backupId, run);
  }

  /**
   * The job `backups.verify`: reads the whole archive back; *verified*, *warned* (something was unreadable, or changed while it was read),
   * *shrunken* (half or less of the good one before) or *damaged*. Then the newest good one is shown in `backup/`, and retention runs.
   */
  verify(backupId: string, run: JobRun): Promise<void> {
    return this.#checking.verify(backupId, run);
  }

  /**
   * Retention of every site; a site that fails is logged and the next one follows. Also has checked what waits for it too long,
   * and looks whether every archive is still there in its size: one that is not becomes *damaged*.
   */
  retainAll(): Promise<void> {
    return this.#keeping.retainAll();
  }

  /** Removes archives that the policy does not keep, never the last good one; their rows stay as *expired*. */
  retain(site: Site): Promise<void> {
    return this.#keeping.retain(site);
  }

  /** Figures of all sites, for the operator. */
  counts(): Promise<BackupFigures> {
    return backupFigures(this.#parts);
  }

  /** @returns the good backup with the newest data */
  async latestGood(site: Site): Promise<Backup | undefined> {
    return (await this.#store.good(site, 1))[0];
  }

  /** @throws PanelError 404, also when it is a backup of another site */
  async byId(site: Site, id: string): Promise<Backup> {
    const backup = await this.#store.byId(site, id);
    if (!backup) throw notFound();
    return backup;
  }

  /** Newest first, 30 a page. @throws PanelError 404 when there is no such page */
  list(site: Site, { page }: { page: number }): Promise<BackupList> {
    return this.#overview.list(site, page);
  }

  /** @param month `YYYY-MM` @returns every day of it */
  month(site: Site, month: string): Promise<BackupDay[]> {
    return this.#overview.days(site, daysOf(month));
  }

  /** @returns all backups of a local day, oldest first */
  ofDay(site: Site, day: string): Promise<Backup[]> {
    return this.#store.between(site, day, day);
  }

  /** @returns sizes of the last 90 days, one a day that has a backup which was read back, oldest first */
  sizes(site: Site): Promise<SizeDay[]> {
    return this.#store.sizes(site, lastDays(this.#overview.today(), shownDays)[0] ?? '');
  }

  /** How many days and weeks of backups are kept. */
  get kept(): { daily: number; weekly: number } {
    const { keepDaily: daily, keepWeekly: weekly } = this.#parts.choices;
    return { daily, weekly };
  }

  /**
   * @returns for each of the last days, oldest first, how many sites had a nightly backup and of how many it was read back and
   * found right; up to a minute old
   */
  serviceBand(days: number): Promise<readonly ServiceDay[]> {
    return this.#overview.service(days);
  }

  /** @returns bytes of the site's archives that are kept; they are in no quota */
  keptBytes(site: Site): Promise<number> {
    return this.#store.keptBytes(site);
  }

  /** Everything that the dashboard shows; amber from 26 hours, red from 50, after two failures in a row, or when the newest is damaged. */
  card(site: Site): Promise<BackupCard> {
    return this.#overview.card(site);
  }

  /** Whether this session may download the backup without a fresh sign-in. */
  isGranted(site: Site, backupId: string, downloader: Pick<Downloader, 'sessionHash' | 'personId'>): Promise<boolean> {
    return this.#grants.has(site, backupId, downloader);
  }

  /**
   * After a fresh sign-in: the grant of this session, with one audit row and one letter to who downloads, in one transaction.
   * Repeated, also at the same moment, it does nothing.
   * @param note writes the audit row instead, and is asked each time
   */
  grant(site: Site, backup: Backup, downloader: Downloader, note?: Note): Promise<void> {
    return this.#grants.add(site, backup, downloader, note);
  }

  /** Removes grants older than any session can be. @param before epoch milliseconds */
  sweepGrants(before: number): Promise<void> {
    return this.#grants.sweep(before);
  }

  /** @returns the backup itself. @throws PanelError 410 when it has expired, 409 when it is not made yet or is damaged */
  downloadable(backup: Backup): DownloadableBackup {
    const { state, fileName, sha256, bytes, madeAt } = backup;
    if (state === 'damaged') throw conflict('backups.refused.damaged');
    if (state === 'expired') throw gone('backups.refused.expired');
    if (!isDownloadable(backup) || fileName === null || sha256 === null || bytes === null || madeAt === null)
      throw conflict('backups.refused.notMade');
    return { ...backup, fileName, sha256, bytes, madeAt };
  }

  /**
   * @param range bytes, both inclusive, within the archive's size; without it all
   * @throws PanelError 409 or 410 as `downloadable`, 503 when the archive cannot be read now
   */
  async openArchive(site: Site, backup: Backup, range?: ByteRange): Promise<Readable> {
    const { fileName, bytes } = this.downloadable(backup);
    try {
      return await this.#reader.open({ key: keyOf(site, { fileName }), size: bytes }, range);
    } catch (error) {
      if (error instanceof PanelError && error.status === 404) throw unavailable('backups.refused.unreadable');
      throw error;
    }
  }

  /**
   * Opens a backup to look into it; close it afterwards.
   * @throws PanelError 409 or 410 as `downloadable`, 503 when the archive cannot be read now
   */
  async look(site: Site, backup: Backup): Promise<OpenBackup> {
    const { fileName, bytes } = this.downloadable(backup);
    return OpenBackup.of(this.#parts.archives, { key: keyOf(site, { fileName }), size: bytes });
  }

  /** As `look`, for single things: however large the archive is, it takes a megabyte of memory. @throws PanelError as `look` */
  async lookUp(site: Site, backup: Backup): Promise<LookedUp> {
    const { fileName, bytes } = this.downloadable(backup);
    return lookUp(this.#parts.archives, { key: keyOf(site, { fileName }), size: bytes });
  }

  /** @returns those whose archive may be downloaded, by the age of their data, newest first */
  async held(site: Site): Promise<Backup[]> {
    const found = await this.#store.inStates(site, downloadableStates);
    return found.filter(({ expiredAt }) => expiredAt === null).sort((one, other) => momentOf(other) - momentOf(one));
  }

  /** @returns where the archive lies, which is looked at but not opened: for who sends it without us. @throws PanelError as `look` */
  async keyOf(site: Site, backup: Backup): Promise<string> {
    const { fileName, bytes } = this.downloadable(backup);
    return standing(this.#parts.archives, { key: keyOf(site, { fileName }), size: bytes });
  }
}
