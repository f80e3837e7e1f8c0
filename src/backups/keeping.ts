// Which backups stay: retention with its reasons, and tidying up after work that was never finished.
import { systemActor } from '../audit/audit.ts';
import { hour } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { mayStillBeTaken } from './brought-name.ts';
import type { Failures } from './failures.ts';
import { type RetentionDecision, retention } from './retention.ts';
import { type Backup, goodStates, heldStates, isGood } from './states.ts';
import type { BackupStore } from './store.ts';

const pageSize = 100;
/** A day's work, and two hours more: who has not moved for so long never will. */
const abandonedAfter = 26 * hour;
/** Waiting so long to be checked means that the job is lost, or has used up its attempts. */
const uncheckedAfter = 2 * hour;

const lost = 'backups.reason.lost';

export class Keeping {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #failures: Failures;

  constructor(parts: BackupsParts, { store, failures }: { store: BackupStore; failures: Failures }) {
    this.#parts = parts;
    this.#store = store;
    this.#failures = failures;
  }

  /** See `Backups.retainAll`. */
  async retainAll(): Promise<void> {
    const { sites, log } = this.#parts;
    for (
      let page = await sites.openSites('', pageSize);
      page.length > 0;
      page = await sites.openSites(page.at(-1)?.id ?? '', pageSize)
    ) {
      for (const site of page) {
        await this.#tidy(site).catch((error) => log.warn({ site: site.id, err: error }, 'retention of a site failed'));
      }
    }
  }

  async #tidy(site: Site): Promise<void> {
    await this.retain(site);
    await this.#lookAfter(site);
    const before = this.#parts.clock.now() - uncheckedAfter;
    const unchecked = (await this.#store.inStates(site, ['made'])).filter(
      ({ madeAt, movedAt }) => Math.max(madeAt ?? 0, movedAt ?? 0) < before,
    );
    if (unchecked.length === 0) return;
    await this.#parts.connection.write(async (tx) => {
      for (const backup of unchecked) await this.queueVerification(tx, backup);
    });
  }

  /**
   * What lies in the storage is looked at, not read: an archive that is gone or has another size is no backup any more. One that
   * is there again (a disk was not mounted) is read anew before it counts. Rows before files: what expires meanwhile is not missed.
   */
  async #lookAfter(site: Site): Promise<void> {
    const kept = (await this.#store.inStates(site, [...goodStates, 'damaged'])).filter(({ expiredAt }) => expiredAt === null);
    if (kept.length === 0) return;
    const sizes = new Map((await this.#parts.archives.list(site.name)).map(({ key, size }) => [key, size]));
    const bytesOf = ({ fileName }: Backup) => sizes.get(`${site.name}/${fileName}`);
    const newestFirst = kept.toSorted((one, other) => (other.dataAt ?? 0) - (one.dataAt ?? 0));
    let told = false;
    for (const backup of newestFirst.filter((one) => isGood(one) && bytesOf(one) !== one.bytes)) {
      const reason = bytesOf(backup) === undefined ? lost : 'backups.reason.damaged';
      // One letter tells it: when a disk is gone, so are all archives of the site.
      await this.#failures.record(backup, site, { state: 'damaged', reason, untold: told });
      told = true;
    }
    const back = kept.filter((one) => one.reason === lost && bytesOf(one) === one.bytes);
    if (back.length === 0) return;
    await this.#parts.connection.write(async (tx) => {
      for (const backup of back) {
        if (await this.#store.change(tx, backup, { state: 'made', reason: null, failed_at: null }))
          await this.queueVerification(tx, backup);
      }
    });
  }

  /** One waiting job a backup; it may be asked for again without harm. */
  async queueVerification(tx: Tx, { id, customerId }: Backup): Promise<void> {
    await this.#parts.queue.add(
      tx,
      'backups.verify',
      { backupId: id, customerId },
      { key: `backups.verify:${id}`, lane: 'long' },
    );
  }

  /** See `Backups.retain`. */
  async retain(site: Site): Promise<void> {
    const { connection, clock, choices, orders } = this.#parts;
    const held = (await this.#store.inStates(site, heldStates)).filter(({ expiredAt }) => expiredAt === null);
    const { manualBackups } = await orders.byId(site.orderId);
    const kept = held.map((backup) => ({ ...backup, dataAt: backup.dataAt ?? backup.queuedAt, verified: isGood(backup) }));
    const policy = { daily: choices.keepDaily, weekly: choices.keepWeekly, manual: manualBackups };
    const decisions = new Map(retention(kept, policy, clock.now()).map((decision) => [decision.id, decision]));
    const changed = held.filter((backup) => isNews(backup, decisions.get(backup.id)));
    if (changed.length > 0) {
      await connection.write(async (tx) => {
        for (const backup of changed) await this.#decide(tx, backup, decisions.get(backup.id));
      });
    }
    await this.#removeUnused(site);
  }

  /** The row stays as a line of the list. First the row, then the archive: a kill in between leaves a file, never a promise without one. */
  async #decide(tx: Tx, backup: Backup, decision: RetentionDecision | undefined): Promise<void> {
    const { clock, audit } = this.#parts;
    if (!decision) return;
    if (decision.keep) return void (await this.#store.change(tx, backup, { kept_because: JSON.stringify(decision.reasons) }));
    const state = backup.state === 'damaged' ? 'damaged' : 'expired';
    if (!(await this.#store.change(tx, backup, { state, expired_at: clock.now(), kept_because: null }))) return;
    const { id, siteId, customerId } = backup;
    await audit.record(tx, { action: 'backups.expired', actor: systemActor, customerId, siteId, subjectId: id });
  }

  /** Removes archives of ours that no row holds. Listed before the rows are read: a name is in its row before its archive appears, but for one that was brought. */
  async #removeUnused(site: Site): Promise<void> {
    const { archives, clock, choices } = this.#parts;
    const moment = { now: clock.now(), zone: choices.timeZone };
    const there = await archives.list(site.name);
    const inUse = await this.#store.namesInUse(site);
    for (const { key } of there) {
      const name = key.slice(site.name.length + 1);
      const isOurs = name.startsWith(`${site.name}-`) && /^\d{8}-\d{4}(-\d+)?\.zip$/.test(name.slice(site.name.length + 1));
      if (!isOurs || inUse.has(name)) continue;
      if (!mayStillBeTaken(site.name, name, moment) || (await this.#store.isKnown(site, name))) await archives.remove(key);
    }
  }

  /** Rows whose work was lost: nobody began them for a day, or whoever did never came back. */
  async closeAbandoned(): Promise<void> {
    const { clock, log } = this.#parts;
    const before = clock.now() - abandonedAfter;
    for (const backup of await this.#store.abandoned(before, pageSize)) {
      await this.#close(backup).catch((error) =>
        log.warn({ backup: backup.id, err: error }, 'an abandoned backup could not be closed'),
      );
    }
  }

  async #close(backup: Backup): Promise<void> {
    const site = await this.#parts.sites.byId(backup.siteId);
    const neverBegun = backup.startedAt === null;
    const reason = neverBegun ? 'backups.reason.notStarted' : 'backups.reason.stopped';
    await this.#failures.record(backup, site, { state: neverBegun ? 'missing' : 'failed', reason });
  }
}

function isNews(backup: Backup, decision: RetentionDecision | undefined): boolean {
  return !decision?.keep || backup.keptBecause.join() !== decision.reasons.join();
}
