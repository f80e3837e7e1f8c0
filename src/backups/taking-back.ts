// An archive that had gone from this machine and was brought back from a tier: it is read back like a new one before it counts.
import { copyFile } from 'node:fs/promises';
import { conflict, whenMissing } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import type { Keeping } from './keeping.ts';
import { type Backup, keyOf } from './states.ts';
import type { BackupStore } from './store.ts';

export type TakingBackParts = { readonly store: BackupStore; readonly keeping: Keeping };

export class TakingBack {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #keeping: Keeping;

  constructor(parts: BackupsParts, { store, keeping }: TakingBackParts) {
    this.#parts = parts;
    this.#store = store;
    this.#keeping = keeping;
  }

  /** Whether its archive is not here any more, or cannot be read, and is known well enough to be told again. */
  isDue({ state, fileName, sha256, bytes }: Backup): boolean {
    return (state === 'expired' || state === 'damaged') && fileName !== null && sha256 !== null && bytes !== null;
  }

  /**
   * Takes the archive among those that may be downloaded; it is read back before it counts, and retention leaves it until then.
   * May be repeated.
   * @param path a file of this machine that was compared with the row; it stays where it is
   * @param heldUntil epoch milliseconds
   * @throws PanelError 409 when the row has changed meanwhile; what the storage throws
   */
  async take(site: Site, backup: Backup, { path, heldUntil }: { path: string; heldUntil: number }): Promise<void> {
    const { archives, connection } = this.#parts;
    const key = keyOf(site, backup);
    // The row first: an archive that no row holds is removed by retention. Cut off in between, it is found in its state and goes on.
    if (backup.state !== 'made') {
      await this.#begin(backup, heldUntil);
      if (backup.state === 'damaged') await archives.remove(key);
    }
    const there = await archives.local(key).catch(whenMissing);
    if (there) await there.release();
    else await this.#lay(key, path);
    await connection.write((tx) => this.#keeping.queueVerification(tx, backup));
  }

  async #begin(backup: Backup, held_until: number): Promise<void> {
    const { connection, clock } = this.#parts;
    const nothing = { expired_at: null, failed_at: null, reason: null } as const;
    const back = { state: 'made', ...nothing, moved_at: clock.now(), held_until } as const;
    if (!(await connection.write((tx) => this.#store.change(tx, backup, back)))) throw conflict();
  }

  async #lay(key: string, path: string): Promise<void> {
    const staged = await this.#parts.archives.stage(key);
    try {
      await copyFile(path, staged.path);
      await staged.commit();
    } catch (error) {
      await staged.discard();
      throw error;
    }
  }
}
