// When something that was told of backups is over, and when a worker counts as dead.
import { describe, expect, test } from 'vitest';
import { isOver, isSilent, silentAfter } from '../../src/alerts/causes.ts';
import { hour } from '../../src/platform/clock.ts';

const now = 1_000 * hour;
const at = now - 5 * hour;

describe('what was told is over', () => {
  test.each([
    ['without a good backup', 'failed', undefined, false],
    ['with one that was read back before', 'failed', { dataAt: at - hour, verifiedAt: at - 1 }, false],
    ['with one that was read back since', 'failed', { dataAt: at + hour, verifiedAt: at + 1 }, true],
    ['with the same one, read back late', 'unverified', { dataAt: at - 2 * hour, verifiedAt: at + 1 }, true],
    ['for a late copy, with data of within 26 hours', 'overdue', { dataAt: now - 25 * hour, verifiedAt: now }, true],
    ['for a late copy, never with data that is older', 'overdue', { dataAt: now - 27 * hour, verifiedAt: now }, false],
    ['for a very late one, not before it is young enough either', 'late', { dataAt: now - 30 * hour, verifiedAt: now }, false],
  ] as const)('%s (%s)', (_what, cause, newest, over) => {
    expect(isOver({ cause, at }, newest, now)).toBe(over);
  });
});

test('a worker is dead that was never seen, was not seen for ten minutes, or was seen in the future', () => {
  expect(isSilent(undefined, now)).toBe(true);
  expect(isSilent(now - silentAfter + 1, now)).toBe(false);
  expect(isSilent(now - silentAfter, now)).toBe(true);
  expect(isSilent(now + silentAfter, now)).toBe(true);
});
