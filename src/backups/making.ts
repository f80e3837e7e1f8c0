// The long work of a backup: make the archive, read it back, show it in the customer's backup/. Each part may be killed and run again.
import { systemActor } from '../audit/audit.ts';
import { localStamp } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { Site } from '../sites/sites.ts';
import { type WrittenArchive, writeArchive } from './archive.ts';
import type { ArchivedDatabase } from './archive-databases.ts';
import type { BackupsParts } from './backups.ts';
import type { PreviousArchive } from './carry-over.ts';
import { type Failures, reasonOf } from './failures.ts';
import type { Keeping } from './keeping.ts';
import { checkManifest, manifestIn } from './manifest.ts';
import { Progress } from './progress.ts';
import { type Shrunk, shrunkSince } from './shrinking.ts';
import { type Backup, isOpen, missingDatabases, mostLeftOut, needsWarning } from './states.ts';
import type { BackupStore, Change } from './store.ts';
import { verifyArchive } from './verification.ts';

/** Good archives that are tried as the base for carrying over, newest first. */
const mostBases = 3;

export class Making {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #failures: Failures;
  readonly #keeping: Keeping;

  constructor(parts: BackupsParts, { store, failures, keeping }: { store: BackupStore; failures: Failures; keeping: Keeping }) {
    this.#parts = parts;
    this.#store = store;
    this.#failures = failures;
    this.#keeping = keeping;
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
      await this.#write(backup, site, run);
    } catch (error) {
      await this.#attemptFailed(backup, site, error, run);
      throw error;
    }
  }

  #change(seen: Backup, change: Change): Promise<boolean> {
    return this.#parts.connection.write((tx) => this.#store.change(tx, seen, change));
  }

  /** Takes the row for one attempt and gives it a name nobody had. @returns undefined when another worker took it */
  async #begin(waiting: Backup, site: Site): Promise<Backup | undefined> {
    const { connection, clock, choices } = this.#parts;
    const now = clock.now();
    const stamp = `${site.name}-${localStamp(now, choices.timeZone)}`;
    const begun = await connection.write(async (tx) => {
      const file_name = freeName(stamp, await this.#store.namesLike(tx, waiting, stamp));
      // Each attempt has its own time, by which a worker that was thought dead notices that its row went on without it.
      const started_at = Math.max(now, (waiting.startedAt ?? 0) + 1);
      const fresh = { step: 'listing', files_done: 0, files_total: 0, reason: null } as const;
      return this.#store.change(tx, waiting, { state: 'running', started_at, data_at: now, moved_at: now, file_name, ...fresh });
    });
    return begun ? this.#store.anyById(waiting.id) : undefined;
  }

  /** An attempt that was killed after its archive was complete, but before the row said so, left an archive that nobody vouches for. */
  async #removeLeavings(site: Site, names: readonly (string | null)[]): Promise<void> {
    for (const name of new Set(names)) if (name) await this.#parts.archives.remove(`${site.name}/${name}`);
  }

  async #write(backup: Backup, site: Site, run: JobRun): Promise<void> {
    const { archives, sites, choices, clock, log, signing } = this.#parts;
    const key = keyOf(site, backup);
    const progress = new Progress({ clock, signal: run.signal, write: (change) => this.#change(backup, change) });
    const base = await this.#base(site);
    const staged = await archives.stage(key);
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
        progress: (step, done, total) => progress.report(step, done, total),
      });
      await progress.end();
      progress.signal.throwIfAborted();
      await staged.commit();
      if (!(await this.#made(backup, written))) await archives.remove(key);
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
   * was damaged, so everything is read anew.
   */
  async #base(site: Site): Promise<{ archive: PreviousArchive; release(): Promise<void> } | undefined> {
    const good = await this.#store.good(site, mostBases);
    const damaged = await this.#store.inStates(site, ['damaged']);
    if (damaged.some((one) => (one.dataAt ?? 0) >= (good[0]?.dataAt ?? 0))) return undefined;
    for (const backup of good) {
      const local = await this.#parts.archives.local(keyOf(site, backup)).catch(() => undefined);
      if (!local) continue;
      if (await isReadable(local.path)) return { archive: { path: local.path }, release: local.release };
      await local.release();
    }
    return undefined;
  }

  async #made(backup: Backup, written: WrittenArchive): Promise<boolean> {
    const { connection, clock, audit } = this.#parts;
    const { manifest, bytes, sha256, carriedFiles } = written;
    const { files, folders, databases, bytes: original_bytes } = manifest.counts;
    const list = written.databases.map(({ path: _, ...database }) => database);
    const left_out = JSON.stringify(manifest.leftOut.slice(0, mostLeftOut));
    const inside = { files, folders, databases, original_bytes, left_out, database_list: JSON.stringify(list) };
    const counts = { ...inside, shrunk: null, files_done: 0, files_total: files };
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
    try {
      // A worker that is asked to stop has not failed: the job is given back, and another worker begins anew.
      if (run.signal.aborted) await this.#change(backup, { state: 'queued', step: null });
      else if (run.lastAttempt) await this.#failures.record(backup, site, { state: 'failed', reason });
      else await this.#change(backup, { state: 'queued', step: null, reason });
    } catch (cause) {
      log.warn({ backup: backup.id, err: cause }, 'the failure of a backup could not be noted');
    }
  }

  /** See `Backups.verify`. */
  async verify(backupId: string, run: JobRun): Promise<void> {
    const backup = await this.#store.anyById(backupId);
    if (!backup) return;
    const site = await this.#parts.sites.byId(backup.siteId);
    if (backup.state === 'made') await this.#check(backup, site, run);
    if (site.terminatedAt !== null) return;
    // Also for one that was verified before: the last run may have been killed right after saying so.
    await this.show(await this.#parts.sites.byId(site.id));
    await this.#keeping.retain(site);
  }

  async #check(backup: Backup, site: Site, run: JobRun): Promise<void> {
    const { connection, clock, audit, queue, keepsTiers } = this.#parts;
    const damage = await this.#damage(backup, site, run);
    if (damage) return this.#failures.record(backup, site, { state: 'damaged', ...damage });
    const before = (await this.#store.good(site, mostBases)).find(({ dataAt }) => (dataAt ?? 0) < (backup.dataAt ?? 0));
    const fallen = before ? shrunkSince(before, backup) : [];
    const shrunk = fallen.length > 0 ? JSON.stringify(fallen) : null;
    const state = stateOf(backup, fallen);
    await connection.write(async (tx) => {
      const change = { state, shrunk, verified_at: clock.now(), step: null } as const;
      if (!(await this.#store.change(tx, backup, change))) return;
      await audit.record(tx, { action: 'backups.verified', ...about(backup) });
      const payload = { backupId: backup.id, siteId: backup.siteId, customerId: backup.customerId };
      await queue.add(tx, 'browse.compare', payload, { key: `browse.compare:${backup.id}`, lane: 'long' });
      if (!keepsTiers) return;
      const forTiers = { backupId: backup.id, customerId: backup.customerId };
      await queue.add(tx, 'tiers.keep', forTiers, { key: `tiers.keep:${backup.id}` });
    });
  }

  /** @returns why the archive is no good, undefined when every byte is right. @throws when it cannot be read now */
  async #damage(
    backup: Backup,
    site: Site,
    run: JobRun,
  ): Promise<{ reason: string; details?: { fault: string; faults: number } } | undefined> {
    const { archives, clock } = this.#parts;
    const local = await archives.local(keyOf(site, backup)).catch(whenMissing);
    if (!local) return { reason: 'backups.reason.lost' };
    const progress = new Progress({ clock, signal: run.signal, write: (change) => this.#change(backup, change) });
    const report = (done: number, total: number) =>
      progress.report('checking', Math.floor((backup.filesTotal * done) / Math.max(1, total)), backup.filesTotal);
    let reader: ZipReader | undefined;
    try {
      reader = await ZipReader.open(local.path);
      const manifest = await manifestIn(reader);
      const { signing } = this.#parts;
      const order = { sha256: backup.sha256 ?? '', manifest, signing, signal: progress.signal, progress: report };
      const outcome = await verifyArchive(local.path, order);
      if (outcome.ok) return undefined;
      return {
        reason: 'backups.reason.damaged',
        details: { fault: outcome.faults[0]?.fault ?? '', faults: outcome.faults.length },
      };
    } catch (error) {
      if (error instanceof DamagedArchive) return { reason: 'backups.reason.damaged', details: { fault: 'manifest', faults: 1 } };
      throw error;
    } finally {
      await progress.end();
      await reader?.close();
      await local.release();
    }
  }

  /** Puts the newest good backup into the customer's `backup/`, right above `www` (KHADA 7.6, slide 8-2). */
  async show(site: Site): Promise<void> {
    const { archives, sites } = this.#parts;
    const [newest] = await this.#store.good(site, 1);
    if (!newest?.fileName || !newest.sha256) return;
    const local = await archives.local(keyOf(site, newest));
    try {
      const checksum = checksumLine(newest.sha256, newest.fileName);
      await sites.showBackup(site, { name: newest.fileName, from: local.path, checksum });
    } finally {
      await local.release();
    }
  }
}

/** A database that is missing weighs most; what shrank weighs more than a log that was written to. The page tells all of it. */
function stateOf(backup: Backup, fallen: readonly Shrunk[]): 'verified' | 'warned' | 'shrunken' {
  if (missingDatabases(backup).length > 0) return 'warned';
  if (fallen.length > 0) return 'shrunken';
  return needsWarning(backup.leftOut) ? 'warned' : 'verified';
}

const about = ({ id, siteId, customerId }: Backup) => ({ actor: systemActor, customerId, siteId, subjectId: id });

/** @returns where the archive of a backup lies in the storage */
export function keyOf(site: Pick<Site, 'name'>, { fileName }: Pick<Backup, 'fileName'>): string {
  return `${site.name}/${fileName}`;
}

/** @returns the line of a checksum file, as `sha256sum -c` reads it */
export function checksumLine(sha256: string, fileName: string): string {
  return `${sha256}  ${fileName}\n`;
}

/** Whether the directory and the manifest of an archive are as they were written. */
async function isReadable(path: string): Promise<boolean> {
  try {
    const reader = await ZipReader.open(path);
    await checkManifest(reader).finally(() => reader.close());
    return true;
  } catch {
    return false;
  }
}

function freeName(stamp: string, taken: ReadonlySet<string | null>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? `${stamp}.zip` : `${stamp}-${count}.zip`;
    if (!taken.has(name)) return name;
  }
}
