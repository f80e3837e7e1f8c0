// Tables of pulling, as Kysely sees them; see schema.ts.
import type { TierName } from './tier-tables.ts';

type Id = string;
type Time = number;

export interface PullTables {
  /** connections that backup hosts opened: a row each, written by the host */
  pull_connections: {
    id: Id;
    tier: TierName;
    /** pull: an archive out of a web server · push: a rendering into staging */
    purpose: 'pull' | 'push';
    site_id: Id;
    backup_id: Id;
    /** as the host's own list calls it */
    server: string;
    opened_at: Time;
    /** null: open still, or its host died */
    closed_at: Time | null;
    /** that went through it */
    bytes: number | null;
    /** a word for the operator (docs/operations.md) */
    fault: string | null;
    /** a sentence for the operator */
    says: string | null;
  };
  /** renderings that the panel asked a backup host for */
  pull_stagings: {
    id: Id;
    tier: TierName;
    site_id: Id;
    customer_id: Id;
    backup_id: Id;
    asked_at: Time;
    /** the host has laid it into the folder of staging */
    staged_at: Time | null;
    /** the panel has compared it and taken it among its archives */
    taken_at: Time | null;
    failed_at: Time | null;
    fault: string | null;
  };
  /** the host of each tier that is pulled, when it was last here */
  pull_hosts: {
    tier: TierName;
    seen_at: Time;
    /** that lie there, of all sites */
    copies: number;
    /** sites whose erasure was asked for and waits for the floor */
    erasures_waiting: number;
  };
}
