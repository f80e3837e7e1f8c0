// A site that moves to another server is frozen while its last changes are carried over: nothing in it changes, through no door.
import type { Clock } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict } from '../platform/errors.ts';
import type { SiteHome } from '../platform/site-host/port.ts';

/** From which server to which, and where it lies there. */
export type NewPlace = { readonly fromServerId: string; readonly toServerId: string; readonly home: SiteHome };

/** In the caller's transaction. The site's doors are shut and opened by `enforce` (suspension.ts). */
export class Freezing {
  readonly #clock: Clock;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** @returns false while an act on its files is under way, when it was so before, and for a site that is gone */
  async freeze(tx: Tx, siteId: string): Promise<boolean> {
    const result = await tx
      .updateTable('sites')
      .set({ frozen_at: this.#clock.now() })
      .where('id', '=', siteId)
      .where('frozen_at', 'is', null)
      .where('terminated_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows !== 1n) return false;
    // Looked at once the row is ours: an act begins by writing to it.
    const act = await tx.selectFrom('file_acts').select('id').where('site_id', '=', siteId).limit(1).executeTakeFirst();
    if (act) await this.thaw(tx, siteId);
    return !act;
  }

  /** Undoes `freeze`. */
  async thaw(tx: Tx, siteId: string): Promise<void> {
    await tx.updateTable('sites').set({ frozen_at: null }).where('id', '=', siteId).execute();
  }

  /** The frozen site lies on another server from now on. @returns false when it does already, or is not frozen */
  async moveTo(tx: Tx, siteId: string, { fromServerId, toServerId, home }: NewPlace): Promise<boolean> {
    const { folder, userId, groupId, user } = home;
    const row = { home_folder: folder, home_user_id: userId, home_group_id: groupId, home_user: user ?? null };
    const result = await tx
      .updateTable('sites')
      .set({ server_id: toServerId, ...row, host_fault: null })
      .where('id', '=', siteId)
      .where('server_id', '=', fromServerId)
      .where('frozen_at', 'is not', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @throws PanelError 409 while the site is frozen */
  async refuse(tx: Tx, siteId: string): Promise<void> {
    const row = await tx.selectFrom('sites').select('frozen_at').where('id', '=', siteId).executeTakeFirst();
    if (row && row.frozen_at !== null) throw conflict('moves.refused');
  }
}
