// Tables of outages, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface OutageTables {
  /** as the operator recorded them */
  outages: {
    id: Id;
    server_id: Id;
    /** JSON array of ids; null: every site that was on the server */
    site_ids: string | null;
    started_at: Time;
    /** null: it lasts */
    ended_at: Time | null;
    /** the service was brought back from a backup */
    restored: number;
    /** a line that customers read; the same words are the same cause */
    cause: string;
    recorded_at: Time;
    /** it was recorded by mistake */
    withdrawn_at: Time | null;
    /** all its customers were written to */
    told_at: Time | null;
  };
  /** parts that do not count by the document `sla` */
  outage_exclusions: {
    id: Id;
    outage_id: Id;
    because: 'maintenance' | 'force-majeure' | 'customer' | 'network' | 'authority';
    started_at: Time;
    ended_at: Time;
    /** of maintenance: when customers were told of it */
    announced_at: Time | null;
    /** what shows it; customers read it */
    note: string;
    recorded_at: Time;
  };
  /** who could not use what for how long, with the contract as it was when that began */
  outage_sites: {
    outage_id: Id;
    site_id: Id;
    customer_id: Id;
    order_id: Id;
    plan: string;
    price_won: number;
    availability_percent: number;
    /** the version of the document `sla` that applies */
    sla_version: string;
    /** when the customer agreed to that version; null: not yet, it is the one the plan was published with */
    agreed_at: Time | null;
    started_at: Time;
    ended_at: Time | null;
    /** the customer was written to */
    told_at: Time | null;
  };
}
