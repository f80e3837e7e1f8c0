// Views that a backup host sees of the panel's database, as Kysely sees them; they are made for its role (pulls/role.ts).
import type { PullTables } from './pull-tables.ts';
import type { TierTables } from './tier-tables.ts';

type Id = string;
type Time = number;

/** What a backup host sees, in a schema of its own on PostgreSQL (`gotgan backup host-role`): of its own tier alone. */
export interface PullViews {
  pulled_work: {
    id: Id;
    site_id: Id;
    backup_id: Id;
    /** name of the server that the site lies on */
    server: string;
    /** the site's folder there, its last part counts */
    folder: string;
    file_name: string;
    sha256: string;
    bytes: number;
    data_at: Time;
    queued_at: Time;
  };
  pulled_snapshots: Omit<TierTables['tier_snapshots'], 'customer_id'>;
  pulled_states: Pick<
    TierTables['tier_states'],
    'site_id' | 'tier' | 'data_at' | 'kept_at' | 'failed_at' | 'fault' | 'bytes' | 'checks' | 'checked_at' | 'check_fault'
  >;
  /** sites that are to be erased */
  pulled_erasures: { site_id: Id; destroyed_at: Time };
  pulled_stagings: Omit<PullTables['pull_stagings'], 'customer_id'>;
  pulled_connections: PullTables['pull_connections'];
  pulled_host: PullTables['pull_hosts'];
}
