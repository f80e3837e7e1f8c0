// What is told of backups, and when it is over: pure rules.
import type { AlertCause } from '../migrations/schema.ts';
import { hour, minute } from '../platform/clock.ts';

export type { AlertCause } from '../migrations/schema.ts';

/** Made and not read back for so long: the jobs that would have done it are asked anew by then, and have failed again. */
export const unverifiedAfter = 2 * hour;

/** No good copy of younger data (issue: 26 h; red from 50 h, ux.md 2.8). */
export const overdueAfter = { overdue: 26 * hour, late: 50 * hour } as const;

/** A failure that is older when it is first seen is no news any more: the panel was down, and the age of the data tells it. */
export const newsFor = 26 * hour;

/** A worker is seen every minute; one that was not for so long is dead, or stands still. */
export const silentAfter = 10 * minute;

/** Told in the transaction of the failure itself (backups/failures.ts): here only programs are told, and that it is over. */
const toldByFailure: ReadonlySet<AlertCause> = new Set(['failed', 'damaged', 'missing']);

export const needsLetter = (cause: AlertCause) => !toldByFailure.has(cause);

/** That something is much smaller is never "good again" by itself: the next backup is as small. */
export const endIsTold = (cause: AlertCause) => cause !== 'shrunken';

type Good = { readonly dataAt: number; readonly verifiedAt: number };

/**
 * @param newest the good backup with the newest data
 * @returns whether what was told is over: a backup was read back since, and for a copy that was too old, of data that is young enough
 */
export function isOver(alert: { cause: AlertCause; at: number }, newest: Good | undefined, now: number): boolean {
  if (!newest || newest.verifiedAt <= alert.at) return false;
  return alert.cause === 'overdue' || alert.cause === 'late' ? newest.dataAt > now - overdueAfter.overdue : true;
}

/** @param seenAt undefined: never. A clock that was set back is as good as silence until it is seen again */
export const isSilent = (seenAt: number | undefined, now: number) =>
  seenAt === undefined || now - seenAt >= silentAfter || seenAt - now >= silentAfter;
