// Log and journal beside a SQLite database of the site go when the database comes: SQLite would apply what they hold of the old one to it
// (https://sqlite.org/howtocorrupt.html, 1.4; docs/decisions/0065).
import type { ManifestDatabase } from '../backups/backups.ts';
import { whenMissing } from '../platform/errors.ts';
import { companions } from '../platform/sqlite-file/orders.ts';
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import { Chosen } from './choosing.ts';
import type { RestoreItem } from './states.ts';

/** `database`: the path of the one it stands beside. */
export type Beside = { readonly path: string; readonly database: string; readonly entry: Entry };

/**
 * @param databases of the backup's manifest. @param chosen what was asked for
 * @returns what of the site stands beside them. Such a database is never as it was saved, since its last rows may be in its log alone
 */
export async function besideDatabases(
  storage: SiteStorage,
  databases: readonly ManifestDatabase[],
  chosen: Chosen,
): Promise<Beside[]> {
  const found: Beside[] = [];
  for (const { engine, path: database } of databases) {
    if (engine !== 'sqlite' || !chosen.has(database)) continue;
    for (const end of companions) {
      const path = database + end;
      const entry = await storage.stat(path.split('/')).catch(whenMissing);
      if (entry?.kind === 'file') found.push({ path, database, entry });
    }
  }
  return found;
}

/** @returns those that go with none of `items` */
export function notExchanged(beside: readonly Beside[], items: readonly RestoreItem[]): Beside[] {
  const exchanged = new Chosen(items.map(({ path }) => path));
  return beside.filter(({ path }) => !exchanged.has(path));
}
