// Brings good backups into the tiers, one job a tier, and gives up there what the policy does not keep.
import { systemActor } from '../audit/audit.ts';
import { type Backup, isGood } from '../backups/backups.ts';
import type { TierName } from '../migrations/schema.ts';
import { day, hour, LocalTime } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import type { TierSetup, TiersParts } from './parts.ts';
import { tierRetention, weekOf } from './retention.ts';
import { sourceOf } from './source.ts';
import type { SnapshotRow, TierStore } from './store.ts';

/** Nothing younger goes, whatever rows say (ruling 9). */
export const floorMilliseconds = 2 * day;

const tierNames: readonly TierName[] = ['short-term', 'long-term'];

/** What a tier could not take is tried again for so long; by then newer ones have come. */
const triedFor = 2 * day;

export class Keeping {
  readonly #parts: TiersParts;
  readonly #store: TierStore;
  readonly #setups: ReadonlyMap<TierName, TierSetup>;
  readonly #local: LocalTime;

  constructor(parts: TiersParts, store: TierStore, setups: ReadonlyMap<TierName, TierSetup>) {
    this.#parts = parts;
    this.#store = store;
    this.#setups = setups;
    this.#local = new LocalTime(parts.choices.timeZone);
  }

  /** See `Tiers.keep`. */
  async plan(backupId: string, siteId?: string): Promise<void> {
    const backup = await this.#backup(backupId, siteId);
    if (!backup || !isGood(backup.backup)) return;
    const { site } = backup;
    for (const tier of this.#setups.keys()) {
      if (tier === 'long-term' && (await this.#hasWeek(site, backup.backup.day))) continue;
      await this.#parts.connection.write((tx) => this.#begin(tx, site, backup.backup, tier));
    }
  }

  async #backup(backupId: string, siteId?: string): Promise<{ backup: Backup; site: Site } | undefined> {
    const { connection, sites, backups } = this.#parts;
    const row = siteId
      ? { site_id: siteId }
      : await connection.db.selectFrom('backups').select('site_id').where('id', '=', backupId).executeTakeFirst();
    const site = row && (await sites.byId(row.site_id).catch(whenMissing));
    const backup = site && (await backups.byId(site, backupId).catch(whenMissing));
    return site && backup && site.terminatedAt === null ? { backup, site } : undefined;
  }

  /** The first good one of a week is the week's (KHADA 8.5c); one that failed is no one. */
  async #hasWeek(site: Site, localDay: string): Promise<boolean> {
    const rows = await this.#store.ofSite(site, 'long-term', ['waiting', 'kept']);
    return rows.some((row) => weekOf(row.day) === weekOf(localDay));
  }

  async #begin(tx: Tx, site: Site, backup: Backup, tier: TierName): Promise<void> {
    const now = this.#parts.clock.now();
    const id = newId(now);
    const owner = { site_id: site.id, customer_id: site.customerId };
    const about = { tier, backup_id: backup.id, day: backup.day, data_at: backup.dataAt ?? backup.queuedAt, queued_at: now };
    if (!(await this.#store.add(tx, { id, ...owner, ...about }))) return;
    await this.#queue(tx, { id, tier, customer_id: site.customerId });
    // The host may change the row of a site, and make none.
    if (this.#setups.get(tier)?.isPulled) await this.#store.beginState(tx, site, tier);
  }

  /** What is pulled waits for its host. */
  async #queue(tx: Tx, { id, tier, customer_id: customerId }: Pick<SnapshotRow, 'id' | 'tier' | 'customer_id'>): Promise<void> {
    if (this.#setups.get(tier)?.isPulled) return;
    await this.#parts.queue.add(tx, 'tiers.store', { snapshotId: id, customerId }, { key: `tiers.store:${id}`, lane: 'long' });
  }

  /**
   * Rows whose job was lost are given one again; the newest that failed is tried again, as long as its archive is there. What waits for a
   * tier that is not named any more fails with NOT_NAMED, whether it was brought there or pulled: named again soon, it is tried again.
   */
  async recover(): Promise<void> {
    const { connection, clock } = this.#parts;
    const [now, tiers] = [clock.now(), [...this.#setups.keys()]];
    const gone = tierNames.filter((name) => !this.#setups.has(name));
    // An hour: a worker of before may still have other settings.
    const unnamed = await this.#store.inState('waiting', { tiers: gone, before: now - hour, most: 1000 });
    const [pulled, ours] = [true, false].map((is) => tiers.filter((tier) => (this.#setups.get(tier)?.isPulled ?? false) === is));
    const waiting = await this.#store.inState('waiting', { tiers: ours ?? [], before: now - hour, most: 100 });
    // Their host did not come as long as the archive was there.
    const missed = await this.#store.inState('waiting', { tiers: pulled ?? [], before: now - triedFor, most: 1000 });
    // Older ones are not tried again, and stand in nobody's way.
    const failed = await this.#store.inState('failed', { tiers, since: now - triedFor, before: now - hour, most: 1000 });
    await connection.write(async (tx) => {
      for (const row of waiting) await this.#queue(tx, row);
      for (const { id } of unnamed)
        await this.#store.change(tx, id, 'waiting', { state: 'failed', fault: 'NOT_NAMED', failed_at: now });
      for (const { id } of missed)
        await this.#store.change(tx, id, 'waiting', { state: 'failed', fault: 'EXPIRED', failed_at: now });
      for (const row of failed.filter(({ failed_at }) => (failed_at ?? 0) < now - hour)) {
        const again = row.fault !== 'EXPIRED';
        if (again && (await this.#store.change(tx, row.id, 'failed', { state: 'waiting', failed_at: null })))
          await this.#queue(tx, row);
      }
    });
  }

  /** See `Tiers.store`. */
  async store(snapshotId: string, run: JobRun): Promise<void> {
    const row = await this.#store.byId(snapshotId);
    const setup = row && this.#setups.get(row.tier);
    if (row?.state !== 'waiting' || setup?.isPulled) return;
    const found = await this.#backup(row.backup_id, row.site_id);
    if (!setup || !found || found.backup.expiredAt !== null)
      return this.#giveUp(row, found?.site, setup ? 'EXPIRED' : 'NOT_NAMED');
    try {
      await this.#bring(row, found, setup, run);
    } catch (error) {
      if (!run.signal.aborted) await this.#failed(row, found.site, error, run);
      throw error;
    }
    // What is kept is kept: that less could be given up is no failure of it.
    await this.retain(found.site, setup, run.signal).catch((error) =>
      this.#parts.log.warn({ site: found.site.id, tier: row.tier, err: error }, 'retention in a tier failed'),
    );
  }

  async #bring(
    row: SnapshotRow,
    { backup, site }: { backup: Backup; site: Site },
    { tier }: TierSetup,
    run: JobRun,
  ): Promise<void> {
    const { backups, connection, clock, audit } = this.#parts;
    const opened = await backups.look(site, backup);
    const kept = await tier.keep(sourceOf(site.id, backup, opened), run.signal).finally(() => opened.close());
    await connection.write(async (tx) => {
      const now = clock.now();
      const change = { state: 'kept', kept_at: now, bytes: kept.bytes, fault: null, failed_at: null } as const;
      if (!(await this.#store.change(tx, row.id, 'waiting', change))) return;
      const newest = (await this.#store.ofSite(site, row.tier, ['kept'], tx))[0];
      const well = { data_at: newest?.data_at ?? row.data_at, kept_at: now, failed_at: null, fault: null };
      await this.#store.setState(tx, site, row.tier, well);
      const details = { tier: row.tier, bytes: kept.bytes, backup: backup.id };
      await audit.record(tx, {
        action: 'tiers.kept',
        actor: systemActor,
        customerId: site.customerId,
        siteId: site.id,
        subjectId: row.id,
        details,
      });
    });
  }

  /** Each failed attempt is seen on the customer's page; the operator is written to when there is none left, once a day and tier. */
  async #failed(row: SnapshotRow, site: Site, error: unknown, run: JobRun): Promise<void> {
    const { connection, clock, audit, choices, letters } = this.#parts;
    const fault = wordOf(error);
    const now = clock.now();
    await connection.write(async (tx) => {
      const before = (await this.#store.states(site)).find(({ tier }) => tier === row.tier);
      const told =
        run.lastAttempt && choices.operatorEmail !== undefined && !(await this.#store.toldSince(tx, row.tier, now - day));
      const state = { failed_at: before?.failed_at ?? now, fault, ...(told && { told_at: now }) };
      await this.#store.setState(tx, site, row.tier, state);
      if (!run.lastAttempt) return;
      await this.#store.change(tx, row.id, 'waiting', { state: 'failed', fault, failed_at: now });
      const about = { customerId: site.customerId, siteId: site.id, subjectId: row.id };
      await audit.record(tx, {
        action: 'tiers.failed',
        actor: systemActor,
        ...about,
        details: { tier: row.tier, reason: fault },
      });
      if (!told || choices.operatorEmail === undefined) return;
      const parameters = { tier: row.tier, site: site.name, fault, at: now };
      await letters.queue(tx, { template: 'tier-failed', language: 'ko', to: choices.operatorEmail, parameters });
    });
  }

  async #giveUp(row: SnapshotRow, site: Site | undefined, fault: string): Promise<void> {
    const { connection, clock } = this.#parts;
    await connection.write(async (tx) => {
      await this.#store.change(tx, row.id, 'waiting', { state: 'failed', fault, failed_at: clock.now() });
      if (site) await this.#store.setState(tx, site, row.tier, { failed_at: clock.now(), fault });
    });
  }

  /** What the tier itself says it holds is judged, not what rows say (ruling 9); rows follow. */
  async retain(site: Site, { name, tier }: TierSetup, signal: AbortSignal): Promise<void> {
    const { connection, clock, choices } = this.#parts;
    const held = await tier.list(site.id, signal);
    const rows = new Map((await this.#store.ofSite(site, name, ['kept', 'damaged'])).map((row) => [row.backup_id, row]));
    const keep = name === 'short-term' ? choices.keepDaily : choices.keepWeekly;
    const policy = { tier: name, keep, floor: floorMilliseconds };
    const asHeld = held.map(({ backupId, dataAt }) => {
      return { backupId, day: this.#local.day(dataAt), dataAt, good: rows.get(backupId)?.state !== 'damaged' };
    });
    const now = clock.now();
    const decisions = new Map(tierRetention(asHeld, policy, now).map((decision) => [decision.backupId, decision]));
    const goes = [...decisions.values()].filter((one) => !one.keep).map(({ backupId }) => backupId);
    if (goes.length > 0) await tier.forget(site.id, goes, now - floorMilliseconds, signal);
    await connection.write(async (tx) => {
      for (const row of rows.values()) {
        const decision = decisions.get(row.backup_id);
        const kept_because = decision?.keep ? JSON.stringify(decision.reasons) : null;
        const gone = { state: 'forgotten', forgotten_at: now, kept_because } as const;
        if (!decision?.keep) await this.#store.change(tx, row.id, row.state, gone);
        else if (row.kept_because !== kept_because) await this.#store.change(tx, row.id, row.state, { kept_because });
      }
    });
  }
}

/** @returns a word for the operator, never what a program said: that may hold names */
export function wordOf(error: unknown): string {
  if (error instanceof PanelError) return String(error.parameters.code ?? error.status);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'FAILED';
}
