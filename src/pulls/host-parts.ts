// What a backup host stands on: its own storage, list of servers, key and ledger; the panel's rows for as long as a round lasts.
import type { TierName } from '../migrations/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { BackupTier } from '../platform/tier/port.ts';
import type { Floor } from './floor.ts';
import type { HostRows } from './host-rows.ts';
import type { Ledger } from './ledger.ts';
import type { LocalKeys } from './local-keys.ts';
import type { ListedServer } from './server-list.ts';

export type HostParts = {
  readonly name: TierName;
  readonly tier: BackupTier;
  /** @returns the archive as it lies here, byte for byte; undefined where the tier keeps contents instead of archives */
  readonly archiveOf: (site: string, backupId: string) => string | undefined;
  readonly keys: LocalKeys;
  readonly servers: ReadonlyMap<string, ListedServer>;
  /** @returns the host's private key for servers */
  readonly privateKey: () => Promise<string>;
  readonly ledger: Ledger;
  readonly floor: Floor;
  /** newest good copy of each of so many days (short-term) or ISO weeks (long-term) */
  readonly keep: number;
  /** sites that may be erased within a day of own time, whatever rows ask for */
  readonly erasuresADay: number;
  readonly timeZone: string;
  /** for what is on its way; emptied at the start of each round */
  readonly working: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
};

/** The same with the panel's rows, which are there for one round. */
export type RoundParts = HostParts & { readonly rows: HostRows; readonly signal: AbortSignal };
