// The numbered migrations, in order, and how they are applied: each all or nothing, one process at a time.
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Connection, Engine } from '../platform/database/database.ts';
import { platform } from './001-platform.ts';
import { audit } from './002-audit.ts';
import { consent } from './003-consent.ts';
import { orders } from './004-orders.ts';
import { accounts } from './005-accounts.ts';
import { sites } from './006-sites.ts';
import { signIn } from './007-sign-in.ts';
import { files } from './008-files.ts';
import { backups } from './009-backups.ts';
import { fileActs } from './010-file-acts.ts';
import { figures } from './011-figures.ts';
import { accountSecurity } from './012-account-security.ts';
import { secondFactors } from './013-second-factors.ts';
import { hashing } from './014-hashing.ts';
import { imports } from './015-imports.ts';
import { loginDefence } from './016-login-defence.ts';
import { lostFactors } from './017-lost-factors.ts';
import { people } from './018-people.ts';
import { ownAddress } from './020-own-address.ts';
import { servers } from './021-servers.ts';
import { databases } from './022-databases.ts';
import { ftp } from './023-ftp.ts';
import { ssh } from './024-ssh.ts';
import { incoming } from './025-incoming.ts';
import { serverAddresses } from './026-server-addresses.ts';
import { moves } from './027-moves.ts';
import { sshTellings } from './030-ssh-tellings.ts';
import { uploadFolders } from './031-upload-folders.ts';
import { unfinishedUploads } from './032-unfinished-uploads.ts';
import { fileManager } from './033-file-manager.ts';
import { fileJobs } from './034-file-jobs.ts';
import { usage } from './035-usage.ts';
import { jobGroups } from './037-job-groups.ts';
import { drills } from './038-drills.ts';
import { restores } from './039-restores.ts';
import { browse } from './040-browse.ts';
import { tiers } from './041-tiers.ts';
import { pulls } from './042-pulls.ts';
import { nights } from './044-nights.ts';
import { alerts } from './046-alerts.ts';
import { api } from './047-api.ts';
import { checks } from './048-checks.ts';
import { ledger } from './050-ledger.ts';
import { documentVersions } from './051-document-versions.ts';
import { outages } from './053-outages.ts';
import { notices } from './054-notices.ts';
import { closures } from './055-closures.ts';
import { announcements } from './057-announcements.ts';
import { billing } from './064-billing.ts';
import { tierRemovals } from './066-tier-removals.ts';
import { paidTime } from './067-paid-time.ts';
import { unfinishedArchives } from './068-unfinished-archives.ts';

/** One text for both engines; never edited after release. */
// biome-ignore lint/suspicious/noExplicitAny: a migration meets the schema before and after itself, which has no type
export type Migrate = (db: Kysely<any>, engine: Engine) => Promise<void>;

const numbered: Record<string, Migrate> = {
  '001-platform': platform,
  '002-audit': audit,
  '003-consent': consent,
  '004-orders': orders,
  '005-accounts': accounts,
  '006-sites': sites,
  '007-sign-in': signIn,
  '008-files': files,
  '009-backups': backups,
  '010-file-acts': fileActs,
  '011-figures': figures,
  '012-account-security': accountSecurity,
  '013-second-factors': secondFactors,
  '014-hashing': hashing,
  '015-imports': imports,
  '016-login-defence': loginDefence,
  '017-lost-factors': lostFactors,
  '018-people': people,
  '020-own-address': ownAddress,
  '021-servers': servers,
  '022-databases': databases,
  '023-ftp': ftp,
  '024-ssh': ssh,
  '025-incoming': incoming,
  '026-server-addresses': serverAddresses,
  '027-moves': moves,
  '030-ssh-tellings': sshTellings,
  '031-upload-folders': uploadFolders,
  '032-unfinished-uploads': unfinishedUploads,
  '033-file-manager': fileManager,
  '034-file-jobs': fileJobs,
  '035-usage': usage,
  '037-job-groups': jobGroups,
  '038-drills': drills,
  '039-restores': restores,
  '040-browse': browse,
  '041-tiers': tiers,
  '042-pulls': pulls,
  '044-nights': nights,
  '046-alerts': alerts,
  '047-api': api,
  '048-checks': checks,
  '050-ledger': ledger,
  '051-document-versions': documentVersions,
  '053-outages': outages,
  '054-notices': notices,
  '055-closures': closures,
  '057-announcements': announcements,
  '064-billing': billing,
  '066-tier-removals': tierRemovals,
  '067-paid-time': paidTime,
  '068-unfinished-archives': unfinishedArchives,
};

/**
 * Applies what is not applied yet.
 * @returns the names that were applied now
 * @throws the fault of the migration that failed; it left nothing behind
 */
export async function migrate({ owner, engine }: Connection): Promise<string[]> {
  const migrations = Object.fromEntries(
    Object.entries(numbered).map(([name, up]) => [name, { up: (on: Kysely<unknown>) => up(on, engine) }]),
  );
  const migrator = new Migrator({ db: owner, provider: { getMigrations: async () => migrations } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error) throw error;
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}
