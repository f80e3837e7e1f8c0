// The promise of a clock, and local days and times in a zone.
import { describe, expect, test } from 'vitest';
import { day, localDay, localStamp, localTime, StoppedClock, systemClock } from '../../src/platform/clock.ts';
import { lastDaily } from '../../src/timetable.ts';

describe.each([
  ['the system clock', systemClock],
  ['a stopped clock', new StoppedClock()],
])('%s', (_name, clock) => {
  test('tells epoch milliseconds as whole numbers, and has a time that only grows', async () => {
    expect(Number.isInteger(clock.now())).toBe(true);
    const before = clock.monotonic();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.monotonic()).toBeGreaterThan(before);
  });

  test('waits until a moment has come, and not for one that has passed', async () => {
    const moment = clock.monotonic() + 30;
    await clock.until(moment);
    // Timers may be early by a part of a millisecond.
    expect(clock.monotonic()).toBeGreaterThan(moment - 1.5);
    const later = clock.monotonic();
    await clock.until(moment);
    expect(clock.monotonic() - later).toBeLessThan(20_000);
  });
});

test('a stopped clock moves only when it is told, also back', () => {
  const clock = new StoppedClock('2026-11-22T00:00:00Z');
  expect(clock.now()).toBe(Date.parse('2026-11-22T00:00:00Z'));
  clock.advance(day);
  clock.advance(-2 * day);
  expect(clock.now()).toBe(Date.parse('2026-11-21T00:00:00Z'));
});

test('a day begins at midnight of the zone, not of the machine', () => {
  const at = Date.parse('2026-11-21T15:00:00Z');
  expect(localDay(at, 'Asia/Seoul')).toBe('2026-11-22');
  expect(localDay(at - 1, 'Asia/Seoul')).toBe('2026-11-21');
  expect(localStamp(at, 'Asia/Seoul')).toBe('20261122-0000');
  expect(localTime(at, 'UTC')).toBe('15:00');
});

test.each([
  ['2026-11-22T03:00:00+09:00', '2026-11-22T03:00:00+09:00', 'Asia/Seoul'],
  ['2026-11-22T02:59:59.999+09:00', '2026-11-21T03:00:00+09:00', 'Asia/Seoul'],
  ['2026-11-22T23:00:00+09:00', '2026-11-22T03:00:00+09:00', 'Asia/Seoul'],
  ['2026-11-22T03:00:00.001+09:00', '2026-11-22T03:00:00+09:00', 'Asia/Seoul'],
  ['2026-10-25T12:00:00+01:00', '2026-10-25T03:00:00+01:00', 'Europe/Berlin'],
])('at %s the last 03:00 was %s in %s', (now, last, zone) => {
  expect(lastDaily(Date.parse(now), '03:00', zone)).toBe(Date.parse(last));
});
