// How a backup begins: a row and a job in one transaction, every night, on request, or for the operator.
import type { Actor } from '../audit/audit.ts';
import { LocalTime } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, Invalid } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import type { Keeping } from './keeping.ts';
import { type Backup, openStates } from './states.ts';
import type { BackupStore } from './store.ts';

const sitesAtOnce = 25;

type NewRow = { readonly kind: Backup['kind']; readonly day: string; readonly personId?: string | undefined };

export class Starting {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #keeping: Keeping;
  readonly #local: LocalTime;
  /** Later sites of a day that is begun were opened after it was due, so there is nothing left to find. */
  #startedDay = '';

  constructor(parts: BackupsParts, { store, keeping }: { store: BackupStore; keeping: Keeping }) {
    this.#parts = parts;
    this.#store = store;
    this.#keeping = keeping;
    this.#local = new LocalTime(parts.choices.timeZone);
  }

  /** See `Backups.startNightly`. */
  async nightly(day: string, dueAt: number): Promise<void> {
    if (this.#startedDay === day) return;
    const { sites } = this.#parts;
    await this.#keeping.closeAbandoned();
    for (let after = ''; ; ) {
      const page = await sites.openSites(after, sitesAtOnce);
      const last = page.at(-1);
      if (!last) break;
      after = last.id;
      await this.#beginAll(
        page.filter(({ openedAt }) => openedAt !== null && openedAt < dueAt),
        day,
      );
    }
    this.#startedDay = day;
  }

  async #beginAll(sites: readonly Site[], day: string): Promise<void> {
    const ids = sites.map(({ id }) => id);
    const begun = await this.#store.sitesWithNightly(ids, day);
    const missing = sites.filter(({ id }) => !begun.has(id));
    if (missing.length === 0) return;
    await this.#parts.connection.write(async (tx) => {
      for (const site of missing) {
        const { id, isNew } = await this.#addRow(tx, site, { kind: 'nightly', day });
        if (isNew) await this.#addJob(tx, site, id, null);
      }
    });
  }

  /** The unique row of site and day makes a night once-only, also with several workers. */
  async #addRow(tx: Tx, site: Site, { kind, day, personId }: NewRow): Promise<{ id: string; isNew: boolean }> {
    const now = this.#parts.clock.now();
    const id = newId(now);
    const owner = { site_id: site.id, customer_id: site.customerId, actor_person_id: personId ?? null };
    return { id, isNew: await this.#store.add(tx, { id, ...owner, kind, day, queued_at: now }) };
  }

  async #addJob(tx: Tx, { customerId }: Site, backupId: string, actorPersonId: string | null): Promise<void> {
    const payload = { backupId, customerId, actorPersonId };
    await this.#parts.queue.add(tx, 'backups.make', payload, { key: `backups.make:${backupId}`, lane: 'long' });
  }

  /** See `Backups.makeNow`. */
  async now(site: Site, actor: Actor, once?: Once): Promise<string> {
    const { connection, orders } = this.#parts;
    if (site.openedAt === null) throw conflict('backups.notOpen');
    const { manualBackups: limit } = await orders.byId(site.orderId);
    return connection.write(async (tx) => {
      await this.#refuseSecond(tx, site);
      const made = await this.#store.manualOf(tx, site, this.#today());
      if (made >= limit) throw new Invalid({ '': [{ key: 'backups.limitReached', parameters: { limit } }] });
      const id = await this.#request(tx, site, actor);
      await this.#addJob(tx, site, id, actor.personId ?? null);
      await once?.finish(tx, `/sites/${site.name}/backups/${id}`);
      return id;
    });
  }

  /** Only the row, no job: the caller makes it at once. */
  forOperator(site: Site): Promise<string> {
    return this.#parts.connection.write(async (tx) => {
      await this.#refuseSecond(tx, site);
      return this.#request(tx, site, { kind: 'operator' });
    });
  }

  /** For a restore: only the row, held until then; the caller makes it at once. */
  async forRestore(tx: Tx, site: Site, actor: Actor, heldUntil: number): Promise<string> {
    const id = await this.#request(tx, site, actor, 'safety');
    await this.#store.hold(tx, { id, customerId: site.customerId }, heldUntil);
    return id;
  }

  /** For a job of the panel's own that wants to stand on one. @returns the id of the backup that is under way, or of one that begins now */
  ensure(site: Site): Promise<string> {
    return this.#parts.connection.write(async (tx) => {
      await this.#parts.sites.take(tx, site.id);
      const [open] = await this.#store.inStates(site, openStates, tx);
      if (open) return open.id;
      const id = await this.#request(tx, site, { kind: 'operator' });
      await this.#addJob(tx, site, id, null);
      return id;
    });
  }

  async #refuseSecond(tx: Tx, site: Site): Promise<void> {
    // Takes the site's row, so that two requests at once are counted one after the other on every engine.
    await this.#parts.sites.takeOpen(tx, site.id);
    if ((await this.#store.inStates(site, openStates, tx)).length > 0) throw conflict('backups.alreadyRunning');
  }

  async #request(tx: Tx, site: Site, actor: Actor, kind: 'manual' | 'safety' = 'manual'): Promise<string> {
    const { id } = await this.#addRow(tx, site, { kind, day: this.#today(), personId: actor.personId });
    const about = { customerId: site.customerId, siteId: site.id, subjectId: id };
    await this.#parts.audit.record(tx, { action: 'backups.requested', actor, ...about });
    return id;
  }

  #today(): string {
    return this.#local.day(this.#parts.clock.now());
  }

  /** See `Backups.allowance`. */
  async allowance(site: Site): Promise<{ left: number; limit: number }> {
    const { manualBackups: limit } = await this.#parts.orders.byId(site.orderId);
    const made = await this.#store.manualOf(undefined, site, this.#today());
    return { left: Math.max(0, limit - made), limit };
  }
}
