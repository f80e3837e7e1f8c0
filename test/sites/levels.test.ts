// At which fullness a site is told of, and when again.
import { expect, test } from 'vitest';
import { levelAfter } from '../../src/sites/levels.ts';

const quotaBytes = 1000;
const after = (level: number, usedBytes: number) => levelAfter(level, { usedBytes, quotaBytes });

test('a level holds from the very byte on, and the highest one is told of alone', () => {
  expect([0, 799, 800, 899, 900, 999, 1000, 1500].map((used) => after(0, used))).toEqual([0, 0, 80, 80, 90, 90, 100, 100]);
});

test('a level is over once the usage has fallen more than five points below it, and not before', () => {
  expect([799, 750].map((used) => after(80, used))).toEqual([80, 80]);
  expect(after(80, 749)).toBe(0);
  expect([899, 850, 849, 750, 749].map((used) => after(90, used))).toEqual([90, 90, 80, 80, 0]);
  expect([960, 949, 849].map((used) => after(100, used))).toEqual([100, 90, 80]);
});

test('a site without quota is never full', () => {
  expect(levelAfter(0, { usedBytes: 0, quotaBytes: 0 })).toBe(0);
});
