// A house with two tiers: backups go through the real jobs into real tiers, with a stopped clock.
import { join } from 'node:path';
import { Backups } from '../../src/backups/backups.ts';
import { day } from '../../src/platform/clock.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { folderTier } from '../../src/platform/tier/folder.ts';
import type { BackupTier, SiteKeys } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import type { Site } from '../../src/sites/sites.ts';
import type { TierSetup } from '../../src/tiers/parts.ts';
import { type TierName, Tiers } from '../../src/tiers/tiers.ts';
import { type aRun, openHouse } from '../backups/house.ts';
import { quickKeys } from './quick-keys.ts';

export type TierHouse = Awaited<ReturnType<typeof openTierHouse>>;

/** @param longTerm restic where its encryption or its keys matter; a folder of archives is quicker */
export async function openTierHouse({
  longTerm = 'folder' as 'folder' | 'restic',
  isElsewhere = true,
  start = undefined as string | undefined,
} = {}) {
  const house = await openHouse(start);
  const secrets = new Secrets('a secret for tests only, long enough to be one');
  const at = (name: string) => join(house.folder, name);
  const places = { 'short-term': at('short-term'), 'long-term': at('long-term') };
  /** set: what a tier does instead of keeping */
  const failing = new Map<TierName, Error>();
  const guarded = (name: TierName, tier: BackupTier): BackupTier =>
    ({
      ...Object.fromEntries(
        ['open', 'list', 'forget', 'tidy', 'check', 'remove', 'probe'].map((act) => [act, tier[act as 'open'].bind(tier)]),
      ),
      async keep(source, signal) {
        const error = failing.get(name);
        if (error) throw error;
        return tier.keep(source, signal);
      },
    }) as BackupTier;
  const longTermTier = (keys: SiteKeys) => {
    if (longTerm === 'folder') return folderTier(places['long-term']);
    const address = tierAddress(`restic:${places['long-term']}`) as ResticAddress;
    const reach = { address, hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 60_000 };
    return resticTier({ ...reach, keys: quickKeys(keys, places['long-term']), working: at('working') });
  };
  const backups = new Backups({ ...house.parts, keepsTiers: true });
  const choices = { ...house.choices, operatorEmail: 'operator@example.com' };
  /** @param isPulled the long-term one is filled by its host */
  const newTiers = (named: readonly TierName[] = ['short-term', 'long-term'], isPulled = false) =>
    new Tiers({
      ...house.parts,
      ...{ secrets, backups, choices },
      setUp: (keys) => {
        const short = guarded('short-term', folderTier(places['short-term']));
        const long = guarded('long-term', longTermTier(keys('long-term')));
        const both: TierSetup[] = [
          { name: 'short-term', tier: short, isElsewhere, place: '가산 데이터센터' },
          { name: 'long-term', tier: long, isElsewhere, isPulled, place: undefined },
        ];
        return both.filter(({ name }) => named.includes(name));
      },
    });
  const tiers = newTiers();
  const hands = {
    'backups.make': (run: ReturnType<typeof aRun>) => backups.make(String(run.payload.backupId), run),
    'backups.verify': (run: ReturnType<typeof aRun>) => backups.verify(String(run.payload.backupId), run),
    'tiers.keep': (run: ReturnType<typeof aRun>) => tiers.keep(String(run.payload.backupId)),
    'tiers.store': (run: ReturnType<typeof aRun>) => tiers.store(String(run.payload.snapshotId), run),
    'tiers.check': (run: ReturnType<typeof aRun>) => tiers.check(String(run.payload.siteId), run.payload.tier as TierName, run),
  };
  return {
    ...house,
    ...{ backups, tiers, secrets, places, failing, newTiers },
    work: () => house.queue.drain(hands),
    /** A whole night: backups are made, checked and brought into the tiers. */
    async night(days = 1): Promise<void> {
      for (let count = 0; count < days; count += 1) {
        house.clock.advance(day);
        await house.night();
        await house.queue.drain(hands);
      }
    },
    rows: (site: Site, tier: TierName) =>
      house.connection.db
        .selectFrom('tier_snapshots')
        .selectAll()
        .where('site_id', '=', site.id)
        .where('tier', '=', tier)
        .orderBy('data_at')
        .execute(),
  };
}
