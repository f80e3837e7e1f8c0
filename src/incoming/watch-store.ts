// The SQL of the watch over upload folders: how each looked when it was last read, and the scripts that are known.
import type { Connection, Tx } from '../platform/database/database.ts';
import type { SitePath } from '../platform/storage/port.ts';

export type WatchedFolder = {
  readonly path: string;
  /** begins with `?` while a change in the same moment cannot be ruled out */
  readonly stamp: string;
  readonly newest: number;
};
export type KnownScript = { readonly path: SitePath; readonly stamp: string };

const together = 500;

export class WatchStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async folders(siteId: string): Promise<Map<string, WatchedFolder>> {
    const rows = await this.#connection.db
      .selectFrom('watched_folders')
      .select(['path', 'stamp', 'newest'])
      .where('site_id', '=', siteId)
      .execute();
    return new Map(rows.map((row) => [row.path, row]));
  }

  async remember(tx: Tx, siteId: string, folders: readonly WatchedFolder[]): Promise<void> {
    const rows = folders.map((folder) => ({ site_id: siteId, ...folder }));
    for (let at = 0; at < rows.length; at += together)
      await tx
        .insertInto('watched_folders')
        .values(rows.slice(at, at + together))
        .onConflict((oc) =>
          oc
            .columns(['site_id', 'path'])
            .doUpdateSet((eb) => ({ stamp: eb.ref('excluded.stamp'), newest: eb.ref('excluded.newest') })),
        )
        .execute();
  }

  async forgetFolders(tx: Tx, siteId: string, paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += together)
      await tx
        .deleteFrom('watched_folders')
        .where('site_id', '=', siteId)
        .where('path', 'in', paths.slice(at, at + together))
        .execute();
  }

  async scripts(siteId: string): Promise<Map<string, string>> {
    const rows = await this.#connection.db
      .selectFrom('known_scripts')
      .select(['path', 'stamp'])
      .where('site_id', '=', siteId)
      .execute();
    return new Map(rows.map(({ path, stamp }) => [path, stamp]));
  }

  /** @param tx within which it is asked; without one by itself */
  async isKnown(siteId: string, path: SitePath, stamp: string, tx?: Tx): Promise<boolean> {
    const row = await (tx ?? this.#connection.db)
      .selectFrom('known_scripts')
      .select('stamp')
      .where('site_id', '=', siteId)
      .where('path', '=', path.join('/'))
      .executeTakeFirst();
    return row?.stamp === stamp;
  }

  async know(tx: Tx, siteId: string, scripts: readonly KnownScript[]): Promise<void> {
    const byPath = new Map(scripts.map(({ path, stamp }) => [path.join('/'), stamp]));
    const rows = [...byPath].map(([path, stamp]) => ({ site_id: siteId, path, stamp }));
    for (let at = 0; at < rows.length; at += together)
      await tx
        .insertInto('known_scripts')
        .values(rows.slice(at, at + together))
        .onConflict((oc) => oc.columns(['site_id', 'path']).doUpdateSet((eb) => ({ stamp: eb.ref('excluded.stamp') })))
        .execute();
  }

  async forgetScripts(tx: Tx, siteId: string, paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += together)
      await tx
        .deleteFrom('known_scripts')
        .where('site_id', '=', siteId)
        .where('path', 'in', paths.slice(at, at + together))
        .execute();
  }
}
