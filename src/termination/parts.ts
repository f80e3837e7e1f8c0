// What the door of termination and its rooms are built of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Backups } from '../backups/backups.ts';
import type { Consent } from '../consent/consent.ts';
import type { Databases } from '../databases/databases.ts';
import type { Files } from '../files/files.ts';
import type { Ftp } from '../ftp/ftp.ts';
import type { Incoming } from '../incoming/incoming.ts';
import type { Moves } from '../moves/moves.ts';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Signing } from '../platform/signing.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import type { Sites } from '../sites/sites.ts';
import type { Ssh } from '../ssh/ssh.ts';
import type { Tiers } from '../tiers/tiers.ts';

/** Folders of this machine in which parts of sites may lie, each below an id. */
export type WorkFolders = {
  /** `<site>.<run>` */
  readonly drills: string;
  /** `<restore>` */
  readonly restoring: string;
  /** `<move>` */
  readonly moving: string;
  /** letters as files, where the panel keeps them itself; undefined: it hands them to a mail server */
  readonly outbox: string | undefined;
};

export type TerminationParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly signing: Signing;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly letters: Letters;
  readonly log: Log;
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly consent: Consent;
  readonly sites: Sites;
  readonly databases: Databases;
  readonly files: Files;
  readonly incoming: Incoming;
  readonly ftp: Ftp;
  readonly ssh: Ssh;
  readonly backups: Backups;
  readonly tiers: Tiers;
  readonly moves: Moves;
  readonly archives: ArchiveStorage;
  readonly folders: WorkFolders;
  /** the list of erasures, beside the database and not in it */
  readonly erasuresFile: string;
  readonly choices: Pick<Choices, 'eraseAfterDays' | 'brand' | 'timeZone' | 'features'>;
};

/** Characters of what somebody says about a closing. */
export const longestSaid = 1000;

/** Joins the caller's transaction. The job names no customer: it outlives their rows. @param pause milliseconds from now */
export async function queueErasure(
  { queue, clock }: Pick<TerminationParts, 'queue' | 'clock'>,
  tx: Tx,
  closureId: string,
  pause = 0,
): Promise<void> {
  const options = { key: `termination.erase:${closureId}`, lane: 'long', runAt: clock.now() + pause } as const;
  await queue.add(tx, 'termination.erase', { closureId }, options);
}
