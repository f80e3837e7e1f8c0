// What is erased of one site outside of the panel's rows, step by step. Each may be repeated and cut off anywhere; nothing there is no error.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { systemActor } from '../audit/audit.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { TerminationParts } from './parts.ts';

export type Counts = Readonly<Record<string, number>>;
type Act = (site: Site, parts: TerminationParts) => Promise<Counts | undefined>;

/** In this order: who could write goes first, what a later step is told by goes last. */
export const siteSteps: readonly { readonly name: string; readonly act: Act }[] = [
  { name: 'inventory', act: inventory },
  { name: 'doors', act: shutDoors },
  { name: 'databases', act: dropDatabases },
  { name: 'leftPlaces', act: removeLeftPlaces },
  { name: 'files', act: removeFiles },
  { name: 'archives', act: removeArchives },
  { name: 'held', act: removeHeld },
  { name: 'onTheWay', act: removeOnTheWay },
  { name: 'tiers', act: eraseTiers },
  { name: 'web', act: forgetWeb },
];

/** What there is, before anything goes: it stands in the certificate. */
async function inventory(site: Site, { connection, archives }: TerminationParts): Promise<Counts> {
  const of = async (table: string, condition: string) => {
    const query = sql<{
      count: number;
    }>`select count(*) as count from ${sql.table(table)} where site_id = ${site.id} and ${sql.raw(condition)}`;
    return Number((await query.execute(connection.owner)).rows[0]?.count ?? 0);
  };
  return {
    sites: 1,
    files: site.usedFiles,
    bytes: site.usedBytes,
    databases: await of('databases', 'made_at is not null and dropped_at is null'),
    backups: (await archives.list(site.name)).length,
    tierSnapshots: await of('tier_snapshots', "state in ('kept', 'damaged')"),
    ftpAccounts: await of('ftp_accounts', 'ended_at is null'),
    sshAccess: await of('ssh_grants', '1 = 1'),
    heldFiles: await of('file_findings', "kind = 'refused' and restored_at is null and dropped_at is null"),
  };
}

async function shutDoors({ id }: Site, { ssh, ftp }: TerminationParts): Promise<Counts> {
  await ssh.grants.write(id);
  return { ftpSessions: await ftp.suspended(id) };
}

/** With their users, and what imports, restores and drills made beside them. The rows say so first: then no look-up finds one of them alive. */
async function dropDatabases(site: Site, { connection, clock, databases }: TerminationParts): Promise<Counts> {
  const { db } = connection;
  await connection.write((tx) =>
    tx
      .updateTable('databases')
      .set({ dropped_at: clock.now() })
      .where('site_id', '=', site.id)
      .where('dropped_at', 'is', null)
      .execute(),
  );
  const rows = await db.selectFrom('databases').selectAll().where('site_id', '=', site.id).execute();
  for (const { name, login, database_server_id } of rows)
    await databases.moving.dropLeft({ name, user: login }, database_server_id);
  const staged = await db
    .selectFrom('database_imports')
    .select(['staged_name', 'database_id'])
    .where('site_id', '=', site.id)
    .where('staged_name', 'is not', null)
    .execute();
  for (const { staged_name: name, database_id: id } of staged) {
    const serverId = rows.find((row) => row.id === id)?.database_server_id;
    if (name !== null && serverId !== undefined) await databases.trying.drop({ serverId, name }).catch(whenMissing);
  }
  const servers = new Set([
    ...rows.map((row) => row.database_server_id),
    ...(await databases.serversFor(site)).map(({ id }) => id),
  ]);
  const restores = db.selectFrom('restores').select('id').where('site_id', '=', site.id);
  const standIns = await db.selectFrom('restore_databases').select('id').where('restore_id', 'in', restores).execute();
  for (const { id } of standIns) for (const serverId of servers) await databases.standIns.drop(site, { serverId }, id);
  const drill = await db.selectFrom('backup_drills').select('throw_aways').where('site_id', '=', site.id).executeTakeFirst();
  for (const one of JSON.parse(drill?.throw_aways ?? '[]')) await databases.trying.drop(one).catch(whenMissing);
  return { dropped: rows.length };
}

/** Where the site lay before a move, or was to lie: kept for some days otherwise. */
async function removeLeftPlaces(site: Site, { connection, clock, moves }: TerminationParts): Promise<Counts> {
  const left = await connection.write((tx) =>
    tx
      .updateTable('site_moves')
      .set({ left_until: clock.now() })
      .where('site_id', '=', site.id)
      .where('left_until', 'is not', null)
      .where('removed_at', 'is', null)
      .returning('id')
      .execute(),
  );
  for (const { id } of left) await moves.clean(id);
  return { places: left.length };
}

/** Folder, system user and whatever else the site's host made for it. */
async function removeFiles(site: Site, { sites }: TerminationParts): Promise<Counts> {
  await (await sites.servers.host(site.serverId)).remove(site);
  return {};
}

/** Backups for download, dumps that came in or were thrown away, and what writers that died left of them. */
async function removeArchives({ name }: Site, { archives }: TerminationParts): Promise<Counts> {
  await archives.clear(name);
  return {};
}

async function removeHeld({ id }: Site, { files }: TerminationParts): Promise<Counts> {
  await files.held.removeAll(id);
  return {};
}

/** What lies on this machine because it was on its way: uploads and archives that paused, drills, restores and moves that died. */
async function removeOnTheWay(site: Site, { connection, files, backups, folders }: TerminationParts): Promise<Counts> {
  const idsOf = async (table: 'unfinished_uploads' | 'unfinished_archives' | 'restores' | 'site_moves') => {
    const rows = await connection.db.selectFrom(table).select('id').where('site_id', '=', site.id).execute();
    return rows.map(({ id }) => id);
  };
  const uploads = await idsOf('unfinished_uploads');
  for (const id of uploads) await files.unfinished.throwAway(id);
  for (const id of await idsOf('unfinished_archives')) await backups.bringing.arrivals.throwAway(id);
  const gone = (path: string) => rm(path, { recursive: true, force: true });
  for (const id of await idsOf('restores')) await gone(join(folders.restoring, id));
  for (const id of await idsOf('site_moves')) await gone(join(folders.moving, id));
  const drills = await readdir(folders.drills).catch(() => []);
  for (const name of drills) if (name.startsWith(`${site.id}.`)) await gone(join(folders.drills, name));
  return { unfinishedUploads: uploads.length };
}

async function eraseTiers(site: Site, { tiers }: TerminationParts): Promise<Counts> {
  await tiers.erase(site, systemActor);
  return {};
}

/** Configurations of web servers that name the site. */
async function forgetWeb({ id }: Site, { incoming }: TerminationParts): Promise<Counts> {
  await incoming.webServers.tell(id);
  return {};
}
