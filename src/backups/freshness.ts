// How worried one should be about a site's backups: one word for the dashboard and the page.
import { hour } from '../platform/clock.ts';
import { type Backup, isFailed, isOpen } from './states.ts';

/** none: the site is new and nothing is overdue */
export type FreshnessLevel = 'fresh' | 'amber' | 'red' | 'none';

export const amberAfter = 26 * hour;
export const redAfter = 50 * hour;

/**
 * Age counts from the moment whose data the last good backup holds, not from when it was finished; without one, from the
 * opening of the site. Red also after two failures in a row, and when the newest one was found damaged.
 * @param recent newest first
 */
export function freshness(
  latest: Pick<Backup, 'dataAt'> | undefined,
  recent: readonly Pick<Backup, 'state'>[],
  { openedAt, now }: { openedAt: number | null; now: number },
): { level: FreshnessLevel; ageMilliseconds: number | undefined } {
  const since = latest?.dataAt ?? openedAt;
  const age = since === null ? 0 : Math.max(0, now - since);
  const ageMilliseconds = latest ? age : undefined;
  const [last, before] = recent.filter((backup) => !isOpen(backup));
  const twice = last !== undefined && before !== undefined && isFailed(last) && isFailed(before);
  if (age >= redAfter || twice || last?.state === 'damaged') return { level: 'red', ageMilliseconds };
  if (age >= amberAfter) return { level: 'amber', ageMilliseconds };
  return { level: latest ? 'fresh' : 'none', ageMilliseconds };
}
