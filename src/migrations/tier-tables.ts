// Tables of backup tiers, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export type TierName = 'short-term' | 'long-term';

/** waiting: to be brought there · kept · failed: the attempts are used up · damaged: could not be read back · forgotten: by retention, or gone */
export type TierSnapshotState = 'waiting' | 'kept' | 'failed' | 'damaged' | 'forgotten';

export interface TierTables {
  tier_keys: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    tier: TierName;
    /** null: destroyed */
    password_sealed: string | null;
    made_at: Time;
    destroyed_at: Time | null;
    /** when the storage had let go of what the key opened; null with `destroyed_at`: it is still to be removed */
    removed_at: Time | null;
    removal_tried_at: Time | null;
  };
  tier_snapshots: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    tier: TierName;
    backup_id: Id;
    /** local day of the configured zone, of the backup */
    day: string;
    data_at: Time;
    state: TierSnapshotState;
    /** a word for the operator (platform/tier/faults.ts) */
    fault: string | null;
    /** that it added */
    bytes: number | null;
    /** JSON: keys of sentences */
    kept_because: string | null;
    queued_at: Time;
    kept_at: Time | null;
    failed_at: Time | null;
    forgotten_at: Time | null;
  };
  /** how it goes with a site in a tier: one row each */
  tier_states: {
    site_id: Id;
    tier: TierName;
    customer_id: Id;
    /** of the newest that is kept */
    data_at: Time | null;
    kept_at: Time | null;
    /** since when the newest could not be brought there; null when it could */
    failed_at: Time | null;
    fault: string | null;
    /** when the operator was told of it */
    told_at: Time | null;
    check_due_at: Time;
    /** how many checks there were: each reads another part */
    checks: number;
    checked_at: Time | null;
    check_fault: string | null;
    /** all that is stored, as the last check found it */
    bytes: number | null;
  };
}
