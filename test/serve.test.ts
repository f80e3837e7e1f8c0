// How long `gotgan serve` waits before it starts a worker again.
import { expect, test } from 'vitest';
import { nextPause } from '../src/serve.ts';

test('a worker that ends again and again is started slower each time, at most once a minute', () => {
  const pauses: number[] = [];
  for (let pause: number | undefined; pauses.length < 8; pauses.push(pause)) pause = nextPause(pause, 500);
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('a worker that was well for a minute is started again at once, whatever was before', () => {
  expect(nextPause(60_000, 59_999)).toBe(60_000);
  expect(nextPause(60_000, 60_000)).toBe(1000);
});
