// Empty, migrated databases for tests: a temporary SQLite file, or a PostgreSQL schema of its own where GOTGAN_TEST_POSTGRES names a server.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/migrations/migrate.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { type Connection, openDatabase } from '../../src/platform/database/database.ts';

export type TestDatabase = { readonly url: string; remove(): Promise<void> };

/** The server for the second run of the tests, for instance `postgres://postgres@127.0.0.1:5432/postgres`; a database is made on it a test. */
export const postgresServer = process.env.GOTGAN_TEST_POSTGRES;

/** What the panel's tests run on: PostgreSQL when `GOTGAN_TEST_ENGINE=postgresql`, else SQLite. */
export const testEngine = process.env.GOTGAN_TEST_ENGINE === 'postgresql' ? 'postgresql' : 'sqlite';

export async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-db-'));
  return { url: `sqlite:${join(folder, 'panel.db')}`, remove: () => rm(folder, { recursive: true, force: true }) };
}

export async function postgresDatabase(server: string): Promise<TestDatabase> {
  const name = `gotgan_test_${randomBytes(6).toString('hex')}`;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await admin(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => admin(`drop database if exists ${name} with (force)`) };
}

export function newTestDatabase(engine = testEngine): Promise<TestDatabase> {
  if (engine === 'sqlite') return sqliteDatabase();
  if (!postgresServer) throw new Error('GOTGAN_TEST_ENGINE=postgresql needs GOTGAN_TEST_POSTGRES=postgres://…');
  return postgresDatabase(postgresServer);
}

/** @returns an open, migrated database and what removes it again */
export async function openTestDatabase(
  engine = testEngine,
  clock: Clock = systemClock,
): Promise<Connection & { url: string; remove(): Promise<void> }> {
  const place = await newTestDatabase(engine);
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
