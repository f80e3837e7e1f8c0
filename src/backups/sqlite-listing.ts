// SQLite keeps what it has not yet written into a database in files beside it: whether the database has changed, both tell together.
import { companions } from '../platform/sqlite-file/orders.ts';
import type { Entry } from '../platform/storage/port.ts';

/** @returns the database that a file of this path is kept beside, if it is such a file */
export function companionOf(path: string): string | undefined {
  const end = companions.find((one) => path.endsWith(one));
  return end && path.slice(0, -end.length);
}

/** What these files hold is not yet in the database that they stand beside. */
export const logEnds = ['-journal', '-wal'] as const;

/** @returns the stamp of a database with the files beside it: equal ones say the same of all of them. The index `-shm` says nothing of its own */
export const stampWith = (database: Entry, beside: readonly (Entry | undefined)[]) =>
  [database, ...beside].flatMap((entry) => (entry?.kind === 'file' ? [entry.stamp] : [])).join('+');

/** @param entries of one folder. @returns them, with `stampWith` where files stand beside one; of most folders the very same list */
export function withCompanions(entries: Entry[]): Entry[] {
  const beside = entries.filter(({ name }) => logEnds.some((end) => name.endsWith(end)));
  if (beside.length === 0) return entries;
  const byName = new Map(beside.map((entry) => [entry.name, entry]));
  return entries.map((entry) => {
    const found = logEnds.map((end) => byName.get(entry.name + end));
    return entry.kind === 'file' && found.some((one) => one !== undefined) ? { ...entry, stamp: stampWith(entry, found) } : entry;
  });
}
