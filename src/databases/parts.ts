// What the door of databases and its rooms are built of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { DatabaseAccess, DatabaseServer } from '../platform/database-server/port.ts';
import type { FieldFault } from '../platform/errors.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import type { Sites } from '../sites/sites.ts';

/** of an import and of a deletion, before they are given up */
export const attempts = 4;

export type DatabasesParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly sites: Sites;
  /** where dumps lie: what came to be imported, and the trash */
  readonly archives: ArchiveStorage;
  /** the judge of every password of the panel */
  readonly passwords: { judge(password: string, context: { words: readonly string[] }): Promise<readonly FieldFault[]> };
  readonly log: Log;
  /** reaches a database server; nothing is opened until it is asked for something */
  readonly databaseServer: (access: DatabaseAccess, options?: { backup?: { user: string; password: string } }) => DatabaseServer;
  /**
   * @returns how the panel comes to a database server of a server: as its access says, or through the line to another machine
   * @throws PanelError 503 when that machine does not answer
   */
  readonly reached: (serverId: string, access: DatabaseAccess) => Promise<DatabaseAccess>;
  readonly limits: {
    /** bytes of one dump as it comes, packed or not */
    readonly importBytes: number;
  };
};
