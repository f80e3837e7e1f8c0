// docs/data.md and the erasure against the schema of both engines: no table and no column is forgotten by either.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { StoppedClock } from '../../src/platform/clock.ts';
import type { Connection } from '../../src/platform/database/database.ts';
import { erasedTables } from '../../src/termination/erased-tables.ts';
import { yearsAfter } from '../../src/termination/termination.ts';
import { engines, openTestDatabase } from '../support/databases.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/data.md'), 'utf8');
const inside = page.slice(page.indexOf('## In the database'), page.indexOf('## Outside of the database'));
const rows = inside
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.slice(1, -1).split('|'));
const named = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const map = new Map(
  rows.map(([table, personal, points, rest]) => [
    named(table)[0] ?? '',
    { personal: named(personal), points: named(points), rest: named(rest) },
  ]),
);

async function columnsOf({ engine, owner }: Connection): Promise<Map<string, string[]>> {
  const query =
    engine === 'sqlite'
      ? sql<{
          table: string;
          column: string;
        }>`select m.name as "table", c.name as "column" from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'`
      : sql<{
          table: string;
          column: string;
        }>`select table_name as "table", column_name as "column" from information_schema.columns where table_schema = 'public'`;
  const found = new Map<string, string[]>();
  for (const { table, column } of (await query.execute(owner)).rows)
    if (!/^(kysely_|sqlite_)/.test(table)) found.set(table, [...(found.get(table) ?? []), column]);
  return found;
}

describe.each(engines)('on $name', ({ name: engine, missing }) => {
  test('every column of the schema is classed in docs/data.md, and every table is erased or stays for a reason', async (context) => {
    if (missing) return context.skip(missing);
    const connection = await openTestDatabase(engine, new StoppedClock());
    try {
      const schema = await columnsOf(connection);
      expect([...map.keys()].sort(), 'tables of docs/data.md').toEqual([...schema.keys()].sort());
      expect(Object.keys(erasedTables).sort(), 'src/termination/erased-tables.ts').toEqual([...schema.keys()].sort());
      for (const [table, columns] of schema) {
        const { personal, points, rest } = map.get(table) ?? { personal: [], points: [], rest: [] };
        expect([table, [...personal, ...points, ...rest].sort()]).toEqual([table, [...columns].sort()]);
        // What is sealed, looked up by a key or names somebody is never called harmless. Servers' passwords are the company's.
        const isOfNobody = erasedTables[table as keyof typeof erasedTables].by === 'nobody';
        if (isOfNobody) continue;
        expect([table, rest.filter((column) => /_sealed$|_index$|_digest$|person_id$|^customer_id$/.test(column))]).toEqual([
          table,
          [],
        ]);
      }
    } finally {
      await connection.remove();
    }
  });

  test('what the erasure looks rows up by is there', async (context) => {
    if (missing) return context.skip(missing);
    const connection = await openTestDatabase(engine, new StoppedClock());
    try {
      const schema = await columnsOf(connection);
      for (const [table, how] of Object.entries(erasedTables)) {
        if ('column' in how) expect([table, schema.get(table)?.includes(how.column)]).toEqual([table, true]);
        if (how.by === 'child') expect([table, schema.get(how.parent)?.includes('customer_id')]).toEqual([table, true]);
        // A table that points at a customer, a site or a person is of somebody.
        const pointsAt = (schema.get(table) ?? []).filter((column) => /^(customer_id|person_id)$/.test(column));
        if (how.by === 'nobody') expect([table, pointsAt]).toEqual([table, []]);
      }
    } finally {
      await connection.remove();
    }
  });
});

test('children go before their parents', () => {
  const order = Object.keys(erasedTables);
  for (const [table, how] of Object.entries(erasedTables))
    if (how.by === 'child' && erasedTables[how.parent].by !== 'stays')
      expect([table, order.indexOf(table) < order.indexOf(how.parent)]).toEqual([table, true]);
});

test('every row of the map says what for, on which basis and until when', () => {
  for (const [table, , , , why = '', basis = '', until = ''] of rows) {
    expect([table, why.trim() !== '', until.trim() !== '']).toEqual([table, true, true]);
    expect([table, basis.trim()]).toEqual([table, expect.stringMatching(/^[CSLI–]$/)]);
  }
});

test('five years later is the same day of the calendar', () => {
  expect(new Date(yearsAfter(Date.UTC(2024, 1, 29, 3), 5)).toISOString()).toBe('2029-03-01T03:00:00.000Z');
  expect(new Date(yearsAfter(Date.UTC(2026, 10, 23), 5)).toISOString()).toBe('2031-11-23T00:00:00.000Z');
});
