// Tables of signing in: sessions, factors, changes of address, one's own networks.
import type { LostFactor } from './017-lost-factors.ts';

type Id = string;
type Time = number;

export interface SignInTables {
  sessions: {
    /** SHA-256 of the cookie's id */
    id_hash: string;
    person_id: Id | null;
    customer_id: Id | null;
    data_sealed: string;
    created_at: Time;
    seen_at: Time;
    /** the earlier of idle and absolute end */
    expires_at: Time;
  };
  second_factors: {
    id: Id;
    person_id: Id;
    kind: 'totp';
    secret_sealed: string;
    /** the newest time step whose code was used */
    last_step: number;
    created_at: Time;
    used_at: Time | null;
  };
  passkeys: {
    /** base64url, as the authenticator made it */
    credential_id: string;
    person_id: Id;
    /** COSE, base64url */
    public_key: string;
    counter: number;
    /** comma-separated */
    transports: string;
    /** it is kept by a provider and may be on several devices */
    backed_up: number;
    name_sealed: string;
    created_at: Time;
    used_at: Time | null;
  };
  /** an operator was told that a person lost their second factors; they are removed when the wait is over */
  lost_factors: LostFactor;
  recovery_codes: { code_digest: string; person_id: Id; created_at: Time; used_at: Time | null };
  address_changes: {
    id: Id;
    person_id: Id;
    /** an operator asks where the old mailbox is lost */
    asked_by: 'person' | 'operator';
    old_sealed: string;
    new_sealed: string;
    old_token_hash: string | null;
    /** null: the new address is somebody else's, whose letter has no link */
    new_token_hash: string | null;
    /** once it is done */
    undo_token_hash: string | null;
    /** the old address was the login name too */
    renames_login: number;
    created_at: Time;
    /** from then on the silence of the old mailbox is enough; null: never */
    waits_until: Time | null;
    /** of the links that confirm; once it is done, of the one that undoes */
    expires_at: Time;
    old_confirmed_at: Time | null;
    new_confirmed_at: Time | null;
    done_at: Time | null;
    /** refused, replaced by another one, or undone */
    ended_at: Time | null;
  };
  /** from where a person may come; no row: from everywhere */
  own_networks: { person_id: Id; networks_sealed: string; set_at: Time };
}
