// A backup that is read back once more because somebody asked for it: it goes on to count meanwhile, until something is found.
import { type Actor, systemActor } from '../audit/audit.ts';
import { hour } from '../platform/clock.ts';
import { conflict } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import type { Failures } from './failures.ts';
import type { BackupsParts } from './parts.ts';
import { damageOf } from './reading-back.ts';
import { type Backup, isGood } from './states.ts';
import type { BackupStore } from './store.ts';

/** Whoever was asked so long ago has died: then it may be asked for again. */
const lostAfter = 6 * hour;
const maximumAttempts = 3;

export class Rechecking {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #failures: Failures;

  constructor(parts: BackupsParts, { store, failures }: { store: BackupStore; failures: Failures }) {
    this.#parts = parts;
    this.#store = store;
    this.#failures = failures;
  }

  /** Whether it waits to be read, or is being read. */
  isUnderWay({ checkAskedAt }: Backup): boolean {
    return checkAskedAt !== null && checkAskedAt > this.#parts.clock.now() - lostAfter;
  }

  /**
   * One at a time of a site: reading takes a disk for minutes.
   * @throws PanelError 409 `backups.recheck.refused` for one whose archive does not count, `backups.recheck.running`
   */
  async ask(site: Site, backup: Backup, actor: Actor, once?: Once): Promise<void> {
    if (!isGood(backup) || backup.expiredAt !== null) throw conflict('backups.recheck.refused');
    const { connection, clock, sites, audit, queue } = this.#parts;
    await connection.write(async (tx) => {
      await sites.takeOpen(tx, site.id);
      const now = clock.now();
      if (await this.#store.isCheckAsked(tx, site, now - lostAfter)) throw conflict('backups.recheck.running');
      if (!(await this.#store.change(tx, backup, { check_asked_at: now }))) throw conflict('backups.recheck.refused');
      const about = { customerId: site.customerId, siteId: site.id, subjectId: backup.id };
      await audit.record(tx, { action: 'backups.checkAsked', actor, ...about });
      const payload = { backupId: backup.id, customerId: site.customerId };
      await queue.add(tx, 'backups.recheck', payload, { key: `backups.recheck:${backup.id}`, lane: 'long', maximumAttempts });
      await once?.finish(tx, `/sites/${site.name}/backups/${backup.id}`);
    });
  }

  /** The job `backups.recheck`. May be repeated. */
  async run(backupId: string, run: JobRun): Promise<void> {
    const backup = await this.#store.anyById(backupId);
    if (backup?.checkAskedAt == null) return;
    const site = await this.#parts.sites.byId(backup.siteId);
    try {
      const damage = isGood(backup) ? await damageOf(this.#parts, { backup, site }, { signal: run.signal }) : undefined;
      if (damage) await this.#failures.record(backup, site, { state: 'damaged', ...damage });
      await this.#ended(backup, isGood(backup) && damage === undefined);
    } catch (error) {
      // It could not be read: nothing is known against it, and nothing new for it.
      if (run.lastAttempt && !run.signal.aborted) await this.#ended(backup, false);
      throw error;
    }
  }

  async #ended(backup: Backup, isRight: boolean): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const seen = isRight ? backup : ((await this.#store.anyById(backup.id, tx)) ?? backup);
      const found = isRight ? { verified_at: clock.now() } : {};
      if (!(await this.#store.change(tx, seen, { check_asked_at: null, ...found })) || !isRight) return;
      const { id: subjectId, siteId, customerId } = backup;
      await audit.record(tx, { action: 'backups.verified', actor: systemActor, customerId, siteId, subjectId });
    });
  }
}
