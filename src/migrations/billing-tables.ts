// Tables of the company's own billing, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface BillingTables {
  operator_tokens: {
    id: Id;
    /** what the operator calls the program */
    name: string;
    scope: 'orders:read' | 'orders:write';
    /** JSON array of addresses and networks (CIDR) from which alone it may be used; empty: from everywhere */
    networks: string;
    /** SHA-256; the token itself is kept nowhere */
    token_hash: string;
    created_at: Time;
    expires_at: Time;
    used_at: Time | null;
    ended_at: Time | null;
  };
  billing_requests: {
    token_id: Id;
    /** of the header `Idempotency-Key` */
    key: string;
    /** SHA-256 of address and body */
    digest: string;
    customer_id: Id;
    /** of HTTP */
    status: number;
    /** JSON: ids, the plan, states and times */
    answer: string;
    made_at: Time;
  };
}
