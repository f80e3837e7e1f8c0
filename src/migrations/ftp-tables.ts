// Tables of ftp, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface FtpTables {
  ftp_accounts: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    maker_person_id: Id;
    /** as FTP programs send it; unique among those that have not ended */
    user_name: string;
    /** below the site's folder: `www`, `www/shop`; '': all of it, `www/` and `backup/` */
    folder: string;
    password_hash: string;
    password_set_at: Time;
    /** who set it and so may know it: while their place is over, the account lets nobody in */
    password_person_id: Id;
    /** JSON array; null: from everywhere */
    networks_sealed: string | null;
    /** since when a line without encryption will do, where the operator allows that at all; null: never */
    plain_allowed_at: Time | null;
    expires_at: Time | null;
    off_at: Time | null;
    created_at: Time;
    ended_at: Time | null;
    used_at: Time | null;
    used_address_sealed: string | null;
    /** when its password last came over a line without encryption */
    plain_at: Time | null;
  };
  /** sessions that were let in and are not known to have ended */
  ftp_sessions: {
    server_id: Id;
    /** the server's own name of it: the number of its process */
    session: string;
    account_id: Id;
    site_id: Id;
    begun_at: Time;
  };
  /** sign-ins and refusals, those that are alike and close together in one row */
  ftp_logins: {
    id: Id;
    account_id: Id;
    site_id: Id;
    /** `in`, or why not */
    outcome: string;
    is_encrypted: number;
    address_digest: string;
    /** null: of many addresses, when there are too many to keep each */
    address_sealed: string | null;
    first_at: Time;
    last_at: Time;
    count: number;
  };
  /** how far each server's log was read */
  ftp_logs: { name: string; position: string; read_at: Time };
}
