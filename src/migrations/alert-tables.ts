// Tables of what customers are told of their backups, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

/**
 * failed, damaged, missing, shrunken: that backup, by its state · unverified: made, and not read back for two hours · overdue, late: no good copy
 * of data younger than 26, 50 hours
 */
export type AlertCause = 'failed' | 'damaged' | 'missing' | 'shrunken' | 'unverified' | 'overdue' | 'late';

export interface AlertTables {
  /** one row for what was told once; while `ended_at` is null it holds */
  alerts: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    cause: AlertCause;
    /** id of the backup; where none was made, the moment whose data the last good one holds */
    subject: string;
    /** when it came about */
    at: Time;
    told_at: Time;
    ended_at: Time | null;
  };
  /** what a customer has chosen; no row: all of it is sent */
  alert_choices: { customer_id: Id; digest: number; reminder: number; changed_at: Time };
  /** the last weekly letter and the last reminder that a customer was sent, by the moment they were due */
  alert_rounds: { customer_id: Id; kind: 'digest' | 'reminder'; round_at: Time };
  /** where a program of the customer's is told the same: one a customer */
  webhooks: {
    id: Id;
    customer_id: Id;
    actor_person_id: Id;
    url_sealed: string;
    secret_sealed: string;
    made_at: Time;
  };
  webhook_deliveries: {
    id: Id;
    webhook_id: Id;
    customer_id: Id;
    event: string;
    /** JSON as it is sent; nothing personal is in it */
    body: string;
    queued_at: Time;
    attempts: number;
    /** of the last answer */
    status: number | null;
    /** why there was none, a code */
    fault: string | null;
    tried_at: Time | null;
    delivered_at: Time | null;
    /** the attempts are used up */
    failed_at: Time | null;
  };
  /** when a process that works was last seen; `told_at`: the operator was told that it is not */
  heartbeats: { name: string; at: Time; told_at: Time | null };
}
