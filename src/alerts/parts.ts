// What the door of alerts and its rooms are built of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Backups } from '../backups/backups.ts';
import type { Downloads } from '../downloads/downloads.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Post } from '../platform/webhook/port.ts';
import type { Sites } from '../sites/sites.ts';
import type { Tiers } from '../tiers/tiers.ts';

export type AlertsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly secrets: Secrets;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Pick<Accounts, 'owner'>;
  readonly sites: Pick<Sites, 'forMember' | 'openSites'>;
  readonly backups: Pick<Backups, 'card' | 'held'>;
  readonly tiers: Pick<Tiers, 'of'>;
  readonly downloads: Pick<Downloads, 'lastAt'>;
  /** how a webhook leaves the house */
  readonly post: Post;
  readonly choices: Pick<Choices, 'timeZone' | 'operatorEmail' | 'features'>;
  readonly log: Pick<Log, 'warn'>;
};
