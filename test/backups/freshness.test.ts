// How worried a customer should be, from what the rows say.
import { expect, test } from 'vitest';
import { freshness } from '../../src/backups/freshness.ts';
import { type BackupState, needsWarning } from '../../src/backups/states.ts';
import { hour } from '../../src/platform/clock.ts';

const now = Date.parse('2026-11-22T03:00:00Z');
const level = (ageHours: number | undefined, states: readonly BackupState[], openedHours = 1000) => {
  const latest = ageHours === undefined ? undefined : { dataAt: now - ageHours * hour };
  const recent = states.map((state) => ({ state }));
  return freshness(latest, recent, { openedAt: now - openedHours * hour, now }).level;
};

test('one failure is no alarm, two in a row are, and a damaged one at once', () => {
  expect(level(10, ['failed', 'verified'])).toBe('fresh');
  expect(level(10, ['failed', 'failed', 'verified'])).toBe('red');
  expect(level(10, ['failed', 'missing', 'verified'])).toBe('red');
  expect(level(10, ['running', 'failed', 'failed'])).toBe('red');
  expect(level(10, ['failed', 'verified', 'failed'])).toBe('fresh');
  expect(level(10, ['damaged', 'verified'])).toBe('red');
  expect(level(10, ['verified', 'damaged'])).toBe('fresh');
});

test('without any good backup the age of the site counts', () => {
  expect(level(undefined, [], 3)).toBe('none');
  expect(level(undefined, ['made'], 30)).toBe('amber');
  expect(level(undefined, ['queued'], 51)).toBe('red');
});

test('a clock that jumped back makes nobody worry', () => {
  expect(level(-30, ['verified'])).toBe('fresh');
});

test('a warning is about files that are missing or not as of one moment, not about what was deleted or holds nothing', () => {
  const warns = (...reasons: readonly ('gone' | 'changed' | 'unreadable' | 'special')[]) =>
    needsWarning(reasons.map((reason) => ({ reason })));
  expect([warns(), warns('gone', 'special'), warns('gone', 'changed'), warns('unreadable')]).toEqual([false, false, true, true]);
});
