// The PostgreSQL role of a backup host: views of its own tier's rows in a schema of its own, and no right to anything else (ruling 9).
import type { TierName } from '../migrations/schema.ts';

export type HostRole = {
  readonly tier: TierName;
  /** lower-case letters, digits and `_` */
  readonly role: string;
  /** as PostgreSQL keeps it, `SCRAM-SHA-256$…`: the text tells nobody the password */
  readonly verifier: string;
};

export const isRoleName = (text: string) => /^[a-z_][a-z0-9_]{0,62}$/.test(text);

/** What each view shows, and which of its columns the host may change. No customer, no person and nothing sealed is in any. */
const views = (tier: TierName): readonly View[] => [
  {
    name: 'pulled_work',
    text: `SELECT w.id, w.site_id, w.backup_id, v.name AS server, coalesce(s.home_folder, s.name) AS folder,
      b.file_name, b.sha256, b.bytes, w.data_at, w.queued_at
      FROM public.tier_snapshots w JOIN public.backups b ON b.id = w.backup_id
      JOIN public.sites s ON s.id = w.site_id JOIN public.servers v ON v.id = s.server_id
      WHERE w.tier = '${tier}' AND w.state = 'waiting' AND s.terminated_at IS NULL AND b.expired_at IS NULL
      AND b.file_name IS NOT NULL AND b.sha256 IS NOT NULL AND b.bytes IS NOT NULL`,
  },
  {
    name: 'pulled_snapshots',
    text: `SELECT id, site_id, tier, backup_id, day, data_at, state, fault, bytes, kept_because, queued_at, kept_at, failed_at, forgotten_at
      FROM public.tier_snapshots WHERE tier = '${tier}' WITH CASCADED CHECK OPTION`,
    changes: ['state', 'fault', 'bytes', 'kept_because', 'kept_at', 'failed_at', 'forgotten_at'],
  },
  {
    name: 'pulled_states',
    text: `SELECT site_id, tier, data_at, kept_at, failed_at, fault, bytes, checks, checked_at, check_fault
      FROM public.tier_states WHERE tier = '${tier}' WITH CASCADED CHECK OPTION`,
    changes: ['data_at', 'kept_at', 'failed_at', 'fault', 'bytes', 'checks', 'checked_at', 'check_fault'],
  },
  {
    name: 'pulled_erasures',
    text: `SELECT site_id, destroyed_at FROM public.tier_keys WHERE tier = '${tier}' AND destroyed_at IS NOT NULL`,
  },
  {
    name: 'pulled_stagings',
    text: `SELECT id, tier, site_id, backup_id, asked_at, staged_at, taken_at, failed_at, fault
      FROM public.pull_stagings WHERE tier = '${tier}' WITH CASCADED CHECK OPTION`,
    changes: ['staged_at', 'failed_at', 'fault'],
  },
  {
    name: 'pulled_connections',
    text: `SELECT id, tier, purpose, site_id, backup_id, server, opened_at, closed_at, bytes, fault, says
      FROM public.pull_connections WHERE tier = '${tier}' WITH CASCADED CHECK OPTION`,
    changes: ['closed_at', 'bytes', 'fault', 'says'],
    adds: true,
  },
  {
    name: 'pulled_host',
    text: `SELECT tier, seen_at, copies, erasures_waiting FROM public.pull_hosts WHERE tier = '${tier}' WITH CASCADED CHECK OPTION`,
    changes: ['seen_at', 'copies', 'erasures_waiting'],
  },
];

type View = {
  readonly name: string;
  readonly text: string;
  /** columns that may be updated */
  readonly changes?: readonly string[];
  readonly adds?: boolean;
};

export const schemaOf = (tier: TierName) => `gotgan_pull_${tier.replaceAll('-', '_')}`;

/**
 * Run again it brings role and views up to date: after an update of the panel, or for a new password.
 * @returns SQL for who owns the panel's database and may make roles
 * @throws RangeError for a name that is none, or a verifier that is none
 */
export function hostRoleSql({ tier, role, verifier }: HostRole): string {
  if (!isRoleName(role)) throw new RangeError('The role must be lower-case letters, digits and _');
  if (!/^SCRAM-SHA-256\$[A-Za-z0-9+/=:$]+$/.test(verifier)) throw new RangeError('Not a verifier of SCRAM-SHA-256');
  const schema = schemaOf(tier);
  const lines = [
    'BEGIN;',
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role}; END IF; END $$;`,
    `ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 12 PASSWORD '${verifier}';`,
    `DROP SCHEMA IF EXISTS ${schema} CASCADE;`,
    `CREATE SCHEMA ${schema};`,
    ...views(tier).flatMap(({ name, text, changes, adds }) => [
      `CREATE VIEW ${schema}.${name} WITH (security_barrier) AS ${text};`,
      `GRANT SELECT${adds ? ', INSERT' : ''} ON ${schema}.${name} TO ${role};`,
      ...(changes ? [`GRANT UPDATE (${changes.join(', ')}) ON ${schema}.${name} TO ${role};`] : []),
    ]),
    `GRANT USAGE ON SCHEMA ${schema} TO ${role};`,
    `DO $$ BEGIN EXECUTE format('ALTER ROLE ${role} IN DATABASE %I SET search_path = ${schema}', current_database());`,
    `  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${role}', current_database()); END $$;`,
    `INSERT INTO public.pull_hosts (tier, seen_at, copies, erasures_waiting) VALUES ('${tier}', 0, 0, 0) ON CONFLICT DO NOTHING;`,
    'COMMIT;',
  ];
  return `${lines.join('\n')}\n`;
}
