// What the page of usage draws and foretells, from rows alone.
import { describe, expect, test } from 'vitest';
import { plotHeight, plotOf, plotWidth } from '../../src/platform/web/plot.ts';
import { fullIn } from '../../src/usage/forecast.ts';
import type { UsageDay } from '../../src/usage/store.ts';

const gigabyte = 1024 ** 3;
const date = (at: number) => new Date(Date.UTC(2026, 7, 26, 12) + at * 86_400_000).toISOString().slice(0, 10);
const row = (at: number, bytes: number, quotaBytes = 10 * gigabyte): UsageDay => ({
  ...{ day: date(at), bytes, quotaBytes, files: 1, databaseBytes: 0, backupBytes: 0 },
});
const dates = (count: number) => Array.from({ length: count }, (_, at) => date(at));

describe('the figure', () => {
  test('runs from edge to edge under the limit, and is broken where a day is missing', () => {
    const { pieces, quota, top } = plotOf(
      dates(5),
      [0, 1, 3, 4].map((at) => row(at, (at + 2) * gigabyte)),
    );
    expect(top).toBe(10 * gigabyte);
    expect(pieces.map(({ line }) => line.replace(/[^ML]/g, ''))).toEqual(['ML', 'ML']);
    expect(pieces[0]?.line.startsWith('M0 ')).toBe(true);
    expect(pieces[1]?.line).toMatch(new RegExp(`L${plotWidth} [0-9.]+$`));
    expect(quota).toMatch(new RegExp(`^M0 [0-9.]+.*H${plotWidth}$`));
    for (const { area } of pieces) expect(area).toMatch(new RegExp(`^M[0-9.]+ ${plotHeight}L.*Z$`));
  });

  test('a day by itself is a dot, and without days there is nothing', () => {
    expect(plotOf(dates(90), [row(89, gigabyte)]).pieces).toHaveLength(1);
    expect(plotOf(dates(90), [row(89, gigabyte)]).pieces[0]?.line).toMatch(/h0\.01$/);
    expect(plotOf(dates(90), []).pieces).toEqual([]);
  });

  test('a limit far above is left out, so that what there is can be seen; its edge is a round size', () => {
    const { quota, top } = plotOf(dates(2), [row(0, 3 * 1024 ** 2), row(1, 3.4 * 1024 ** 2)]);
    expect([quota, top]).toEqual([undefined, 5 * 1024 ** 2]);
    expect(plotOf(dates(2), [row(0, 0), row(1, 0)]).top).toBe(1024);
  });

  test('a plan that changed makes a step', () => {
    const { quota } = plotOf(dates(3), [row(0, 9 * gigabyte), row(1, 9 * gigabyte), row(2, 9 * gigabyte, 20 * gigabyte)]);
    expect(quota?.match(/V/g)).toHaveLength(2);
  });
});

describe('when it will be full', () => {
  const month = (bytes: (at: number) => number) => Array.from({ length: 30 }, (_, at) => row(at, bytes(at)));

  test('is told for steady growth, in the month that a straight line reaches', () => {
    // 4 GB on 2026-09-24, 0.1 GB a day: sixty days more, 2026-11-23.
    expect(fullIn(month((at) => (1.1 + at * 0.1) * gigabyte))).toBe('2026-11');
    expect(fullIn(month((at) => (1.1 + at * 0.1) * gigabyte).filter((_, at) => at % 4 !== 0))).toBe('2026-11');
  });

  test('is not told of what jumps, falls, stands still, is far away, too young to say, or full already', () => {
    expect(fullIn(month((at) => (at < 28 ? 1 : 6) * gigabyte))).toBeUndefined();
    expect(fullIn(month((at) => (9 - at * 0.1) * gigabyte))).toBeUndefined();
    expect(fullIn(month(() => gigabyte))).toBeUndefined();
    expect(fullIn(month((at) => at * 1024))).toBeUndefined();
    expect(fullIn(month((at) => (1 + at * 0.1) * gigabyte).slice(0, 20))).toBeUndefined();
    expect(fullIn(month((at) => (8 + at * 0.1) * gigabyte))).toBeUndefined();
    expect(fullIn([])).toBeUndefined();
  });
});
