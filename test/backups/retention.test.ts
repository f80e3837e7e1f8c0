// Which backups stay, and the reasons a customer is given.
import { describe, expect, test } from 'vitest';
import { isoWeek, type KeptBackup, type RetentionPolicy, retention } from '../../src/backups/retention.ts';

const policy: RetentionPolicy = { daily: 7, weekly: 5 };
const now = Date.parse('2026-11-22T00:00:00Z');
const aDay = 86_400_000;

/** `days` before now, at 03:00 in Seoul (18:00 UTC the day before). */
function backup(id: string, days: number, other: Partial<KeptBackup> = {}): KeptBackup {
  const dataAt = Date.parse('2026-11-21T18:00:00Z') - days * aDay;
  const day = new Date(dataAt + 9 * 3_600_000).toISOString().slice(0, 10);
  return { id, day, dataAt, verified: true, kind: 'nightly', ...other };
}

const kept = (backups: KeptBackup[], by: RetentionPolicy = policy, at = now) =>
  Object.fromEntries(
    retention(backups, by, at)
      .filter((one) => one.keep)
      .map((one) => [one.id, one.reasons.map((reason) => reason.replace('backups.kept', ''))]),
  );

describe('nightly backups', () => {
  const nightly = Array.from({ length: 60 }, (_, days) => backup(`${days}`, days));

  test('seven days and the newest of five weeks are kept, with reasons', () => {
    // 2026-11-22 is a Sunday, so its week began on the 16th
    expect(kept(nightly)).toEqual({
      0: ['LastGood', 'Daily', 'Weekly'],
      1: ['Daily'],
      2: ['Daily'],
      3: ['Daily'],
      4: ['Daily'],
      5: ['Daily'],
      6: ['Daily'],
      7: ['Weekly'],
      14: ['Weekly'],
      21: ['Weekly'],
      28: ['Weekly'],
    });
  });

  test('every backup gets a decision, in the order in which they were given', () => {
    const shuffled = nightly.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(retention(shuffled, policy, now).map((one) => one.id)).toEqual(shuffled.map((one) => one.id));
    expect(kept(shuffled)).toEqual(kept(nightly));
  });

  test('an outage of two months removes nothing that was kept before', () => {
    const old = nightly.map((one) => ({ ...one, dataAt: one.dataAt - 60 * aDay, day: backup('', Number(one.id) + 60).day }));
    // two of the five weeks' newest are among the seven days
    expect(Object.keys(kept(old))).toHaveLength(7 + 5 - 2);
  });

  test('what was removed once stays removed: applying the rule again keeps the same', () => {
    const survivors = nightly.filter((one) => kept(nightly)[one.id]);
    expect(Object.keys(kept(survivors))).toEqual(Object.keys(kept(nightly)));
  });
});

describe('the last good backup', () => {
  test.each([
    ['a policy that keeps nothing', { daily: 0, weekly: 0 }, [backup('old', 400)]],
    ['a negative policy', { daily: -3, weekly: -1 }, [backup('old', 400)]],
    [
      'a hundred newer ones that were never verified',
      policy,
      [backup('old', 400), ...Array.from({ length: 100 }, (_, n) => backup(`u${n}`, n, { verified: false }))],
    ],
  ])('survives %s', (_, by, backups) => {
    expect(kept(backups, by).old).toContain('LastGood');
  });

  test('is the newest verified one, not the newest', () => {
    const result = kept([backup('good', 1), backup('bad', 0, { verified: false })]);
    expect(result).toEqual({ good: ['LastGood', 'Daily', 'Weekly'], bad: ['UnverifiedNewest'] });
  });
});

describe('backups that were not verified', () => {
  test('go once a newer one is good', () => {
    expect(kept([backup('bad', 1, { verified: false }), backup('good', 0)])).toEqual({ good: ['LastGood', 'Daily', 'Weekly'] });
  });

  test('are kept when there is nothing better, but not without end', () => {
    const backups = Array.from({ length: 30 }, (_, days) => backup(`${days}`, days, { verified: false }));
    expect(Object.keys(kept(backups))).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(Object.keys(kept(backups, { daily: 0, weekly: 0 }))).toEqual(['0']);
  });

  test('take no day or week from a good one', () => {
    const backups = [
      backup('good', 3),
      backup('later that day', 3, { verified: false, dataAt: backup('', 3).dataAt + 1000 }),
      backup('newest', 0),
    ];
    expect(kept(backups).good).toEqual(['Daily']);
    expect(kept(backups)['later that day']).toBeUndefined();
  });
});

describe('a backup made by the customer', () => {
  const evening = backup('manual', 2, { kind: 'manual', dataAt: backup('', 2).dataAt + 3_600_000 });

  test('counts into its day, and the newest of the day stays', () => {
    expect(kept([backup('0', 0), backup('night', 2), evening])).toEqual({
      0: ['LastGood', 'Daily', 'Weekly'],
      manual: ['Daily'],
    });
  });

  test('is kept longer where the plan says so', () => {
    const backups = [backup('0', 0), ...[100, 110, 120].map((days) => backup(`m${days}`, days, { kind: 'manual' }))];
    expect(kept(backups, { daily: 1, weekly: 1, manual: 2 })).toEqual({
      0: ['LastGood', 'Daily', 'Weekly'],
      m100: ['Manual'],
      m110: ['Manual'],
    });
  });
});

test('backups dated by a clock that was years ahead push no real one out', () => {
  const wrong = Array.from({ length: 20 }, (_, n) => backup(`w${n}`, -3650 - n));
  const real = Array.from({ length: 10 }, (_, days) => backup(`${days}`, days));
  const result = kept([...wrong, ...real]);
  expect(result['0']).toContain('LastGood');
  expect(result['6']).toContain('Daily');
  expect(result.w0).toEqual(['Ahead']);
});

test('no backups, no decisions', () => {
  expect(retention([], policy, now)).toEqual([]);
});

test.each([
  ['2026-11-22', '2026-W47'],
  ['2026-11-23', '2026-W48'],
  ['2027-01-01', '2026-W53'],
  ['2027-01-04', '2027-W01'],
  ['2024-12-30', '2025-W01'],
  ['2021-01-03', '2020-W53'],
])('%s lies in week %s', (day, week) => {
  expect(isoWeek(day)).toBe(week);
});
