// Tables of programs' tokens, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface ApiTables {
  api_tokens: {
    id: Id;
    customer_id: Id;
    /** who made it: it may never do more than they */
    person_id: Id;
    /** null: every site that its maker may look at */
    site_id: Id | null;
    scope: 'backups:read';
    name_sealed: string;
    /** SHA-256; the token itself is kept nowhere */
    token_hash: string;
    created_at: Time;
    expires_at: Time;
    used_at: Time | null;
    used_address_sealed: string | null;
    /** JSON array: keyed digests of the networks it was used from, newest last */
    known_networks: string;
    /** when its maker was told that it ends soon */
    expiry_told_at: Time | null;
    ended_at: Time | null;
  };
}
