// The other half of a backup's work: its archive is read back, judged, and shown in the customer's backup/. It may be killed and run again.
import { systemActor } from '../audit/audit.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import type { Failures } from './failures.ts';
import type { Keeping } from './keeping.ts';
import { mostBases } from './making.ts';
import { Progress } from './progress.ts';
import { type Damage, damageOf } from './reading-back.ts';
import { type Shrunk, shrunkSince } from './shrinking.ts';
import { type Backup, keyOf, missingDatabases, needsWarning } from './states.ts';
import type { BackupStore, Change } from './store.ts';

export class Checking {
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

  #change(seen: Backup, change: Change): Promise<boolean> {
    return this.#parts.connection.write((tx) => this.#store.change(tx, seen, change));
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
    const isBrought = backup.kind === 'brought';
    if (damage) {
      await this.#failures.record(backup, site, { state: 'damaged', ...damage, untold: isBrought });
      // Who brought it sees it on its page, and may bring another: the site's own backups are as good as before.
      if (isBrought) await this.#change({ ...backup, state: 'damaged' }, { expired_at: clock.now(), held_until: null });
      return;
    }
    const before = (await this.#store.good(site, mostBases)).find(({ dataAt }) => (dataAt ?? 0) < (backup.dataAt ?? 0));
    const fallen = before && !isBrought ? shrunkSince(before, backup) : [];
    const shrunk = fallen.length > 0 ? JSON.stringify(fallen) : null;
    const state = stateOf(backup, fallen);
    await connection.write(async (tx) => {
      const change = { state, shrunk, verified_at: clock.now(), step: null } as const;
      if (!(await this.#store.change(tx, backup, change))) return;
      await audit.record(tx, { action: 'backups.verified', ...about(backup) });
      // What lay at its owner's is compared with no day, and tiers hold what this panel kept itself.
      if (isBrought) return;
      const payload = { backupId: backup.id, siteId: backup.siteId, customerId: backup.customerId };
      await queue.add(tx, 'browse.compare', payload, { key: `browse.compare:${backup.id}`, lane: 'long' });
      if (!keepsTiers) return;
      const forTiers = { backupId: backup.id, customerId: backup.customerId };
      await queue.add(tx, 'tiers.keep', forTiers, { key: `tiers.keep:${backup.id}` });
    });
  }

  async #damage(backup: Backup, site: Site, run: JobRun): Promise<Damage | undefined> {
    const { clock } = this.#parts;
    const progress = new Progress({ clock, signal: run.signal, write: (change) => this.#change(backup, change) });
    const report = (done: number, total: number) =>
      progress.report('checking', Math.floor((backup.filesTotal * done) / Math.max(1, total)), backup.filesTotal);
    return damageOf(this.#parts, { backup, site }, { signal: progress.signal, progress: report }).finally(() => progress.end());
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

/** @returns the line of a checksum file, as `sha256sum -c` reads it */
export function checksumLine(sha256: string, fileName: string): string {
  return `${sha256}  ${fileName}\n`;
}
