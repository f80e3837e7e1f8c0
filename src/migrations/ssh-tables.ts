// Tables of ssh, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface SshTables {
  ssh_requests: {
    id: Id;
    customer_id: Id;
    site_id: Id;
    actor_person_id: Id;
    key_kind: string;
    key_fingerprint: string;
    /** type and base64; sealed so that nobody who can write to the database can put another one in its place */
    key_sealed: string;
    /** networks, one a line */
    networks_sealed: string;
    ends_at: Time;
    /** of the consent given last */
    consent_id: Id;
    consent_version: string;
    requested_at: Time;
    approved_at: Time | null;
    refused_at: Time | null;
    /** what the operator said when refusing */
    reason_sealed: string | null;
    withdrawn_at: Time | null;
    /** when its owner was told that it ends soon */
    reminded_at: Time | null;
    ended_at: Time | null;
    ended_because: SshEnd | null;
  };
  ssh_grants: {
    request_id: Id;
    site_id: Id;
    server_id: Id;
    server_group: 'ssh';
    ends_at: Time;
    granted_at: Time;
    /** null: in force; else over, and the server has not said yet that it lets nobody in */
    closed_at: Time | null;
    /** when the server first let the key in; null: being opened */
    written_at: Time | null;
    /** since when the server lets nobody in although the grant goes on: the site is suspended, the customer restricted */
    shut_at: Time | null;
    login_user: string | null;
    login_host: string | null;
    login_port: number | null;
    /** fingerprints of the server, one a line */
    host_keys: string | null;
    /** how often the server began to be told its list, and which of these times is known to have been the last: equal, or it is told again */
    tellings: number;
    told: number;
  };
}

/** Why access ended: its own end, by the customer, by the operator, another request in its place, the site is gone. */
export type SshEnd = 'due' | 'customer' | 'operator' | 'replaced' | 'site';
