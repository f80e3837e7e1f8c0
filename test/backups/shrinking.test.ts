// When a backup counts as shrunken: half or less of what the good one before held, and never for what is tiny.
import { expect, test } from 'vitest';
import { leastBefore, shrunkSince } from '../../src/backups/shrinking.ts';

const shop = { name: 'shop', engine: 'mariadb' as const, tables: 12, rows: 4000, bytes: 900_000 };
const log = { name: 'log', engine: 'postgresql' as const, tables: 6, rows: 9000, bytes: 2_000_000 };
const held = (more: object = {}) => ({ files: 1000, originalBytes: 50_000_000, databaseList: [shop], leftOut: [], ...more });
const told = (before: object, after: object) =>
  shrunkSince(held(before), held(after)).map(({ what, before: from, after: to }) => `${what} ${from} → ${to}`);

test.each([
  ['the same', {}, {}, []],
  ['a little less', {}, { files: 501 }, []],
  ['half of the files', {}, { files: 500 }, ['files 1000 → 500']],
  ['half of the bytes', {}, { originalBytes: 20_000_000 }, ['bytes 49100000 → 19100000']],
  ['no rows', {}, { databaseList: [{ ...shop, rows: 0 }] }, ['rows 4000 → 0']],
  ['a database that its owner has deleted', { databaseList: [shop, log] }, { databaseList: [shop] }, ['rows 13000 → 4000']],
  [
    'a database that could not be read',
    { databaseList: [shop, log] },
    { databaseList: [shop], leftOut: [{ path: 'databases/log.sql', reason: 'unavailable' }] },
    [],
  ],
  [
    'a database that could not be read the night before',
    { databaseList: [log], leftOut: [{ path: 'databases/shop.sql', reason: 'incomplete' }] },
    { databaseList: [shop, log] },
    [],
  ],
  ['a tiny site', { files: leastBefore.files - 1, databaseList: [] }, { files: 1, databaseList: [] }, []],
  ['a backup of before, of which no databases are known', { databaseList: undefined }, { databaseList: [] }, []],
] as const)('%s', (_, before, after, words) => {
  expect(told(before, after)).toEqual(words);
});
