// The platform's own tables, as in schema.ts.

type Id = string;
type Time = number;

/** The platform's own tables. */
export interface PlatformTables {
  /** one row a key and slice of its window */
  counters: { key: string; slice_at: Time; hits: number; expires_at: Time };
  jobs: {
    id: Id;
    name: string;
    key: string | null;
    lane: 'short' | 'medium' | 'long';
    /** its jobs run one after the other; null: it is in none */
    group_key: string | null;
    /** how many of its group were due when it was added: fewer come first */
    turn: number;
    payload: string;
    actor_person_id: Id | null;
    customer_id: Id | null;
    run_at: Time;
    attempts: number;
    maximum_attempts: number;
    lease_until: Time | null;
    lease_owner: string | null;
    last_error: string | null;
    failed_at: Time | null;
    created_at: Time;
  };
  /** recipient and parameters are emptied once sent */
  letters: {
    id: Id;
    template: string;
    language: 'ko' | 'en';
    recipient_sealed: string | null;
    parameters_sealed: string | null;
    actor_person_id: Id | null;
    customer_id: Id | null;
    created_at: Time;
    sent_at: Time | null;
    failed_at: Time | null;
    attempts: number;
    last_error: string | null;
  };
  /** `owner` is a person's id, before sign-in the digest of the anonymous session */
  idempotency_keys: {
    owner: string;
    key: string;
    address: string;
    created_at: Time;
    finished_at: Time | null;
    location: string | null;
  };
  /** what all processes of a panel agree on: measured once, kept */
  settings: { name: string; value: string; changed_at: Time };
  job_figures: { job: string; outcome: 'done' | 'failed' | 'gave_up' | 'stopped'; runs: number; milliseconds: number };
}
