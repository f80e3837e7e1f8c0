// Ranges and conditions of a download, as RFC 9110 §13 and §14 have them.
import { expect, test } from 'vitest';
import { decided, rangeHolds, wantedRange } from '../../src/platform/web/ranges.ts';

const wanted: readonly (readonly [string | undefined, number, unknown])[] = [
  [undefined, 100, 'whole'],
  ['bytes=0-9', 100, { start: 0, end: 9 }],
  ['bytes=10-', 100, { start: 10, end: 99 }],
  ['bytes=-5', 100, { start: 95, end: 99 }],
  ['bytes=-500', 100, { start: 0, end: 99 }],
  ['bytes=90-500', 100, { start: 90, end: 99 }],
  ['bytes=99-99', 100, { start: 99, end: 99 }],
  ['Bytes=0-0', 100, { start: 0, end: 0 }],
  ['bytes= 3-4 ', 100, { start: 3, end: 4 }],
  ['bytes=100-', 100, 'unsatisfiable'],
  ['bytes=100-200', 100, 'unsatisfiable'],
  ['bytes=-0', 100, 'unsatisfiable'],
  ['bytes=99999999999999999999999999-', 100, 'unsatisfiable'],
  ['bytes=0-99999999999999999999999999', 100, { start: 0, end: 99 }],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=0-1,3-4', 100, 'whole'],
  ['bytes=9-1', 100, 'whole'],
  ['bytes=-', 100, 'whole'],
  ['bytes=a-b', 100, 'whole'],
  ['bytes=0-1x', 100, 'whole'],
  ['bytes=--5', 100, 'whole'],
  ['items=0-5', 100, 'whole'],
  ['', 100, 'whole'],
];

test.each(wanted)('Range %j of %i bytes is %j', (header, size, expected) => {
  expect(wantedRange(header, size)).toEqual(expected);
});

const file = { etag: '"sha256-ab"', modifiedAt: Date.parse('2026-11-22T03:00:00.900Z') };
const sameTime = 'Sun, 22 Nov 2026 03:00:00 GMT';
const before = 'Sun, 22 Nov 2026 02:59:59 GMT';
const after = 'Sun, 22 Nov 2026 03:00:01 GMT';

test('a download goes on only where the very same file is meant', () => {
  const holds = (ifRange?: string) => rangeHolds({ ifRange }, file);
  expect([holds(), holds('"sha256-ab"'), holds(sameTime)]).toEqual([true, true, true]);
  expect([holds('W/"sha256-ab"'), holds('"other"'), holds(before), holds(after), holds('nonsense')]).toEqual(
    Array.from({ length: 5 }, () => false),
  );
});

test('what the browser has already is not sent again, and what it no longer has is not continued', () => {
  const answers = [
    [{}, undefined],
    [{ ifNoneMatch: '"sha256-ab"' }, 304],
    [{ ifNoneMatch: '"x", W/"sha256-ab"' }, 304],
    [{ ifNoneMatch: '*' }, 304],
    [{ ifNoneMatch: '"x"', ifModifiedSince: after }, undefined],
    [{ ifModifiedSince: sameTime }, 304],
    [{ ifModifiedSince: before }, undefined],
    [{ ifModifiedSince: 'nonsense' }, undefined],
    [{ ifMatch: '"sha256-ab"' }, undefined],
    [{ ifMatch: '*' }, undefined],
    [{ ifMatch: 'W/"sha256-ab"' }, 412],
    [{ ifMatch: '"x"' }, 412],
    [{ ifMatch: '"sha256-ab"', ifUnmodifiedSince: before }, undefined],
    [{ ifUnmodifiedSince: before }, 412],
    [{ ifUnmodifiedSince: sameTime }, undefined],
  ] as const;
  expect(answers.map(([conditions]) => decided(conditions, file))).toEqual(answers.map(([, answer]) => answer));
});
