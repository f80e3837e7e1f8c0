// What a panel holds, as one text that differs when anything was changed: every row, and every file of every site.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestPanel } from '../support/panel.ts';

/** Written by refused requests on purpose: what was typed when a session had died, and how often somebody tried. */
const written = new Set(['sessions', 'counters']);

/** @returns a line a table and one for the files; a change is visible in its line */
export async function fingerprint({ panel, folder }: TestPanel): Promise<string[]> {
  const { db, owner } = panel.doors.connection;
  // PostgreSQL keeps jobs in a schema of their own.
  const tables = (await owner.introspection.getTables())
    .filter(({ name }) => !written.has(name))
    .map(({ schema, name }) => (schema ? `${schema}.${name}` : name));
  const lines: string[] = [];
  for (const table of tables.sort()) {
    const rows = await db
      .selectFrom(table as 'audit')
      .selectAll()
      .execute();
    const texts = rows.map((row) => JSON.stringify(row, (_name, value) => (typeof value === 'bigint' ? String(value) : value)));
    lines.push(`${table}: ${rows.length} rows, ${digest(texts.sort().join('\n'))}`);
  }
  for (const place of ['sites', 'quarantine', 'archives', 'outbox'])
    lines.push(`${place}: ${await filesIn(join(folder, place))}`);
  return lines;
}

async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries.map((entry) => ({ path: join(entry.parentPath, entry.name), isFile: entry.isFile() }));
  const texts = names.map(async ({ path, isFile }) => `${path} ${isFile ? digest(await readFile(path)) : ''}`);
  return `${names.length} entries, ${digest((await Promise.all(texts)).sort().join('\n'))}`;
}

const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex').slice(0, 16);
