// How a backup begins by request: a row and a job in one transaction, for a person, the operator, a restore or a move. Nights: nights.ts.
import type { Actor } from '../audit/audit.ts';
import { LocalTime } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, Invalid } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { type Backup, type BackupKind, cancelled, isOpen, openStates } from './states.ts';
import type { BackupStore } from './store.ts';

type NewRow = { readonly kind: BackupKind; readonly day: string; readonly personId?: string | undefined };

export class Starting {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #local: LocalTime;

  constructor(parts: BackupsParts, { store }: { store: BackupStore }) {
    this.#parts = parts;
    this.#store = store;
    this.#local = new LocalTime(parts.choices.timeZone);
  }

  async #addRow(tx: Tx, site: Site, { kind, day, personId }: NewRow): Promise<string> {
    const now = this.#parts.clock.now();
    const id = newId(now);
    const owner = { site_id: site.id, customer_id: site.customerId, actor_person_id: personId ?? null };
    await this.#store.add(tx, { id, ...owner, kind, day, queued_at: now });
    return id;
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

  /** See `Backups.stop`. Whoever makes it notices within seconds that its row went on without it, and leaves nothing. */
  async stop(site: Site, backup: Backup, actor: Actor, once?: Once): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const change = { state: 'failed', reason: cancelled, failed_at: clock.now(), step: null } as const;
      const now = await this.#store.anyById(backup.id, tx);
      if (!now || !isStoppable(now) || !(await this.#store.change(tx, now, change))) throw conflict('backups.stop.over');
      const about = { customerId: site.customerId, siteId: site.id, subjectId: backup.id };
      await audit.record(tx, { action: 'backups.stopped', actor, ...about });
      await once?.finish(tx, `/sites/${site.name}/backups`);
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
      const [open] = await this.#underWay(tx, site);
      if (open) return open.id;
      const id = await this.#request(tx, site, { kind: 'operator' });
      await this.#addJob(tx, site, id, null);
      return id;
    });
  }

  async #refuseSecond(tx: Tx, site: Site): Promise<void> {
    // Takes the site's row, so that two requests at once are counted one after the other on every engine.
    await this.#parts.sites.takeOpen(tx, site.id);
    if ((await this.#underWay(tx, site)).length > 0) throw conflict('backups.alreadyRunning');
  }

  /** Not the one of a night whose turn is hours away: nobody has to wait for it. */
  async #underWay(tx: Tx, site: Site): Promise<Backup[]> {
    return (await this.#store.inStates(site, openStates, tx)).filter(({ waitsForTurn }) => !waitsForTurn);
  }

  async #request(tx: Tx, site: Site, actor: Actor, kind: 'manual' | 'safety' = 'manual'): Promise<string> {
    const id = await this.#addRow(tx, site, { kind, day: this.#today(), personId: actor.personId });
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

/** Nobody asked for the nightly one, and a restore stands on its own. */
export const isStoppable = (backup: Backup): boolean =>
  backup.kind === 'manual' && backup.actorPersonId !== null && isOpen(backup);
