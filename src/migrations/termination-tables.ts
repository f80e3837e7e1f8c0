// Tables of termination, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

/** Who ended the contract: the customer, its end, its not being paid, the operator; `again`: the database is older than the erasure. */
export type ClosureReason = 'customer' | 'expired' | 'unpaid' | 'operator' | 'again';

export interface TerminationTables {
  /** one row a closed account; after the erasure it tells nothing personal */
  closures: {
    id: Id;
    customer_id: Id;
    because: ClosureReason;
    /** what the customer or the operator said about it */
    said_sealed: string | null;
    /** JSON array of the ids of sites that answered until then, and answer again when it is undone */
    answering_sites: string;
    closed_at: Time;
    /** not before */
    erase_at: Time;
    /** since when an authority, or a dispute, forbids the erasure */
    held_at: Time | null;
    reopened_at: Time | null;
    /** from then on nothing can be undone */
    begun_at: Time | null;
    erased_at: Time | null;
    /** the letter that brings the certificate: nobody's address goes before it was sent or given up */
    letter_id: Id | null;
    /** the signed statement of what was destroyed */
    certificate: string | null;
    /** digest of the link to it */
    certificate_hash: string | null;
    /** what the erasure last failed at, a line for the operator */
    fault: string | null;
  };
  /** a customer's word that the account is to be closed when what was paid is over */
  closing_wishes: {
    id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    said_sealed: string | null;
    asked_at: Time;
    close_at: Time;
    ended_at: Time | null;
    outcome: 'withdrawn' | 'closed' | null;
  };
  /** which step of an erasure is done, and what it removed */
  closure_steps: { closure_id: Id; step: string; subject: string; done_at: Time; counts: string };
  /** what a law has the company keep after the erasure, apart from everything else, under a pseudonym (Personal Information Protection Act, article 21-3) */
  kept_records: {
    id: Id;
    closure_id: Id;
    /** nobody's any more: the id of a customer who is gone */
    customer_id: Id;
    kind: 'contract';
    /** keyed digest of the address the customer had, by which whoever names it is found */
    subject_digest: string | null;
    /** JSON: orders with plans, prices and times */
    content: string;
    kept_since: Time;
    ends_at: Time;
  };
}
