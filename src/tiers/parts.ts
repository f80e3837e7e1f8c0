// What the parts of this feature stand on.
import type { Audit } from '../audit/audit.ts';
import type { Backups } from '../backups/backups.ts';
import type { TierName } from '../migrations/schema.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { BackupTier, SiteKeys } from '../platform/tier/port.ts';
import type { Sites } from '../sites/sites.ts';

/** One of the two tiers as this panel is set up. */
export type TierSetup = {
  readonly name: TierName;
  readonly tier: BackupTier;
  /** on a host of its own: only then it counts (KHADA 8.5, 8.6) */
  readonly isElsewhere: boolean;
  /** a backup host comes for it by itself: no job of ours reaches there (KHADA 8.7) */
  readonly isPulled?: boolean;
  /** how customers are told of it, such as the name of a data centre */
  readonly place: string | undefined;
};

export type TiersParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly secrets: Secrets;
  readonly sites: Sites;
  readonly backups: Backups;
  readonly choices: Pick<Choices, 'timeZone' | 'keepDaily' | 'keepWeekly' | 'operatorEmail'>;
  readonly log: Pick<Log, 'warn'>;
  /** @returns the tiers that are named; `keys` are those of all sites in one of them */
  readonly setUp: (keys: (tier: TierName) => SiteKeys) => readonly TierSetup[];
};
