// Drills: that a backup can be restored is tried, for every site at least monthly, and said only then (KHADA 7.6).
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../audit/audit.ts';
import { second } from '../platform/clock.ts';
import { conflict, PanelError, unavailable, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { type DrillFigures, type DrillOutcome, type Dump, drill, type LoadableDatabase, type Loaded } from './drill.ts';
import { DrillPlanning, endedNow, folderName } from './drill-planning.ts';
import { type Drill, type DrillChange, DrillStore, type Uncovered } from './drill-store.ts';
import { type Failures, reasonOf } from './failures.ts';
import { type Backup, keyOf } from './states.ts';
import type { BackupStore } from './store.ts';
import { isDamage, unpackedBytes } from './unpacking.ts';

const tellMilliseconds = 15 * second;
/** Rows and indexes take more room than the text they are made from, and no more than this. */
const textTimes = 8;
const textFree = 64 * 1024 * 1024;
const reserveBytes = 1024 ** 3;

type Try = {
  readonly site: Site;
  readonly backup: Backup;
  readonly runId: string;
  readonly run: Pick<JobRun, 'signal' | 'lastAttempt'>;
  readonly signal: AbortSignal;
};
type Ending = {
  readonly outcome: 'proven' | 'failed' | 'postponed';
  readonly reason?: string | null;
  readonly figures?: DrillFigures;
};

export class Drills {
  readonly #parts: BackupsParts;
  readonly #store: DrillStore;
  readonly #backups: BackupStore;
  readonly #failures: Failures;
  readonly #planning: DrillPlanning;

  constructor(parts: BackupsParts, { store, failures }: { store: BackupStore; failures: Failures }) {
    this.#parts = parts;
    this.#store = new DrillStore(parts.connection);
    this.#backups = store;
    this.#failures = failures;
    this.#planning = new DrillPlanning(parts, this.#store);
  }

  /**
   * By the clock, every hour: queues drills of the sites whose turn it is, while no backup is under way. Each site's is due 28 days after
   * the last, and as soon as the engine or the dump program of its databases has another version; a few sites an hour, so that all have
   * had theirs within two weeks. Also removes what drills left that were killed.
   */
  plan(): Promise<void> {
    return this.#planning.plan();
  }

  /** @returns of how many open sites a backup was proven within 35 days, and those of which none was, the longest first */
  coverage(most: number): Promise<{ open: number; proven: number; uncovered: readonly Uncovered[] }> {
    return this.#planning.coverage(most);
  }

  /** For the operator at a terminal: a drill at once. @throws PanelError 409 while one is under way, and what keeps it from being made */
  async now(site: Site): Promise<Drill> {
    const { connection, clock } = this.#parts;
    if (!(await connection.write((tx) => this.#store.queue(tx, site, clock.now())))) throw conflict('backups.drillRunning');
    const run = { payload: {}, attempt: 1, lastAttempt: true, signal: new AbortController().signal };
    await this.prove(site.id, run);
    const drilled = await this.#store.of(site.id);
    if (!drilled) throw unavailable();
    return drilled;
  }

  /**
   * The job `backups.prove`: unpacks the site's newest good backup into an empty folder, compares every member there with the manifest,
   * loads each dump into a throw-away database and compares tables and rows. Then it is *proven* (one that is *warned* or *shrunken* stays
   * that, with the time), *damaged* (told to the owner), or *warned* where a dump is whole and cannot be loaded. May run twice.
   */
  async prove(siteId: string, run: JobRun): Promise<void> {
    const { connection, clock, sites } = this.#parts;
    const runId = newId(clock.now());
    if (!(await connection.write((tx) => this.#store.claim(tx, siteId, runId, clock.now())))) return;
    const site = await sites.byId(siteId);
    try {
      // What an attempt before has left that was killed.
      await this.#planning.sweep(siteId, await this.#store.of(siteId));
      const [backup] = site.terminatedAt === null ? await this.#backups.good(site, 1) : [];
      if (!backup) return await this.#end(siteId, runId, { outcome: 'postponed', reason: 'backups.reason.lost' });
      await this.#try({ site, backup, runId, run, signal: run.signal });
    } catch (error) {
      if (run.signal.aborted || !run.lastAttempt) throw error;
      await this.#end(siteId, runId, { outcome: 'postponed', reason: reasonOf(error) });
      throw error;
    }
  }

  async #try(one: Try): Promise<void> {
    const { archives, clock, connection } = this.#parts;
    const { site, backup, runId } = one;
    const { id: backup_id } = backup;
    await this.#change(one, { backup_id });
    const local = await archives.local(keyOf(site, backup)).catch(whenMissing);
    if (!local) return this.#end(site.id, runId, { outcome: 'postponed', reason: 'backups.reason.lost' });
    const lost = new AbortController();
    let toldAt = clock.monotonic();
    const tick = () => {
      if (clock.monotonic() - toldAt < tellMilliseconds) return;
      toldAt = clock.monotonic();
      const still = connection.write((tx) => this.#store.change(tx, site.id, runId, { moved_at: clock.now() }));
      still.then((isOurs) => isOurs || lost.abort(takenOver())).catch(() => {});
    };
    const signal = AbortSignal.any([one.signal, lost.signal]);
    const folder = join(this.#parts.drillsFolder, folderName(site.id, runId));
    try {
      if (!(await this.#makeRoom(folder, local.path)))
        return await this.#end(site.id, runId, { outcome: 'postponed', reason: 'backups.reason.noRoom' });
      const { signing } = this.#parts;
      const load = (database: LoadableDatabase, dump: Dump) => this.#load({ ...one, signal }, database, dump);
      const outcome = await drill({ archive: local.path, folder, signing, signal, tick, load });
      // Somebody who took over has removed what was compared: that is no damage.
      await this.#change(one, {});
      await this.#note(one, outcome);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await local.release();
    }
  }

  /** Makes the folder. @returns whether the disk has room for what the archive holds */
  async #makeRoom(folder: string, archive: string): Promise<boolean> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const needed = await bytesOf(archive);
    const { bavail, bsize, blocks } = await statfs(folder);
    return bavail * bsize - needed >= Math.min(reserveBytes, (blocks * bsize) / 20);
  }

  async #load(one: Try, database: LoadableDatabase, { from, bytes }: Dump): Promise<Loaded | undefined> {
    const { databases, clock } = this.#parts;
    const { site, signal } = one;
    const place = await databases.trying.place(site, database.engine, newId(clock.now()));
    if (!place) return undefined;
    // Written down before it is made: whoever comes after a kill finds it.
    await this.#change(one, { throw_aways: JSON.stringify([place]) });
    const tried = { from, signal, knownAs: database.name, maximumBytes: textTimes * bytes + textFree };
    try {
      return await databases.trying.load(place, tried);
    } finally {
      // Where its server is away now, the row still names it.
      const isGone = await databases.trying.drop(place).then(
        () => true,
        () => false,
      );
      if (isGone) await this.#change(one, { throw_aways: '[]' });
    }
  }

  async #change({ site, runId }: Try, change: DrillChange): Promise<void> {
    const { connection, clock } = this.#parts;
    const isOurs = await connection.write((tx) => this.#store.change(tx, site.id, runId, { ...change, moved_at: clock.now() }));
    if (!isOurs) throw takenOver();
  }

  async #note(one: Try, outcome: DrillOutcome): Promise<void> {
    const { site, backup, runId } = one;
    if (outcome.outcome === 'proven') return this.#proven(one, outcome.figures);
    const { reason, what } = outcome;
    // An engine that is shut down in the middle refuses as well: only what it refuses each time is said of the backup.
    if (outcome.outcome === 'unloadable' && !one.run.lastAttempt) throw new Error(`a dump could not be loaded: ${what}`);
    if (outcome.outcome === 'noServer') return this.#end(site.id, runId, { outcome: 'postponed', reason });
    if (outcome.outcome === 'damaged') await this.#failures.record(backup, site, { state: 'damaged', reason, details: { what } });
    else await this.#warn(one, reason, what);
    await this.#end(site.id, runId, { outcome: 'failed', reason });
  }

  /** The archive is as it was made, and good for a restore by hand; that the panel cannot load a part of it is told. */
  async #warn({ site, backup }: Try, reason: string, what: string): Promise<void> {
    const { connection, audit } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await this.#backups.change(tx, backup, { state: 'warned', reason }))) return;
      await audit.record(tx, { action: 'backups.unloadable', ...about(site, backup), details: { what } });
    });
  }

  async #proven(one: Try, figures: DrillFigures): Promise<void> {
    const { connection, clock, audit, databases } = this.#parts;
    const { site, backup, runId } = one;
    const now = clock.now();
    const used = new Set((await databases.dumping.of(site)).map(({ serverId }) => serverId));
    const tools = [...(await databases.dumping.tools())].filter(([id]) => used.has(id)).sort();
    const change = { proven_at: now, tools: JSON.stringify(Object.fromEntries(tools)) };
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, site.id, runId, { ...change, ...endedNow('proven', now), ...figures }))) return;
      const state = backup.state === 'verified' ? ({ state: 'proven' } as const) : {};
      if (!(await this.#backups.change(tx, backup, { ...state, proven_at: now }))) return;
      await audit.record(tx, { action: 'backups.proven', ...about(site, backup), details: { ...figures } });
    });
  }

  async #end(siteId: string, runId: string, { outcome, reason = null }: Ending): Promise<void> {
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.#store.change(tx, siteId, runId, { ...endedNow(outcome, clock.now()), reason }));
  }
}

const takenOver = () => new Error('another worker has taken over this drill');

const about = ({ id: siteId, customerId }: Site, { id: subjectId }: Backup) => ({
  actor: systemActor,
  customerId,
  siteId,
  subjectId,
});

/** @returns bytes that the archive takes unpacked; its own for one that cannot be looked into, which the drill itself finds out */
async function bytesOf(archive: string): Promise<number> {
  try {
    const reader = await ZipReader.open(archive);
    try {
      return unpackedBytes(reader);
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (isDamage(error)) return 0;
    throw error instanceof PanelError
      ? error
      : unavailable('error.storage', { code: String((error as { code?: unknown }).code) });
  }
}
