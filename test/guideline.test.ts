// docs/guideline.md names tests that exist, and every clause that is done names one where a test can show it.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = readFileSync(new URL('../docs/guideline.md', import.meta.url), 'utf8');
const rows = text.split('\n').filter((line) => /^\| (KHADA|SL) /.test(line));
const cells = (row: string) =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

test('every test that the guideline page names exists', () => {
  const named = rows.flatMap((row) => [...(cells(row)[3] ?? '').matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? ''));
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
});

test('clauses 6 to 8 that are done name the test that shows it', () => {
  const done = rows
    .map(cells)
    .filter(([clause = '', , where = '']) => /^KHADA [678]\.\d/.test(clause) && where.startsWith('done'));
  const shown = done.filter(([, , where = '', named]) => named === '–' && !where.startsWith('done: nothing in the panel'));
  expect(shown.map(([clause]) => clause)).toEqual([]);
});
