// Every table as Kysely sees it: the same type for both engines. Times are epoch milliseconds, ids UUIDv7 text, flags are times.
// `<field>_sealed` holds a personal value (platform/secrets.ts), `<field>_index` its keyed look-up, `<field>_digest` a keyed digest.

import type { FileAct } from './010-file-acts.ts';
import type { AlertTables } from './alert-tables.ts';
import type { ApiTables } from './api-tables.ts';
import type { BackupTables } from './backup-tables.ts';
import type { BillingTables } from './billing-tables.ts';
import type { BrowseTables } from './browse-tables.ts';
import type { ConsentTables } from './consent-tables.ts';
import type { DatabasesTables } from './databases-tables.ts';
import type { DefenceTables } from './defence-tables.ts';
import type { FileTables } from './file-tables.ts';
import type { FtpTables } from './ftp-tables.ts';
import type { HomeTables } from './home-tables.ts';
import type { ImportTables } from './import-tables.ts';
import type { IncomingTables } from './incoming-tables.ts';
import type { MoveTables } from './move-tables.ts';
import type { NightTables } from './night-tables.ts';
import type { NoticeTables } from './notice-tables.ts';
import type { OutageTables } from './outage-tables.ts';
import type { PeopleTables } from './people-tables.ts';
import type { PlatformTables } from './platform-tables.ts';
import type { PullTables } from './pull-tables.ts';
import type { PullViews } from './pull-views.ts';
import type { RestoreTables } from './restore-tables.ts';
import type { SignInTables } from './sign-in-tables.ts';
import type { SshTables } from './ssh-tables.ts';
import type { TerminationTables } from './termination-tables.ts';
import type { TierTables } from './tier-tables.ts';
import type { UsageTables } from './usage-tables.ts';

type Id = string;
type Time = number;

export type { FileActKind } from './010-file-acts.ts';
export type { AlertCause, AlertTables } from './alert-tables.ts';
export type { ApiTables } from './api-tables.ts';
export type { BackupState, BackupTables } from './backup-tables.ts';
export type { BillingTables } from './billing-tables.ts';
export type { BrowseTables } from './browse-tables.ts';
export type { ConsentRow, ConsentTables } from './consent-tables.ts';
export type { DatabaseImportState, DatabaseImportStep, DatabasesTables } from './databases-tables.ts';
export type { FileJobKind, FileJobState, FileJobStep, FileTables } from './file-tables.ts';
export type { FtpTables } from './ftp-tables.ts';
export type { AnnouncedSubject, HomeTables } from './home-tables.ts';
export type { IncomingTables } from './incoming-tables.ts';

export type { MoveStep, MoveTables } from './move-tables.ts';
export type { NightTables } from './night-tables.ts';
export type { NoticeTables } from './notice-tables.ts';
export type { OutageTables } from './outage-tables.ts';
export type { PeopleTables } from './people-tables.ts';
export type { PlatformTables } from './platform-tables.ts';
export type { PullTables } from './pull-tables.ts';
export type { PullViews } from './pull-views.ts';
export type { RestoreDest, RestoreMode, RestoreScope, RestoreStep, RestoreTables } from './restore-tables.ts';
export type { SignInTables } from './sign-in-tables.ts';
export type { SshTables } from './ssh-tables.ts';
export type { ClosureReason, TerminationTables } from './termination-tables.ts';
export type { TierName, TierSnapshotState, TierTables } from './tier-tables.ts';
export type { UsageTables } from './usage-tables.ts';

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
    /** in its ASCII form, small letters; only where the customer came with one */
    domain: string | null;
    /** what the company's billing said is paid, all three or none; `paid_until`: the first moment that is not */
    paid_from: Time | null;
    paid_until: Time | null;
    paid_won: number | null;
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
    /** what `password_hash` rests on while it is an older panel's, such as `bcrypt:12`; null: argon2id alone */
    legacy_hash: string | null;
    /** null: as chosen at sign-up */
    password_set_at: Time | null;
    /** no password is right until a new one is set */
    password_closed_at: Time | null;
    language: 'ko' | 'en';
    created_at: Time;
    verified_at: Time | null;
    erase_at: Time | null;
  };
  customers: {
    id: Id;
    external_reference: string | null;
    created_at: Time;
    restricted_at: Time | null;
    /** a reason of `restrictionReasons` (accounts/restrictions.ts) */
    restricted_because: string | null;
    closed_at: Time | null;
  };
  memberships: {
    id: Id;
    person_id: Id;
    customer_id: Id;
    role: 'owner' | 'developer' | 'viewer';
    created_at: Time;
    expires_at: Time | null;
    ended_at: Time | null;
    /** JSON array of ids; null: every site of the customer, those to come as well */
    site_ids: string | null;
    /** networks from which alone the place may be used, one a line; null: from everywhere */
    networks_sealed: string | null;
    /** when its sessions were ended because it had expired */
    lapsed_at: Time | null;
  };
  mailed_tokens: {
    token_hash: string;
    purpose: 'verify' | 'login-link' | 'password-reset' | 'not-me' | 'networks-off' | 'lost-factor' | 'reopen';
    person_id: Id;
    /** digest of the browser session that asked for it, where there was one */
    session_hash: string | null;
    /** the factor whose letter it is */
    about: string | null;
    created_at: Time;
    expires_at: Time;
    used_at: Time | null;
  };
}

export interface SiteTables {
  servers: {
    id: Id;
    name: string;
    server_group: 'web' | 'ssh';
    /** as the panel reaches it; '': this machine */
    address: string;
    /** where its sites lie, of the kind `folders`: a folder of this machine */
    storage: string;
    created_at: Time;
    /** since when no new site is put there */
    drained_at: Time | null;
    host_kind: 'folders' | 'unix' | 'command';
    /** JSON array of program and arguments, of the kinds that have one */
    host_command: string | null;
    /** what customers' FTP programs are told; null: there is no FTP server */
    ftp_host: string | null;
    ftp_port: number | null;
    /** of a server on another machine: port and user of its sshd, and fingerprints of its host keys, one a line */
    ssh_port: number | null;
    ssh_user: string | null;
    host_keys: string | null;
    /** of a server on another machine: the log that its FTP server writes for the panel */
    ftp_log: string | null;
    /** SHA-256 of the FTP server's certificate there */
    ftp_fingerprint: string | null;
    checked_at: Time | null;
    /** what the last check found, a line for the operator; null: well */
    check_fault: string | null;
    /** when the operator was written to about it */
    fault_told_at: Time | null;
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
    /** since when it is closed on every door because its last changes are carried to another server */
    frozen_at: Time | null;
    terminated_at: Time | null;
    /** grows with every change of `used_bytes`, so that a count knows whether it is still true */
    usage_changes: number;
    /** the highest percentage of the quota that was told of and that the usage has not fallen five points below since; 0: none */
    usage_level: number;
    /** where its files lie and whose they are; null: the host was not asked yet */
    home_folder: string | null;
    home_user_id: number | null;
    home_group_id: number | null;
    home_user: string | null;
    /** what the host said when it last failed at the site, a line for the operator; null: well */
    host_fault: string | null;
  };
  /** acts on files that are under way, with the room they hold */
  file_acts: FileAct;
}

export interface Schema
  extends PlatformTables,
    AuditTables,
    ConsentTables,
    OrderTables,
    AccountTables,
    ImportTables,
    PeopleTables,
    SiteTables,
    SignInTables,
    DefenceTables,
    FileTables,
    DatabasesTables,
    FtpTables,
    IncomingTables,
    SshTables,
    MoveTables,
    RestoreTables,
    UsageTables,
    BrowseTables,
    TierTables,
    PullTables,
    PullViews,
    OutageTables,
    NoticeTables,
    HomeTables,
    NightTables,
    TerminationTables,
    AlertTables,
    ApiTables,
    BillingTables,
    BackupTables {}
