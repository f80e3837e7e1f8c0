// Every table as Kysely sees it: the same type for both engines. Times are epoch milliseconds, ids UUIDv7 text, flags are times.
// `<field>_sealed` holds a personal value (platform/secrets.ts), `<field>_index` its keyed look-up, `<field>_digest` a keyed digest.

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
    lane: 'short' | 'long';
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
}

export interface AuditTables {
  audit: {
    id: Id;
    at: Time;
    action: string;
    actor_kind: 'person' | 'visitor' | 'operator' | 'system';
    actor_person_id: Id | null;
    customer_id: Id | null;
    site_id: Id | null;
    subject_id: string | null;
    details: string;
    address_digest: string | null;
    agent_digest: string | null;
  };
  audit_personal: { id: Id; address_sealed: string | null; agent_sealed: string | null };
  audit_links: { position: number; row_id: Id; mac: string; created_at: Time };
}

export interface ConsentTables {
  /** a version that was once shown; its text lies in views/documents and must keep this digest */
  documents: { document: string; version: string; language: 'ko' | 'en'; sha256: string; first_seen_at: Time };
  consents: {
    id: Id;
    at: Time;
    order_id: Id | null;
    customer_id: Id;
    actor_person_id: Id;
    item: string;
    required: number;
    agreed: number;
    document: string | null;
    version: string | null;
    language: 'ko' | 'en';
    text_sha256: string | null;
    wording: string;
    method: string;
    address_digest: string | null;
    agent_digest: string | null;
  };
  consents_personal: { id: Id; address_sealed: string | null; agent_sealed: string | null };
  consents_links: { position: number; row_id: Id; mac: string; created_at: Time };
}

export interface OrderTables {
  plans: {
    slug: string;
    position: number;
    name_ko: string;
    name_en: string;
    summary_ko: string;
    summary_en: string;
    /** a month, tax included */
    price_won: number;
    storage_bytes: number;
    traffic_bytes: number;
    databases: number;
    ftp_accounts: number;
    manual_backups: number;
    /** `separate`: a separate backup service is part of the plan (KHADA 8.1) */
    backup_variant: 'none' | 'separate';
    availability_percent: number;
    sla_version: string;
    closed_at: Time | null;
  };
  orders: {
    id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    plan: string;
    price_won: number;
    storage_bytes: number;
    manual_backups: number;
    backup_variant: 'none' | 'separate';
    placed_at: Time;
    /** null: consent pending */
    consented_at: Time | null;
    ended_at: Time | null;
  };
}

export interface AccountTables {
  persons: {
    id: Id;
    login_name_sealed: string;
    login_name_index: string;
    email_sealed: string;
    email_index: string;
    name_sealed: string | null;
    phone_sealed: string | null;
    phone_last4_index: string | null;
    password_hash: string;
    language: 'ko' | 'en';
    created_at: Time;
    verified_at: Time | null;
    erase_at: Time | null;
  };
  customers: { id: Id; external_reference: string | null; created_at: Time; restricted_at: Time | null; closed_at: Time | null };
  memberships: {
    id: Id;
    person_id: Id;
    customer_id: Id;
    role: 'owner' | 'developer' | 'viewer';
    created_at: Time;
    expires_at: Time | null;
    ended_at: Time | null;
  };
  mailed_tokens: {
    token_hash: string;
    purpose: 'verify' | 'login-link';
    person_id: Id;
    /** digest of the browser session that asked for it, where there was one */
    session_hash: string | null;
    created_at: Time;
    expires_at: Time;
    used_at: Time | null;
  };
}

export interface SiteTables {
  servers: {
    id: Id;
    name: string;
    server_group: string;
    address: string;
    storage: string;
    created_at: Time;
    retired_at: Time | null;
  };
  sites: {
    id: Id;
    name: string;
    customer_id: Id;
    order_id: Id;
    server_id: Id;
    quota_bytes: number;
    used_bytes: number;
    used_files: number;
    counted_at: Time | null;
    created_at: Time;
    /** null: being prepared */
    opened_at: Time | null;
    suspended_at: Time | null;
    terminated_at: Time | null;
  };
}

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
}

export interface FileTables {
  /** what became of each file of one upload: `results` is a JSON array in the order of arrival */
  uploads: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    folder: string;
    conflict: 'skip' | 'rename' | 'replace';
    stored: number;
    refused: number;
    skipped: number;
    results: string;
    created_at: Time;
  };
}

export type BackupState =
  | 'queued'
  | 'running'
  | 'made'
  | 'verified'
  | 'proven'
  | 'warned'
  | 'failed'
  | 'missing'
  | 'shrunken'
  | 'damaged'
  | 'expired';

export interface BackupTables {
  backups: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    kind: 'nightly' | 'manual';
    /** local day of the configured zone; one nightly row a site and day */
    day: string;
    state: BackupState;
    file_name: string | null;
    bytes: number | null;
    original_bytes: number | null;
    sha256: string | null;
    files: number | null;
    folders: number | null;
    databases: number | null;
    /** JSON array of what is missing and why */
    left_out: string;
    /** the moment whose data it holds */
    data_at: Time | null;
    step: string | null;
    files_done: number;
    files_total: number;
    moved_at: Time | null;
    reason: string | null;
    queued_at: Time;
    started_at: Time | null;
    made_at: Time | null;
    verified_at: Time | null;
    proven_at: Time | null;
    failed_at: Time | null;
    expired_at: Time | null;
    /** why retention keeps it, as message keys */
    kept_because: string | null;
  };
  /** a fresh sign-in made it; valid as long as its session */
  download_grants: { session_hash: string; backup_id: Id; customer_id: Id; actor_person_id: Id; created_at: Time };
}

export interface Schema
  extends PlatformTables,
    AuditTables,
    ConsentTables,
    OrderTables,
    AccountTables,
    SiteTables,
    SignInTables,
    FileTables,
    BackupTables {}
