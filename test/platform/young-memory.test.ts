// Bytes that pass through: handed on as they are, and given back without all that lives being looked at.
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bytesPassed, letGoOfStart, passing } from '../../src/platform/young-memory.ts';

const mebibyte = 1024 * 1024;

test('pieces are handed on unchanged and in order, and whoever stops early is obeyed', async () => {
  const pieces = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')];
  let closed = false;
  async function* source() {
    try {
      yield* pieces;
    } finally {
      closed = true;
    }
  }
  const handed: Buffer[] = [];
  for await (const piece of passing(source())) handed.push(piece);
  expect(handed).toEqual(pieces);
  closed = false;
  for await (const piece of passing(source())) {
    expect(piece).toBe(pieces[0]);
    break;
  }
  expect(closed).toBe(true);
});

test('every 4 MiB the young are collected, and less calls nobody', async () => {
  let minor = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: { kind: number; flags: number } }[])
      if (detail.kind === 1) minor += 1;
  });
  observer.observe({ entryTypes: ['gc'] });
  const counted = async (act: () => void) => {
    await sleep(20);
    const before = minor;
    act();
    await sleep(200);
    return minor - before;
  };
  expect(await counted(() => bytesPassed(4 * mebibyte))).toBeGreaterThanOrEqual(1);
  const many = await counted(() => {
    for (let each = 0; each < 80; each += 1) bytesPassed(mebibyte);
  });
  // V8 may join one of the twenty with a collection of its own.
  expect(many).toBeGreaterThanOrEqual(18);
  expect(many, 'not at each piece').toBeLessThan(40);
  observer.disconnect();
  // The flag that shows the collector is not left behind.
  expect((globalThis as { gc?: unknown }).gc).toBeUndefined();
});

test('what a start compiled is let go of, and what lives stays', () => {
  const living = Array.from({ length: 1000 }, (_, index) => ({ index }));
  letGoOfStart();
  expect(living[999]).toEqual({ index: 999 });
  expect(globalThis).not.toHaveProperty('gc');
});
