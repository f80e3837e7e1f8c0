// The floor under a tier, whatever rows say (ruling 9): nothing younger than so long goes, and never the newest.
import type { BackupTier } from './port.ts';

/**
 * @param floor milliseconds; counted from the moment whose data a snapshot holds, as the tier itself tells it
 * @returns the same tier, which forgets less than it is asked to
 */
export function withFloor(tier: BackupTier, { floor, now }: { floor: number; now: () => number }): BackupTier {
  return {
    keep: (source, signal) => tier.keep(source, signal),
    open: (site, backupId, signal) => tier.open(site, backupId, signal),
    list: (site, signal) => tier.list(site, signal),
    async forget(site, backupIds, signal) {
      const held = (await tier.list(site, signal)).toSorted((one, other) => other.dataAt - one.dataAt);
      const goes = held.slice(1).filter(({ backupId }) => backupIds.includes(backupId));
      const old = goes.filter(({ dataAt }) => dataAt < now() - floor);
      await tier.forget(
        site,
        old.map(({ backupId }) => backupId),
        signal,
      );
    },
    tidy: (site, signal) => tier.tidy(site, signal),
    check: (site, part, signal) => tier.check(site, part, signal),
    remove: (site, key, signal) => tier.remove(site, key, signal),
  };
}
