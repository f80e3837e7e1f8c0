// Which backups of a site are kept, and why: a pure function, so that a customer can be told the reasons.
import { day as dayMilliseconds } from '../platform/clock.ts';
import { type BackupKind, isAside } from './states.ts';

export type KeptBackup = {
  readonly id: string;
  /** local day of the configured zone, `YYYY-MM-DD` */
  readonly day: string;
  /** the moment whose data it holds, epoch milliseconds */
  readonly dataAt: number;
  /** read back and found right; only such a backup is *good* */
  readonly verified: boolean;
  readonly kind: BackupKind;
  /** epoch milliseconds: a restore stands on it, or may be undone with it */
  readonly heldUntil?: number | null;
};

export type RetentionPolicy = {
  /** newest good backup of each of so many days */
  readonly daily: number;
  /** newest good backup of each of so many ISO weeks */
  readonly weekly: number;
  /** so many good backups that the customer made, besides those that count into their day */
  readonly manual?: number;
};

/** Keys of the sentences that tell why a backup is kept. */
export type RetentionReason =
  | 'backups.keptLastGood'
  | 'backups.keptDaily'
  | 'backups.keptWeekly'
  | 'backups.keptManual'
  | 'backups.keptUnverifiedNewest'
  | 'backups.keptAhead'
  | 'backups.keptForRestore';

export type RetentionDecision = { readonly id: string; readonly keep: boolean; readonly reasons: readonly RetentionReason[] };

/**
 * Days and weeks without a good backup do not count, so an outage of a month removes nothing.
 * - The last good backup is kept whatever the policy says.
 * - Backups not verified are kept while they are newer than the last good one (waiting to be checked), as many as there are
 *   daily ones at most, and always the newest.
 * - What was there before a restore, and what its owner brought back, takes nobody's place, and what is held is kept until then.
 * - Backups dated more than a day after `now` come from a wrong clock: they are kept, and take nobody's place.
 * @param now epoch milliseconds
 * @returns a decision for each, in the order given
 */
export function retention(backups: readonly KeptBackup[], policy: RetentionPolicy, now: number): RetentionDecision[] {
  const reasons = new Map<string, Set<RetentionReason>>(backups.map((backup) => [backup.id, new Set()]));
  const keep = (kept: readonly KeptBackup[], reason: RetentionReason) => {
    for (const backup of kept) reasons.get(backup.id)?.add(reason);
  };
  const ahead = backups.filter((backup) => backup.dataAt > now + dayMilliseconds);
  const newestFirst = backups.filter((backup) => !ahead.includes(backup)).toSorted(byAge);
  const good = newestFirst.filter((backup) => backup.verified && !isAside(backup));
  const waiting = newestFirst.filter(
    (backup) => !backup.verified && !isAside(backup) && backup.dataAt > (good[0]?.dataAt ?? Number.NEGATIVE_INFINITY),
  );
  keep(good.slice(0, 1), 'backups.keptLastGood');
  keep(
    newestOfEach(good, policy.daily, (backup) => backup.day),
    'backups.keptDaily',
  );
  keep(
    newestOfEach(good, policy.weekly, (backup) => isoWeek(backup.day)),
    'backups.keptWeekly',
  );
  keep(
    firstOf(
      good.filter((backup) => backup.kind === 'manual'),
      policy.manual ?? 0,
    ),
    'backups.keptManual',
  );
  keep(firstOf(waiting, Math.max(1, policy.daily)), 'backups.keptUnverifiedNewest');
  keep(ahead, 'backups.keptAhead');
  keep(
    backups.filter(({ heldUntil }) => (heldUntil ?? 0) > now),
    'backups.keptForRestore',
  );
  return backups.map(({ id }) => {
    const found = [...(reasons.get(id) ?? [])];
    return { id, keep: found.length > 0, reasons: found };
  });
}

/** Newest first; UUIDv7 ids settle a tie, since they grow with time. */
function byAge(a: KeptBackup, b: KeptBackup): number {
  return b.dataAt - a.dataAt || (a.id < b.id ? 1 : -1);
}

function newestOfEach(newestFirst: readonly KeptBackup[], most: number, period: (backup: KeptBackup) => string): KeptBackup[] {
  const newest = new Map<string, KeptBackup>();
  for (const backup of newestFirst) if (!newest.has(period(backup))) newest.set(period(backup), backup);
  return firstOf([...newest.values()], most);
}

const firstOf = (backups: readonly KeptBackup[], most: number) => backups.slice(0, Math.max(0, most));

/**
 * @param day `YYYY-MM-DD`
 * @returns the ISO 8601 week as `YYYY-Www`: weeks begin on Monday and belong to the year of their Thursday
 */
export function isoWeek(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  const weekday = (new Date(at).getUTCDay() + 6) % 7;
  const thursday = new Date(at + (3 - weekday) * dayMilliseconds);
  const week = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * dayMilliseconds)) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
