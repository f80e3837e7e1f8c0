// Reads back what tiers hold, a part each week, and gives back the room of what was given up.
import { systemActor } from '../audit/audit.ts';
import type { TierName } from '../migrations/schema.ts';
import { day } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { TierCheck } from '../platform/tier/port.ts';
import type { Site } from '../sites/sites.ts';
import { wordOf } from './keeping.ts';
import type { TierSetup, TiersParts } from './parts.ts';
import type { TierStore } from './store.ts';

/** A part a week: everything was read back once in twenty weeks, and what leads to it every week. */
const checkParts = 20;
const checkEvery = 7 * day;
/** Not all of a new panel's sites on one night. */
const atOnce = 50;

export class Checking {
  readonly #parts: TiersParts;
  readonly #store: TierStore;
  readonly #setups: ReadonlyMap<TierName, TierSetup>;

  constructor(parts: TiersParts, store: TierStore, setups: ReadonlyMap<TierName, TierSetup>) {
    this.#parts = parts;
    this.#store = store;
    this.#setups = setups;
  }

  /** Jobs for those that are due. */
  async plan(): Promise<void> {
    const { connection, queue, clock } = this.#parts;
    const isOurs = (setup: TierSetup | undefined) => setup !== undefined && setup.isPulled !== true;
    const due = (await this.#store.checkDue(clock.now(), atOnce)).filter(({ tier }) => isOurs(this.#setups.get(tier)));
    if (due.length === 0) return;
    await connection.write(async (tx) => {
      for (const { site_id: siteId, customer_id: customerId, tier } of due) {
        await this.#store.setState(tx, { id: siteId, customerId }, tier, { check_due_at: clock.now() + checkEvery });
        await queue.add(tx, 'tiers.check', { siteId, customerId, tier }, { key: `tiers.check:${siteId}.${tier}`, lane: 'long' });
      }
    });
  }

  /** See `Tiers.check`. */
  async run(siteId: string, tier: TierName, run: JobRun): Promise<void> {
    const { sites, connection, clock, audit, letters, choices } = this.#parts;
    const setup = this.#setups.get(tier);
    const site = await sites.byId(siteId).catch(whenMissing);
    const state = site && (await this.#store.states(site)).find((one) => one.tier === tier);
    if (!setup || !site || !state) return;
    const { damaged, complaint, bytes } = await this.#look(site, setup, state.checks, run.signal);
    const now = clock.now();
    await connection.write(async (tx) => {
      const found = { checked_at: now, check_fault: complaint ?? null, checks: state.checks + 1, bytes };
      await this.#store.setState(tx, site, tier, found);
      const held = await this.#store.ofSite(site, tier, ['kept', 'damaged'], tx);
      for (const row of held) {
        const isBad = damaged.includes(row.backup_id);
        if (isBad && row.state === 'kept') await this.#store.change(tx, row.id, 'kept', { state: 'damaged', fault: 'DAMAGED' });
        // A look at everything found it whole: what was missing was given to the tier anew.
        if (!isBad && row.state === 'damaged' && !complaint)
          await this.#store.change(tx, row.id, 'damaged', { state: 'kept', fault: null });
      }
      if (!complaint) return;
      const newest = held.find((row) => !damaged.includes(row.backup_id));
      await this.#store.setState(tx, site, tier, { data_at: newest?.data_at ?? null });
      const about = { customerId: site.customerId, siteId, details: { tier, reason: complaint, damaged: damaged.length } };
      await audit.record(tx, { action: 'tiers.damaged', actor: systemActor, ...about });
      if (choices.operatorEmail === undefined || (await this.#store.toldSince(tx, tier, now - day))) return;
      await this.#store.setState(tx, site, tier, { told_at: now });
      const parameters = { tier, site: site.name, fault: complaint, at: now };
      await letters.queue(tx, { template: 'tier-failed', language: 'ko', to: choices.operatorEmail, parameters });
    });
    // Not before: what is damaged is told first, and no room is given back in it.
    if (!complaint) await setup.tier.tidy(siteId, run.signal);
  }

  /** What the tier says of itself, and what rows say is there and the tier does not list any more: nobody forgot it, so it was lost. */
  async #look(site: Site, { name, tier }: TierSetup, checks: number, signal: AbortSignal): Promise<TierCheck> {
    // Rows before the list: what is kept meanwhile is not missed.
    const held = await this.#store.ofSite(site, name, ['kept', 'damaged']);
    const found = await tier.check(site.id, { part: (checks % checkParts) + 1, parts: checkParts }, signal);
    // A repository that cannot be opened lists nothing, and says so.
    if (found.complaint !== undefined && found.complaint !== 'DAMAGED') return found;
    const there = new Set((await tier.list(site.id, signal)).map(({ backupId }) => backupId));
    const now = await this.#store.ofSite(site, name, ['kept', 'damaged']);
    // What retention has forgotten meanwhile is not missed either.
    const lost = held.filter((row) => !there.has(row.backup_id) && now.some(({ id }) => id === row.id));
    const damaged = [...new Set([...found.damaged, ...lost.map(({ backup_id }) => backup_id)])];
    return { ...found, damaged, complaint: damaged.length > 0 ? (found.complaint ?? 'DAMAGED') : found.complaint };
  }

  /** A check that could not be made is due again tomorrow. */
  async put(siteId: string, customerId: string, tier: TierName, error: unknown): Promise<void> {
    const { connection, clock } = this.#parts;
    const change = { check_due_at: clock.now() + day, check_fault: wordOf(error) };
    await connection.write((tx) => this.#store.setState(tx, { id: siteId, customerId }, tier, change));
  }
}
