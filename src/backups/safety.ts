// Backups for restores: of what is there before one, and what keeps a backup that a restore stands on.
import type { Actor } from '../audit/audit.ts';
import type { Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import type { Checking } from './checking.ts';
import type { Making } from './making.ts';
import type { Starting } from './starting.ts';
import type { Backup } from './states.ts';
import type { BackupStore } from './store.ts';

export type SafetyParts = {
  readonly store: BackupStore;
  readonly making: Making;
  readonly checking: Checking;
  readonly starting: Starting;
};

export class Safety {
  readonly #parts: SafetyParts;

  constructor(parts: SafetyParts) {
    this.#parts = parts;
  }

  /**
   * In the caller's transaction: the row of a backup of what is there now, which retention leaves until then; it counts neither for the
   * customer nor as the last good one. The caller has it made.
   * @param heldUntil epoch milliseconds
   * @returns its id
   */
  add(tx: Tx, site: Site, actor: Actor, heldUntil: number): Promise<string> {
    return this.#parts.starting.forRestore(tx, site, actor, heldUntil);
  }

  /** Makes and checks it, or goes on where that was cut off. @throws what keeps it from being made */
  async make(site: Site, id: string, run: JobRun): Promise<Backup> {
    const { making, checking, store } = this.#parts;
    await making.make(id, run);
    await checking.verify(id, run);
    const backup = await store.byId(site, id);
    if (!backup) throw notFound();
    return backup;
  }

  /** In the caller's transaction: retention leaves the backup until then. @param until epoch milliseconds */
  hold(tx: Tx, backup: Backup, until: number): Promise<void> {
    return this.#parts.store.hold(tx, backup, until);
  }
}
