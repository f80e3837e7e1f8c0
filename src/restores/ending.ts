// How a restore ends: done, taken back, or with its site; in the audit and by letter.
import { type Actor, type AuditEntry, systemActor } from '../audit/audit.ts';
import { day } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { RestoresParts } from './restores.ts';
import type { Work } from './running.ts';
import { type Restore, undoDays } from './states.ts';
import type { RestoreStore } from './store.ts';

type Told = { readonly email: string; readonly language: 'ko' | 'en' } | undefined;

export class Ending {
  readonly #parts: RestoresParts;
  readonly #store: RestoreStore;

  constructor(parts: RestoresParts, store: RestoreStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** @returns the owner, to be looked up before the transaction of the letter */
  receiver({ customerId }: Pick<Site, 'customerId'>): Promise<Told> {
    return this.#parts.accounts.owner(customerId);
  }

  /** In the transaction of its row. */
  async begun(
    tx: Tx,
    site: Site,
    restore: Pick<Restore, 'id' | 'backupId' | 'undoOf' | 'scope' | 'dest' | 'mode'>,
    by: Actor,
    told: Told,
  ) {
    const { id, backupId, undoOf, scope, dest, mode } = restore;
    const entry = { actor: by, details: { backup: backupId, scope, dest, mode } };
    if (undoOf === null) await this.#record(tx, site, id, { action: 'restores.begun', ...entry });
    else await this.#record(tx, site, id, { action: 'restores.undoing', ...entry });
    await this.#tell(tx, 'restore-begun', site, id, told, { address: by.address ?? '', undo: undoOf === null ? 0 : 1 });
  }

  /** The job's end; a safety backup then stays for as long as it can be undone. */
  async done({ restore, site, change, ...work }: Work): Promise<void> {
    const { clock, sites, backups } = this.#parts;
    const told = await this.receiver(site);
    const safety = restore.safetyId === null ? undefined : await backups.byId(site, restore.safetyId);
    const now = clock.now();
    await this.#end(
      { restore, site, change, ...work },
      { step: 'done', ended_at: now, fault: null, fault_about: null },
      async (tx) => {
        await sites.queueCount(tx, site);
        if (safety) await backups.safety.hold(tx, safety, now + undoDays * day);
        if (restore.undoOf !== null) await this.#store.markUndone(tx, restore.undoOf, now);
        const { counts } = restore.plan;
        const details = { new: counts.new.files, overwritten: counts.overwritten.files, deleted: counts.deleted.files };
        const isUndo = restore.undoOf !== null;
        const entry = { actor: systemActor, details };
        if (isUndo) await this.#record(tx, site, restore.id, { action: 'restores.undone', ...entry });
        else await this.#record(tx, site, restore.id, { action: 'restores.done', ...entry });
        await this.#tell(tx, isUndo ? 'restore-undone' : 'restore-done', site, restore.id, told, {
          dest: restore.dest,
          days: undoDays,
        });
      },
    );
  }

  /** Everything is as it was. */
  async returned({ restore, site, change, ...work }: Work): Promise<void> {
    const { clock, sites } = this.#parts;
    const told = await this.receiver(site);
    await this.#end({ restore, site, change, ...work }, { step: 'returned', ended_at: clock.now() }, async (tx) => {
      if (restore.switchedAt !== null) await sites.freezing.thaw(tx, site.id);
      await sites.queueCount(tx, site);
      const fault = restore.fault ?? 'unavailable';
      await this.#record(tx, site, restore.id, { action: 'restores.returned', actor: systemActor, details: { fault } });
      await this.#tell(tx, 'restore-returned', site, restore.id, told, { fault });
    });
  }

  /** The site was ended meanwhile: there is nothing to go on with or to go back to. */
  async closed({ restore, site, change, ...work }: Work): Promise<void> {
    const ended = { step: 'stopped', fault: 'closed', fault_about: '{}', ended_at: this.#parts.clock.now() } as const;
    await this.#end({ restore, site, change, ...work }, ended, async (tx) => {
      if (restore.switchedAt !== null) await this.#parts.sites.freezing.thaw(tx, site.id);
      const details = { fault: 'closed' };
      await this.#record(tx, site, restore.id, { action: 'restores.returned', actor: systemActor, details });
    });
  }

  /** Room that an attempt before has left is given back with the row's end. */
  async #end(
    { restore, site, change }: Work,
    last: Parameters<Work['change']>[0],
    more: (tx: Tx) => Promise<void>,
  ): Promise<void> {
    const { sites } = this.#parts;
    await change(last, async (tx) => {
      if (restore.actId !== null) await sites.act(site, 'restore', systemActor).takeOver(tx, restore.actId);
      await more(tx);
    });
  }

  #record(tx: Tx, { customerId, id: siteId }: Site, subjectId: string, entry: Pick<AuditEntry, 'action' | 'actor' | 'details'>) {
    return this.#parts.audit.record(tx, { ...entry, customerId, siteId, subjectId });
  }

  async #tell(
    tx: Tx,
    template: string,
    site: Site,
    restoreId: string,
    told: Told,
    more: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    if (!told) return;
    const { email: to, language } = told;
    const parameters = { site: site.name, restore: restoreId, at: this.#parts.clock.now(), ...more };
    await this.#parts.letters.queue(tx, { template, language, to, parameters, customerId: site.customerId });
  }
}
