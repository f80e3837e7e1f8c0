// The long work of a backup: making its archive. It may be killed at any moment and run again.
import { systemActor } from '../audit/audit.ts';
import { hour, localStamp, minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { ZipLookup } from '../platform/zip/lookup.ts';
import type { Site } from '../sites/sites.ts';
import { type WrittenArchive, writeArchive } from './archive.ts';
import type { ArchivedDatabase } from './archive-databases.ts';
import type { BackupsParts } from './backups.ts';
import type { PreviousArchive } from './carry-over.ts';
import { type Failures, reasonOf } from './failures.ts';
import type { Keeping } from './keeping.ts';
import { checkHead } from './manifest-bytes.ts';
import type { NightStore } from './night-store.ts';
import type { Nights } from './nights.ts';
import { Progress } from './progress.ts';
import { isReadAnew } from './reading-anew.ts';
import { type Backup, isOpen, keyOf, mostLeftOut } from './states.ts';
import type { BackupStore, Change } from './store.ts';
import { OutOfTime, TimeLimit } from './time-limit.ts';

/** Good archives that are tried as the base for carrying over, newest first. */
export const mostBases = 3;
/** Who finds too many under way asks again then; who ends gives out places at once. */
const laterMilliseconds = minute;
/** A site that hangs once may have been restarted; one that hangs twice is told of. */
const hangingAttempts = 2;

type Rooms = {
  readonly store: BackupStore;
  readonly failures: Failures;
  readonly keeping: Keeping;
  readonly nights: Nights;
  readonly nightStore: NightStore;
};

export class Making {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #failures: Failures;
  readonly #keeping: Keeping;
  readonly #nights: Nights;
  readonly #nightStore: NightStore;

  constructor(parts: BackupsParts, { store, failures, keeping, nights, nightStore }: Rooms) {
    this.#parts = parts;
    this.#store = store;
    this.#failures = failures;
    this.#keeping = keeping;
    this.#nights = nights;
    this.#nightStore = nightStore;
  }

  /** See `Backups.make`. */
  async make(backupId: string, run: JobRun): Promise<void> {
    const waiting = await this.#store.anyById(backupId);
    if (!waiting || !isOpen(waiting)) return;
    const site = await this.#parts.sites.byId(waiting.siteId);
    if (site.terminatedAt !== null)
      return void (await this.#change(waiting, { state: 'missing', reason: 'backups.reason.closed' }));
    // Before the row takes another name: killed right after that, nobody would know what the last attempt has left. A storage that
    // does not answer says so to the attempt itself.
    if (waiting.fileName) await this.#parts.archives.unstage(keyOf(site, waiting)).catch(() => {});
    const backup = await this.#begin(waiting, site);
    if (!backup) return;
    try {
      await this.#removeLeavings(site, [waiting.fileName, backup.fileName]);
      await this.#inTime(backup, site, run);
    } catch (error) {
      await this.#attemptFailed(backup, site, error, run);
      throw error;
    } finally {
      // A place is free. The timetable would give it out within a minute.
      await this.#nights.feed().catch((error) => this.#parts.log.warn({ err: error }, 'a place of the night was not given out'));
    }
  }

  /** What hangs is given up, and what still hangs in it then commits nothing. */
  #inTime(backup: Backup, site: Site, run: JobRun): Promise<void> {
    const { clock, choices, silentMilliseconds = 10 * minute } = this.#parts;
    const limit = new TimeLimit(clock, { silentMilliseconds, totalMilliseconds: choices.backupHours * hour });
    return limit.of((signal) =>
      this.#write(backup, site, { signal: AbortSignal.any([run.signal, signal]), news: () => limit.news() }),
    );
  }

  #change(seen: Backup, change: Change): Promise<boolean> {
    return this.#parts.connection.write((tx) => this.#store.change(tx, seen, change));
  }

  /** Takes the row for one attempt and gives it a name nobody had. @returns undefined when another worker took it */
  async #begin(waiting: Backup, site: Site): Promise<Backup | undefined> {
    const { connection, clock, choices } = this.#parts;
    const now = clock.now();
    const stamp = `${site.name}-${localStamp(now, choices.timeZone)}`;
    let isOver = false;
    const begun = await connection.write(async (tx) => {
      const verdict = await this.#nights.judge(tx, waiting, site);
      isOver = verdict === 'over';
      if (verdict === 'later') await this.#addLater(tx, waiting, now + laterMilliseconds);
      if (verdict !== 'begin') return false;
      const file_name = freeName(stamp, await this.#store.namesLike(tx, waiting, stamp));
      // Each attempt has its own time, by which a worker that was thought dead notices that its row went on without it.
      const started_at = Math.max(now, (waiting.startedAt ?? 0) + 1);
      const fresh = { step: 'listing', files_done: 0, files_total: 0, reason: null } as const;
      return this.#store.change(tx, waiting, { state: 'running', started_at, data_at: now, moved_at: now, file_name, ...fresh });
    });
    if (isOver) await this.#nights.over(waiting, site);
    return begun ? this.#store.anyById(waiting.id) : undefined;
  }

  /** A job of the same key: while this one runs one more may wait. */
  async #addLater(tx: Tx, { id, customerId, actorPersonId }: Backup, runAt: number): Promise<void> {
    const options = { key: `backups.make:${id}`, lane: 'long', runAt } as const;
    await this.#parts.queue.add(tx, 'backups.make', { backupId: id, customerId, actorPersonId }, options);
  }

  /** An attempt that was killed after its archive was complete, but before the row said so, left an archive that nobody vouches for. */
  async #removeLeavings(site: Site, names: readonly (string | null)[]): Promise<void> {
    for (const name of new Set(names)) if (name) await this.#parts.archives.remove(`${site.name}/${name}`);
  }

  async #write(backup: Backup, site: Site, { signal, news }: { signal: AbortSignal; news(): void }): Promise<void> {
    const { archives, sites, choices, clock, log, signing } = this.#parts;
    const key = keyOf(site, backup);
    const progress = new Progress({ clock, signal, write: (change) => this.#change(backup, change) });
    const base = await this.#base(backup, site);
    const staged = await archives.stage(key).catch(async (cause) => {
      await base?.release();
      throw cause;
    });
    try {
      // A file that stays closed is told as left out; a night without any backup would be worse.
      await sites
        .mend(site)
        .catch((error) => log.warn({ backup: backup.id, err: error }, 'files closed to the panel stay closed'));
      await sites.presence.refuseVanished(site);
      const written = await writeArchive({
        storage: sites.storageFor(site),
        siteName: site.name,
        target: staged.path,
        previous: base?.archive,
        databases: () => this.#databasesOf(site),
        signing,
        at: backup.dataAt ?? clock.now(),
        zone: choices.timeZone,
        signal: progress.signal,
        progress: (step, done, total) => {
          news();
          progress.report(step, done, total);
        },
      });
      await progress.end();
      progress.signal.throwIfAborted();
      await staged.commit();
      if (!(await this.#made(backup, written, base === undefined))) await archives.remove(key);
    } finally {
      await progress.end();
      await staged.discard();
      await base?.release();
    }
  }

  async #databasesOf(site: Site): Promise<ArchivedDatabase[]> {
    const { dumping } = this.#parts.databases;
    return (await dumping.of(site)).map((database) => ({
      name: database.name,
      engine: database.engine,
      write: (into, signal) => dumping.write(database, into, { signal, compare: true }),
    }));
  }

  /**
   * The newest good archive that is still there. None while the newest outcome is a damaged one: what it took over may be what
   * was damaged, so everything is read anew; and none once in four weeks.
   */
  async #base(backup: Backup, site: Site): Promise<{ archive: PreviousArchive; release(): Promise<void> } | undefined> {
    if (await this.#isReadAnew(backup, site)) return undefined;
    const good = await this.#store.good(site, mostBases);
    const damaged = await this.#store.inStates(site, ['damaged']);
    if (damaged.some((one) => (one.dataAt ?? 0) >= (good[0]?.dataAt ?? 0))) return undefined;
    for (const backup of good) {
      const local = await this.#parts.archives.local(keyOf(site, backup)).catch(() => undefined);
      if (!local) continue;
      const archive = await readable(local.path);
      const release = async () => {
        await archive?.close();
        await local.release();
      };
      if (archive) return { archive: { path: local.path, archive }, release };
      await local.release();
    }
    return undefined;
  }

  async #isReadAnew({ kind, day }: Backup, site: Site): Promise<boolean> {
    if (kind !== 'nightly') return false;
    const now = this.#parts.clock.now();
    return isReadAnew(site.id, { night: day, now, readAt: await this.#nightStore.readWholeAt(site, now) });
  }

  async #made(backup: Backup, written: WrittenArchive, isWhole: boolean): Promise<boolean> {
    const { connection, clock, audit } = this.#parts;
    const { manifest, bytes, sha256, carriedFiles } = written;
    const { files, folders, databases, bytes: original_bytes } = manifest.counts;
    const list = written.databases.map(({ path: _, ...database }) => database);
    const left_out = JSON.stringify(manifest.leftOut.slice(0, mostLeftOut));
    const inside = { files, folders, databases, original_bytes, left_out, database_list: JSON.stringify(list) };
    const counts = { ...inside, shrunk: null, files_done: 0, files_total: files, read_whole: isWhole ? 1 : 0 };
    return connection.write(async (tx) => {
      const change = { state: 'made', made_at: clock.now(), bytes, sha256, step: null, ...counts } as const;
      if (!(await this.#store.change(tx, backup, change))) return false;
      const details = { bytes, sha256, files, databases, carriedFiles, leftOut: manifest.leftOut.length };
      await audit.record(tx, { action: 'backups.made', ...about(backup), details });
      await this.#keeping.queueVerification(tx, backup);
      return true;
    });
  }

  async #attemptFailed(backup: Backup, site: Site, error: unknown, run: JobRun): Promise<void> {
    const { log } = this.#parts;
    const reason = reasonOf(error);
    const isLast = run.lastAttempt || (error instanceof OutOfTime && run.attempt >= hangingAttempts);
    try {
      // A worker that is asked to stop has not failed: the job is given back, and another worker begins anew.
      if (run.signal.aborted) await this.#change(backup, { state: 'queued', step: null });
      else if (isLast) await this.#failures.record(backup, site, { state: 'failed', reason });
      else await this.#change(backup, { state: 'queued', step: null, reason });
    } catch (cause) {
      log.warn({ backup: backup.id, err: cause }, 'the failure of a backup could not be noted');
    }
  }
}

const about = ({ id, siteId, customerId }: Backup) => ({ actor: systemActor, customerId, siteId, subjectId: id });

/** @returns it opened, where its directory and its manifest begin as ours do: of a million members reading them twice would count */
async function readable(path: string): Promise<ZipLookup | undefined> {
  let archive: ZipLookup | undefined;
  try {
    archive = await ZipLookup.open(path);
    await checkHead(archive);
    return archive;
  } catch {
    await archive?.close();
    return undefined;
  }
}

function freeName(stamp: string, taken: ReadonlySet<string | null>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? `${stamp}.zip` : `${stamp}-${count}.zip`;
    if (!taken.has(name)) return name;
  }
}
