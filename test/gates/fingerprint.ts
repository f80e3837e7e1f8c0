// What a panel holds, as lines that differ when anything was changed: every row, and every file of every site.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { TestPanel } from '../support/panel.ts';

/** Written by refused requests on purpose, or behind the page before: what was typed when a session had died, how often somebody tried, notices shown. */
const written = new Set(['sessions', 'counters', 'notice_texts', 'notices_seen']);
const counts = 'touched_by_tests';

/** @returns a line a table and one for each place of files; a change is visible in its line */
export async function fingerprint(house: TestPanel): Promise<string[]> {
  const { engine } = house.panel.doors.connection;
  const lines = engine === 'sqlite' ? await touched(house) : await contents(house);
  for (const place of ['sites', 'quarantine', 'archives', 'outbox'])
    lines.push(`${place}: ${filesIn(join(house.folder, place))}`);
  return lines;
}

const counted = new WeakMap<TestPanel, Promise<void>>();

/** Reading every row before and after every request took longer than the requests, so SQLite counts what is written, the same values too. */
async function touched(house: TestPanel): Promise<string[]> {
  const before = counted.get(house) ?? count(house);
  counted.set(house, before);
  await before;
  const { db } = house.panel.doors.connection;
  const rows = await db
    .selectFrom(counts as 'counters')
    .selectAll()
    .orderBy('name' as 'key')
    .$castTo<{ name: string; times: number }>()
    .execute();
  return rows.map(({ name, times }) => `${name}: written ${times} times`);
}

async function count(house: TestPanel): Promise<void> {
  const { owner } = house.panel.doors.connection;
  const tables = await tablesOf(house);
  await sql`create table ${sql.table(counts)} (name text primary key, times integer not null)`.execute(owner);
  for (const table of tables) {
    await sql`insert into ${sql.table(counts)} values (${table}, 0)`.execute(owner);
    for (const act of ['insert', 'update', 'delete'])
      await sql`create trigger ${sql.table(`${counts}_${table}_${act}`)} after ${sql.raw(act)} on ${sql.table(table)}
        begin update ${sql.table(counts)} set times = times + 1 where name = ${sql.lit(table)}; end`.execute(owner);
  }
}

// PostgreSQL keeps jobs in a schema of their own.
async function tablesOf({ panel }: TestPanel): Promise<string[]> {
  const tables = await panel.doors.connection.owner.introspection.getTables();
  const names = tables.filter(({ name }) => !written.has(name)).map(({ schema, name }) => (schema ? `${schema}.${name}` : name));
  return names.sort();
}

async function contents(house: TestPanel): Promise<string[]> {
  const { db } = house.panel.doors.connection;
  const lines: string[] = [];
  for (const table of await tablesOf(house)) {
    const rows = await db
      .selectFrom(table as 'audit')
      .selectAll()
      .execute();
    const texts = rows.map((row) => JSON.stringify(row, (_name, value) => (typeof value === 'bigint' ? String(value) : value)));
    lines.push(`${table}: ${rows.length} rows, ${digest(texts.sort().join('\n'))}`);
  }
  return lines;
}

/** By name, number, size and moment: whatever writes a file changes one of them. At once, as a promise each cost more than the asking. */
function filesIn(folder: string): string {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const texts = entries.map((name) => {
    const { ino, size, mode, mtimeNs } = lstatSync(join(folder, name), { bigint: true });
    return [name, ino, size, mode, mtimeNs].join(' ');
  });
  return `${entries.length} entries, ${digest(texts.sort().join('\n'))}`;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
