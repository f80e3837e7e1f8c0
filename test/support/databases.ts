// Empty, migrated databases for tests: a temporary SQLite file, or a PostgreSQL database of its own where GOTGAN_TEST_POSTGRES names a server.
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/migrations/migrate.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { type Connection, openDatabase } from '../../src/platform/database/database.ts';
import { installGraphile } from '../../src/platform/jobs/graphile-queue.ts';

export type TestDatabase = { readonly url: string; remove(): Promise<void> };

/** The server for the second run of the tests, for instance `postgres://postgres@127.0.0.1:5432/postgres`; a database is made on it a test. */
export const postgresServer = process.env.GOTGAN_TEST_POSTGRES;

/** What the panel's tests run on: PostgreSQL when `GOTGAN_TEST_ENGINE=postgresql`, else SQLite. */
export const testEngine = process.env.GOTGAN_TEST_ENGINE === 'postgresql' ? 'postgresql' : 'sqlite';

export async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-db-'));
  return { url: `sqlite:${join(folder, 'panel.db')}`, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function asAdministrator(server: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await work(client).finally(() => client.end());
}

const within = (server: string, name: string): string => {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
};

/** @param template a database that the new one is a copy of; left out, it is empty */
export async function postgresDatabase(server: string, template?: string): Promise<TestDatabase> {
  const name = `gotgan_test_${randomBytes(6).toString('hex')}`;
  const copied = template === undefined ? '' : ` template ${template}`;
  await asAdministrator(server, (client) => client.query(`create database ${name}${copied}`));
  const remove = () => asAdministrator(server, (client) => client.query(`drop database if exists ${name} with (force)`));
  return { url: within(server, name), remove };
}

/** Any number: who makes a template waits for whoever does. */
const templateLock = 7_250_213;
/** `tables`: migrated · `queue`: with those of the queue as well, as a panel has them */
type Template = 'tables' | 'queue';
const templates = new Map<Template, Promise<string>>();

/** For each state of the migrations one. */
async function stateOfMigrations(): Promise<string> {
  const folder = join(import.meta.dirname, '../../src/migrations');
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

let sqliteTemplate: Promise<string> | undefined;

/** A migrated file that others are copied from: to migrate each anew took a sixth of the work of all tests of pages. */
async function makeSqliteTemplate(): Promise<string> {
  const file = join(tmpdir(), `gotgan-template-${await stateOfMigrations()}.db`);
  if (await stat(file).catch(() => undefined)) return file;
  const { url, remove } = await sqliteDatabase();
  const connection = await openDatabase(url, systemClock);
  await migrate(connection).finally(() => connection.close());
  // Who does the same at the same moment makes the same file; each comes to its name whole.
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  await copyFile(url.slice('sqlite:'.length), own);
  await rename(own, file);
  await remove();
  return file;
}

async function migratedSqlite(): Promise<TestDatabase> {
  sqliteTemplate ??= makeSqliteTemplate();
  const database = await sqliteDatabase();
  await copyFile(await sqliteTemplate, database.url.slice('sqlite:'.length));
  return database;
}

/** A database that others are copied from, a third of the work of making each. Made once for each state of the migrations. */
function templateOf(server: string, kind: Template): Promise<string> {
  const known = templates.get(kind) ?? makeTemplate(server, kind);
  templates.set(kind, known);
  return known;
}

async function makeTemplate(server: string, kind: Template): Promise<string> {
  const name = `gotgan_template_${kind}_${await stateOfMigrations()}`;
  await asAdministrator(server, async (client) => {
    await client.query('select pg_advisory_lock($1)', [templateLock]);
    if ((await client.query('select 1 from pg_database where datname = $1', [name])).rowCount) return;
    await client.query(`drop database if exists ${name}_made with (force)`);
    await client.query(`create database ${name}_made`);
    const url = within(server, `${name}_made`);
    const connection = await openDatabase(url, systemClock);
    await migrate(connection).finally(() => connection.close());
    if (kind === 'queue') await installGraphile(url);
    await client.query(`alter database ${name}_made rename to ${name}`);
  });
  return name;
}

/** @returns an empty place for a database */
export function newTestDatabase(engine = testEngine): Promise<TestDatabase> {
  return engine === 'sqlite' ? sqliteDatabase() : postgresDatabase(requiredServer());
}

/** @returns a database that is migrated already */
export async function newPanelDatabase(engine = testEngine, kind: Template = 'queue'): Promise<TestDatabase> {
  if (engine === 'sqlite') return migratedSqlite();
  const server = requiredServer();
  return postgresDatabase(server, await templateOf(server, kind));
}

function requiredServer(): string {
  if (!postgresServer) throw new Error('GOTGAN_TEST_ENGINE=postgresql needs GOTGAN_TEST_POSTGRES=postgres://…');
  return postgresServer;
}

/** @returns an open, migrated database and what removes it again */
export async function openTestDatabase(
  engine = testEngine,
  clock: Clock = systemClock,
): Promise<Connection & { url: string; remove(): Promise<void> }> {
  const place = await newPanelDatabase(engine, 'tables');
  const connection = await openDatabase(place.url, clock);
  await migrate(connection);
  const remove = async () => {
    await connection.close();
    await place.remove();
  };
  return { ...connection, url: place.url, remove };
}

/** The engines that can be tested on this machine, with a reason for those that cannot. */
export const engines: readonly { name: 'sqlite' | 'postgresql'; missing?: string }[] = [
  { name: 'sqlite' },
  postgresServer ? { name: 'postgresql' } : { name: 'postgresql', missing: 'GOTGAN_TEST_POSTGRES is not set' },
];
