// Tables of other people at a customer, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface PeopleTables {
  invitations: {
    id: Id;
    customer_id: Id;
    inviter_person_id: Id;
    email_sealed: string;
    email_index: string;
    role: 'developer' | 'viewer';
    /** JSON array of ids */
    site_ids: string;
    networks_sealed: string | null;
    language: 'ko' | 'en';
    place_ends_at: Time | null;
    token_hash: string;
    created_at: Time;
    expires_at: Time;
    accepted_at: Time | null;
    withdrawn_at: Time | null;
  };
}
