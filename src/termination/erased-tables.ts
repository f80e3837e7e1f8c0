// What becomes of each table's rows when a customer is erased: test/termination/data-map.test.ts holds it against the schema of both
// engines and docs/data.md, so that no table can be forgotten.
import type { Schema } from '../migrations/schema.ts';

/** Views of backup hosts are no tables. */
export type Table = Exclude<keyof Schema, `pulled_${string}`>;

/**
 * By which column the rows of somebody are found: `customer`, `site` and `person` hold that id · `child`: of a parent whose rows are found
 * so, and which goes after it · `login`: keyed digest of the person's login name · `owner`: whose keys of forms they are · `apart`: a step
 * of its own · `stays`: append-only under pseudonyms, or what the erasure itself is proven by · `nobody`: of no customer.
 */
export type Erased =
  | { readonly by: 'customer' | 'site' | 'person' | 'login' | 'owner'; readonly column: string }
  | { readonly by: 'child'; readonly column: string; readonly parent: Table; readonly key: string }
  | { readonly by: 'apart' | 'stays' | 'nobody' };

const customer = { by: 'customer', column: 'customer_id' } as const;
const site = { by: 'site', column: 'site_id' } as const;
const person = { by: 'person', column: 'person_id' } as const;
const child = (column: string, parent: Table, key = 'id') => ({ by: 'child', column, parent, key }) as const;
const stays = { by: 'stays' } as const;
const nobody = { by: 'nobody' } as const;
const apart = { by: 'apart' } as const;

/** Children stand before their parents: rows go in this order. */
export const erasedTables: Readonly<Record<Table, Erased>> = {
  restore_items: child('restore_id', 'restores'),
  restore_databases: child('restore_id', 'restores'),
  site_move_databases: child('move_id', 'site_moves'),
  closure_steps: stays,
  restores: customer,
  site_moves: customer,
  backup_changes: customer,
  backup_downloads: customer,
  backup_links: customer,
  backup_drills: customer,
  download_grants: customer,
  alerts: customer,
  alert_choices: customer,
  alert_rounds: customer,
  webhook_deliveries: customer,
  webhooks: customer,
  api_tokens: customer,
  operator_tokens: nobody,
  billing_requests: customer,
  pull_connections: site,
  pull_stagings: customer,
  tier_snapshots: customer,
  tier_states: customer,
  // The witness that the key was destroyed: without it a restored row of a site would be given another one.
  tier_keys: stays,
  backups: customer,
  database_grants: customer,
  database_imports: customer,
  database_trash: customer,
  databases: customer,
  usage_days: customer,
  usage_folders: customer,
  ftp_logins: site,
  ftp_sessions: site,
  ftp_accounts: customer,
  ssh_grants: site,
  ssh_requests: customer,
  file_findings: customer,
  file_arrivals: site,
  site_folders: site,
  folder_proposals: site,
  folder_scans: site,
  watched_folders: site,
  known_scripts: site,
  uploads: customer,
  unfinished_uploads: customer,
  unfinished_archives: customer,
  file_trash: customer,
  file_jobs: customer,
  file_acts: customer,
  outage_sites: customer,
  closing_wishes: customer,
  sites: customer,
  orders: customer,
  invitations: customer,
  import_rows: customer,
  // The rows stay, the network addresses and browsers beside them go (architecture §7).
  audit_personal: child('id', 'audit'),
  consents_personal: child('id', 'consents'),
  sessions: customer,
  // Jobs and letters that the erasure itself needs are left for its last step.
  jobs: apart,
  letters: apart,
  mailed_tokens: person,
  second_factors: person,
  passkeys: person,
  recovery_codes: person,
  lost_factors: person,
  address_changes: person,
  own_networks: person,
  password_ways: person,
  sign_in_waits: { by: 'login', column: 'login_index' },
  idempotency_keys: { by: 'owner', column: 'owner' },
  memberships: apart,
  persons: apart,
  customers: apart,
  audit: stays,
  audit_links: stays,
  consents: stays,
  consents_links: stays,
  consents_head: stays,
  consents_anchors: stays,
  consents_results: stays,
  document_tellings: stays,
  consent_reminders: stays,
  // Proof of what was announced, as consents are; its own sweep ends it.
  notices_seen: stays,
  closures: stays,
  kept_records: stays,
  documents: nobody,
  document_versions: nobody,
  document_texts: nobody,
  announcements: nobody,
  backup_nights: nobody,
  notice_texts: nobody,
  outages: nobody,
  outage_exclusions: nobody,
  pull_hosts: nobody,
  plans: nobody,
  servers: nobody,
  database_servers: nobody,
  ftp_logs: nobody,
  imports: nobody,
  counters: nobody,
  heartbeats: nobody,
  job_figures: nobody,
  settings: nobody,
};
