// What the parts of this feature stand on, on the panel's side.
import type { Audit } from '../audit/audit.ts';
import type { Backups } from '../backups/backups.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Sites } from '../sites/sites.ts';
import type { Tiers } from '../tiers/tiers.ts';

export type PullsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly sites: Sites;
  readonly backups: Backups;
  readonly tiers: Tiers;
  readonly choices: Pick<Choices, 'operatorEmail'>;
  readonly log: Pick<Log, 'warn'>;
  /** folder that backup hosts lay renderings into */
  readonly staging: string;
};
