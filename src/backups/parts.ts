// What the door of backups and its rooms are built of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Databases } from '../databases/databases.ts';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Signing } from '../platform/signing.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import type { Sites } from '../sites/sites.ts';

export type BackupsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Pick<Accounts, 'person' | 'owner'>;
  readonly orders: Pick<Orders, 'byId'>;
  readonly sites: Sites;
  readonly archives: ArchiveStorage;
  readonly databases: Pick<Databases, 'dumping' | 'trying'>;
  /** signs manifests */
  readonly signing: Signing;
  /** where archives are unpacked for a drill; nothing else lies there */
  readonly drillsFolder: string;
  /** archives that come back in pieces: where they arrive, for how long they are waited for, and what stays free on that disk */
  readonly arriving: {
    readonly folder: string;
    readonly leaseMilliseconds: number;
    readonly keptHours: number;
    readonly reserveBytes: number;
  };
  readonly choices: Pick<
    Choices,
    'timeZone' | 'backupAt' | 'backupUntil' | 'backupsAtOnce' | 'backupsPerServer' | 'backupHours' | 'keepDaily' | 'keepWeekly'
  >;
  /** for so long a site that is backed up may say nothing; ten minutes unless given */
  readonly silentMilliseconds?: number;
  readonly log: Pick<Log, 'warn'>;
  /** every good one is also handed to the tiers (the job `tiers.keep`) */
  readonly keepsTiers?: boolean;
};
