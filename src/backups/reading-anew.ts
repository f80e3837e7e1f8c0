// When a nightly backup takes nothing over from the one before: once in four weeks everything is read, what a disk has lost unseen shows then.
import { createHash } from 'node:crypto';
import { day } from '../platform/clock.ts';
import { noon } from './days.ts';

/** Each site has its night among so many, so that not all of one day are read anew in one night. */
const nights = 28;
/** Its night may have been missed: then the next one that comes. */
const longestMilliseconds = 30 * day;
/** What was read whole so lately need not be again. */
const shortestMilliseconds = 2 * day;

/**
 * @param night local day, `YYYY-MM-DD`
 * @param now epoch milliseconds
 * @param readAt age of the data of the newest good backup that read everything; null: none is known
 */
export function isReadAnew(
  siteId: string,
  { night, now, readAt }: { night: string; now: number; readAt: number | null },
): boolean {
  const since = readAt === null ? Number.POSITIVE_INFINITY : now - readAt;
  if (Number.isFinite(since) && since >= longestMilliseconds) return true;
  return nightOf(siteId) === Math.floor(noon(night) / day) % nights && since >= shortestMilliseconds;
}

/** @returns the site's own night, 0 to 27 */
const nightOf = (siteId: string) => createHash('sha256').update(siteId).digest().readUInt32BE(0) % nights;
