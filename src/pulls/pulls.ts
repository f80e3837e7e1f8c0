// The door of pulling, on the panel's side: backup hosts come by themselves, and the panel sees what they wrote and asks for what it misses (KHADA 8.7–8.9).
import type { Actor } from '../audit/audit.ts';
import type { TierName } from '../migrations/schema.ts';
import { day, hour } from '../platform/clock.ts';
import { conflict, notFound, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Site } from '../sites/sites.ts';
import type { PullsParts } from './parts.ts';
import { type HostRow, type LineRow, PullStore } from './store.ts';
import { takeStaged } from './taking-staged.ts';

export type { PullsParts } from './parts.ts';
export { hostRoleSql, isRoleName } from './role.ts';
export type { HostRow, LineRow } from './store.ts';
export { heldDays } from './taking-staged.ts';

/** A host that comes once a minute and was not here for so long does not come any more. */
const silentAfter = 26 * hour;
/** Rows of connections stay so long. */
const linesKept = 400 * day;

/** Tiers that a backup host fills by itself: what it was asked to bring back, what it brought, when it was here. Errors: PanelError 404, 409. */
export class Pulls {
  readonly #parts: PullsParts;
  readonly #store: PullStore;

  constructor(parts: PullsParts) {
    this.#parts = parts;
    this.#store = new PullStore(parts.connection);
  }

  /** The tiers that a backup host fills by itself. */
  get tiers(): readonly TierName[] {
    return this.#parts.tiers.named.filter(({ isPulled }) => isPulled).map(({ name }) => name);
  }

  /**
   * Asks a backup host for the archive of a backup that is not on this machine any more. Asked again while it is on its way, nothing
   * is added.
   * @returns the tier whose host will bring it
   * @throws PanelError 404 when no host that pulls has it, 409 `tiers.isHere` when its archive is here
   */
  async ask(site: Site, backupId: string, actor: Actor): Promise<TierName> {
    const { backups, tiers, connection, clock, audit } = this.#parts;
    const backup = await backups.byId(site, backupId);
    if (!backups.takingBack.isDue(backup)) throw conflict('tiers.isHere');
    const [tier] = (await tiers.holding(site, backupId)).filter((name) => this.tiers.includes(name));
    if (!tier) throw notFound();
    await connection.write(async (tx) => {
      if (await this.#store.openOf(tx, backupId)) return;
      const id = newId(clock.now());
      const about = { site_id: site.id, customer_id: site.customerId, backup_id: backupId };
      await this.#store.ask(tx, { id, tier, ...about, asked_at: clock.now() });
      const entry = { action: 'pulls.asked', actor, customerId: site.customerId, siteId: site.id, subjectId: backupId };
      await audit.record(tx, { ...entry, details: { tier } });
    });
    return tier;
  }

  /** By the clock: a job for each rendering that was laid into staging, and a letter when a host does not come or cannot. */
  async keep(): Promise<void> {
    if (this.tiers.length === 0) return;
    const { connection, queue, clock } = this.#parts;
    const staged = await this.#store.staged(100);
    if (staged.length > 0)
      await connection.write(async (tx) => {
        for (const { id, customer_id: customerId } of staged)
          await queue.add(tx, 'pulls.take', { stagingId: id, customerId }, { key: `pulls.take:${id}`, lane: 'long' });
      });
    await this.#tell(clock.now());
  }

  /** The job `pulls.take`: compares what a host has laid there with the backup's row, and makes it an archive again. May be repeated. */
  async take(stagingId: string): Promise<void> {
    const { sites } = this.#parts;
    const row = await this.#store.byId(stagingId);
    const site = row && (await sites.byId(row.site_id).catch(whenMissing));
    if (row && site && row.taken_at === null && row.failed_at === null) await takeStaged(this.#parts, this.#store, row, site);
  }

  /** The operator hears once a day and tier of what could not be pulled, or that the host does not come. */
  async #tell(now: number): Promise<void> {
    const { choices, letters, connection, sites } = this.#parts;
    const { operatorEmail: to } = choices;
    if (to === undefined) return;
    const hosts = await this.#store.hosts();
    for (const tier of this.tiers) {
      // One that was never here has not been set up yet.
      const seenAt = hosts.find((host) => host.tier === tier)?.seen_at ?? 0;
      const found = await this.#store.untold(tier, now - day, seenAt > 0 && now - seenAt > silentAfter);
      const site = found && (await sites.byId(found.site_id).catch(whenMissing));
      if (!found || !site) continue;
      const parameters = { tier, site: site.name, fault: found.fault, at: now };
      await connection.write(async (tx) => {
        await this.#store.told(tx, found.site_id, tier, now);
        await letters.queue(tx, { template: 'tier-failed', language: 'ko', to, parameters });
      });
    }
  }

  /** @returns connections that hosts opened, newest first, each with both times */
  lines(most: number): Promise<LineRow[]> {
    return this.#store.lines(most);
  }

  /** @returns the host of each tier that is pulled, with when it was last here (0: never) */
  hosts(): Promise<HostRow[]> {
    return this.#store.hosts();
  }

  /** Rows of connections older than 400 days go. */
  sweep(): Promise<void> {
    return this.#store.removeLines(this.#parts.clock.now() - linesKept);
  }
}
