// `gotgan migrate --to`: the whole panel from one database into an empty one, all or nothing, and compared before it counts.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { migrate } from './migrations/migrate.ts';
import { systemClock } from './platform/clock.ts';
import { type AnyDb, contentOf, copyTable, type Side, tablesOf } from './platform/database/copy.ts';
import { openDatabase } from './platform/database/database.ts';
import { openSqliteAlone } from './platform/database/sqlite.ts';
import { installGraphile } from './platform/jobs/graphile-queue.ts';
import { graphileSchema } from './platform/jobs/graphile-rows.ts';
import { type MovedJob, readJobs, writeJobs } from './platform/jobs/moved-jobs.ts';

/** The operator can act: the sentence says how. Nothing was changed. */
export class MoveRefused extends Error {}

/** Kept by migrations themselves; jobs go by their meaning, since each engine has rows of its own. */
const apart = new Set(['kysely_migration', 'kysely_migration_lock', 'jobs']);

/**
 * Copies every row with its id into the target, in one transaction of the target: interrupted at any moment it is as empty as before.
 * The source is held so that nobody writes to it meanwhile, and stays as it is.
 * @param say told of each table with its rows and digest
 * @throws MoveRefused when the target holds something, the source is in use or of another version, or the two differ afterwards
 */
export async function move(from: string, to: string, say: (line: string) => void): Promise<void> {
  if (from === to) throw new MoveRefused('--to: this is the database in use; name an empty one');
  const target = await openDatabase(to, systemClock);
  const { engine, owner } = target;
  try {
    await holdingSource(from, async (source) => {
      // Before anything is made there: another panel's database is not even migrated.
      await owner.transaction().execute((tx) => requireEmpty({ engine, tx }));
      const version = await versionOf(source.tx);
      await migrate(target);
      if (engine === 'postgresql') await installGraphile(to);
      if (version !== (await versionOf(owner)))
        throw new MoveRefused('DATABASE_URL: it is of another version of the panel; run gotgan migrate first');
      await owner.transaction().execute(async (tx) => {
        await requireEmpty({ engine, tx });
        await copyAll(source, { engine, tx }, say);
      });
    });
  } finally {
    await target.close();
  }
}

/** Opens the source so that nobody else can write, and nobody is connected who might. */
async function holdingSource(url: string, act: (source: Side) => Promise<void>): Promise<void> {
  const inUse = new MoveRefused('DATABASE_URL: somebody is connected to it; stop the panel and its workers first');
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    if (!existsSync(file)) throw new MoveRefused(`DATABASE_URL: there is no ${file}`);
    const db = openSqliteAlone(file);
    if (!db) throw inUse;
    return db
      .transaction()
      .execute((tx) => act({ engine: 'sqlite', tx }))
      .finally(() => db.destroy());
  }
  const { owner, close } = await openDatabase(url, systemClock);
  await owner
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const { rows } = await sql`select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`.execute(tx);
      if (rows.length > 0) throw inUse;
      for (const { name } of await tablesOf(owner)) await sql`lock table ${sql.table(name)} in share mode`.execute(tx);
      await act({ engine: 'postgresql', tx });
    })
    .finally(close);
}

/** @returns the migrations that were applied, as one text */
async function versionOf(db: AnyDb): Promise<string> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return '';
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name).join();
}

async function requireEmpty({ engine, tx }: Side): Promise<void> {
  const full = new MoveRefused('--to: that database is not empty; name another one');
  for (const { name } of await tablesOf(tx)) {
    if ((await tx.selectFrom(name).select(sql.lit(1).as('one')).limit(1).execute()).length > 0) throw full;
  }
  if ((await jobsOf({ engine, tx })).length > 0) throw full;
}

async function copyAll(from: Side, to: Side, say: (line: string) => void): Promise<void> {
  const tables = (await tablesOf(to.tx)).filter(({ name }) => !apart.has(name));
  for (const table of tables) {
    const read = await copyTable(from, to, table);
    const written = await contentOf(to, table);
    requireSame(table.name, `${read.rows} ${read.digest}`, `${written.rows} ${written.digest}`);
    say(`${table.name.padEnd(20)} ${String(read.rows).padStart(9)} rows  ${read.digest.slice(0, 16)}`);
  }
  const jobs = await jobsOf(from);
  await writeJobs(to.engine, to.tx, jobs);
  const written = digestOf(await jobsOf(to));
  requireSame('jobs', digestOf(jobs), written);
  say(`${'jobs'.padEnd(20)} ${String(jobs.length).padStart(9)} rows  ${written.slice(0, 16)}`);
}

/** A target that was never used has no tables for jobs yet. */
async function jobsOf({ engine, tx }: Side): Promise<MovedJob[]> {
  const name = engine === 'sqlite' ? 'jobs' : `${graphileSchema}._private_jobs`;
  const isThere =
    engine === 'sqlite'
      ? sql<{ found: string | null }>`select name as found from sqlite_master where name = ${name}`
      : sql<{ found: string | null }>`select to_regclass(${name})::text as found`;
  const { rows } = await isThere.execute(tx);
  return rows[0]?.found ? readJobs(engine, tx) : [];
}

/** Alike whatever order and ids the two engines give: no id of a job is kept, since nothing refers to one. */
function digestOf(jobs: readonly MovedJob[]): string {
  const texts = jobs.map(({ payload, ...job }) => JSON.stringify([Object.entries(job).sort(), Object.entries(payload).sort()]));
  return createHash('sha256').update(texts.sort().join('\n')).digest('hex');
}

function requireSame(name: string, read: string, written: string): void {
  if (read !== written)
    throw new Error(`${name}: what was written differs from what was read (${read}, ${written}); nothing was kept`);
}
