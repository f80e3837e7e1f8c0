// What an outage is worth on a plan, as the page of the plan says it (KHADA 8.2).
import { describe, expect, it } from 'vitest';
import { compensation } from '../../src/orders/plans.ts';

describe('an outage', () => {
  it.each([
    [11_000, 4, 183],
    [33_000, 4, 550],
    [4400, 4, 73],
    [11_000, 2.9, 0],
    [11_000, 240, 11_000],
    [11_000, 500, 11_000],
    [0, 4, 0],
  ])('on a plan of %d won: %d hours return %d won', (price, hours, won) => {
    expect(compensation(price, hours)).toBe(won);
  });
});
