// Parts of uploads that still run or broke off, as our FTP server names them in the folder they are for (docs/decisions/0015).
import { day, hour } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';

/** `HiddenStores .in. .%P`: the name that it will have, and the number of its process. */
const partName = /^\.in\..*\.\d+$/s;
/** The server ends a transfer that stands still for two minutes; what has not grown for so long grows no more. */
const growingMilliseconds = hour;
const keptMilliseconds = day;

export const isPartOfUpload = ({ kind, name }: Entry): boolean => kind === 'file' && partName.test(name);

/** By the change time, where there is one: a program can set the other into the future. */
const age = ({ changedAt, modifiedAt }: Entry, now: number) => Math.abs(now - (changedAt ?? modifiedAt));

/** @returns whether it may still become a file of another name. @param now epoch milliseconds */
export const isGrowing = (entry: Entry, now: number): boolean => isPartOfUpload(entry) && age(entry, now) < growingMilliseconds;

export type SweptParts = { readonly files: number; readonly bytes: number };

/**
 * Removes parts below `www/` that have not changed for a day: their session was killed before it could.
 * @param now epoch milliseconds
 * @param signal ends the walk at its next folder
 */
export async function sweepParts(storage: SiteStorage, now: number, signal: AbortSignal): Promise<SweptParts> {
  const swept = { files: 0, bytes: 0 };
  for (const rest: SitePath[] = [['www']]; !signal.aborted; ) {
    const folder = rest.pop();
    if (!folder) break;
    for (const entry of (await storage.list(folder).catch(whenMissing)) ?? []) {
      const path = [...folder, entry.name];
      if (entry.kind === 'folder') rest.push(path);
      if (!isPartOfUpload(entry) || age(entry, now) < keptMilliseconds) continue;
      await storage.remove(path);
      swept.files += 1;
      swept.bytes += entry.size;
    }
  }
  return swept;
}
