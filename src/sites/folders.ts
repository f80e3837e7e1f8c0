// Folder kinds of a site: what lies in an upload folder meets the whole upload policy, whatever way it came; the rest is program area.
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { Invalid } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { isOwnOf, type SiteProgram } from './programs.ts';
import type { Site } from './sites.ts';

export type MarkedFolder = {
  readonly path: SitePath;
  readonly kind: 'upload';
  readonly markedAt: number;
  /** whose upload folder it is; null: nobody said */
  readonly program: SiteProgram | null;
};
/** Why a folder is program area again. */
export const clearingReasons = ['runs', 'moved', 'mistake', 'other'] as const;
export type ClearingReason = (typeof clearingReasons)[number];
/** Where a path lies: `folder` is the nearest marked one above it. */
export type Area = { readonly kind: 'program' } | { readonly kind: 'upload'; readonly folder: SitePath };

export type FoldersParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly queue: Queue;
};

/** More than a site needs, and few enough to be looked at every half minute. */
const mostFolders = 100;

/** Folders below `www/`; those inside a marked one inherit its kind. What is marked need not exist yet: it holds from the moment it does. */
export class Folders {
  readonly #parts: FoldersParts;

  constructor(parts: FoldersParts) {
    this.#parts = parts;
  }

  /** @returns the marked folders of the site in the order of their paths */
  async list(site: Pick<Site, 'id'>, tx?: Tx): Promise<MarkedFolder[]> {
    const rows = await (tx ?? this.#parts.connection.db)
      .selectFrom('site_folders')
      .selectAll()
      .where('site_id', '=', site.id)
      .orderBy('path')
      .execute();
    return rows.map(({ path, kind, marked_at, program }) => ({
      path: path.split('/'),
      kind,
      markedAt: Number(marked_at),
      program,
    }));
  }

  /** @returns ids of sites that have a marked folder, in pages, in the order of ids */
  async sitesWithFolders(afterId: string, count: number): Promise<string[]> {
    const rows = await this.#parts.connection.db
      .selectFrom('site_folders')
      .select('site_id')
      .distinct()
      .where('site_id', '>', afterId)
      .orderBy('site_id')
      .limit(count)
      .execute();
    return rows.map((row) => row.site_id);
  }

  /**
   * Makes a folder an upload folder, with all that is in it; once more it changes nothing. What stands there is judged by a job, and the
   * web server is told by another.
   * @param how whose upload folder it is, which decides what in it is the program's own; and who says so
   * @returns false when it was one before, by itself or by a folder above it
   * @throws Invalid on `path` for `www` itself, for what is not below it, and beyond 100 folders a site
   */
  async mark(site: Site, path: SitePath, how: { readonly program?: SiteProgram; readonly actor?: Actor } = {}): Promise<boolean> {
    const { program = null, actor = systemActor } = how;
    if (path[0] !== 'www' || path.length < 2) throw new Invalid({ path: [{ key: 'incoming.folderOutside' }] });
    const { connection, clock, audit } = this.#parts;
    return connection.write(async (tx) => {
      // Takes the site's row: of several at once each sees those before it.
      await tx.selectFrom('sites').select('id').where('id', '=', site.id).forUpdate().execute();
      const before = await this.list(site, tx);
      if (areaOf(path, before).kind === 'upload') return false;
      if (before.length >= mostFolders)
        throw new Invalid({ path: [{ key: 'incoming.foldersMany', parameters: { most: mostFolders } }] });
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('site_folders')
        .values({ site_id: site.id, path: path.join('/'), kind: 'upload', marked_at: clock.now(), program })
        .onConflict((oc) => oc.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) return false;
      const details = { ...(program && { program }) };
      await audit.record(tx, { action: 'sites.folderMarked', actor, customerId: site.customerId, siteId: site.id, details });
      await this.#follow(tx, site, { scan: true });
      return true;
    });
  }

  /**
   * Makes a folder program area again: what lies there can run, as far as the web server runs anything.
   * @returns false when it was not marked
   * @throws Invalid on `path` when only a folder above it is marked, whose kind it inherits
   */
  async clear(site: Site, path: SitePath, actor: Actor = systemActor, reason: ClearingReason = 'other'): Promise<boolean> {
    const { connection, audit } = this.#parts;
    const cleared = await connection.write(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('site_folders')
        .where('site_id', '=', site.id)
        .where('path', '=', path.join('/'))
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      const details = { reason };
      await audit.record(tx, { action: 'sites.folderCleared', actor, customerId: site.customerId, siteId: site.id, details });
      await this.#follow(tx, site, { scan: false });
      return true;
    });
    const area = areaOf(path, await this.list(site));
    if (!cleared && area.kind === 'upload')
      throw new Invalid({ path: [{ key: 'incoming.folderInherits', parameters: { folder: area.folder.join('/') } }] });
    return cleared;
  }

  async #follow(tx: Tx, { id: siteId, customerId }: Pick<Site, 'id' | 'customerId'>, { scan }: { readonly scan: boolean }) {
    const { queue } = this.#parts;
    const payload = { siteId, customerId };
    if (scan) await queue.add(tx, 'incoming.scan', payload, { key: `incoming.scan:${siteId}`, lane: 'long' });
    await queue.add(tx, 'incoming.tellServers', payload, { key: `incoming.tellServers:${siteId}`, lane: 'short' });
  }
}

/**
 * @returns the area of a file or folder; case is significant, as it is to the web server. What a program writes into its upload folder
 * for itself (a cache, its settings) is program area
 */
export function areaOf(path: SitePath, marked: readonly MarkedFolder[]): Area {
  const above = marked.filter(({ path: folder }) => folder.every((segment, at) => path[at] === segment));
  const nearest = above.reduce<MarkedFolder | undefined>(
    (best, one) => (one.path.length > (best?.path.length ?? 0) ? one : best),
    undefined,
  );
  if (!nearest || isOwnOf(nearest.program, path.slice(nearest.path.length))) return { kind: 'program' };
  return { kind: 'upload', folder: nearest.path };
}
