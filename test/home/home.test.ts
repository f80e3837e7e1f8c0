// The band of the whole service tells the truth about each night.
import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/home/home.ts';

describe('a night of the whole service', () => {
  it('is verified only when every backup of it was read back and found right', () => {
    expect(stateOf({ total: 3, verified: 3 }, false)).toBe('verified');
    expect(stateOf({ total: 3, verified: 2 }, false)).toBe('warned');
    expect(stateOf({ total: 3, verified: 0 }, false)).toBe('failed');
  });

  it('is empty where no site was to get a backup', () => {
    expect(stateOf({ total: 0, verified: 0 }, false)).toBe('missing');
    expect(stateOf({ total: 0, verified: 0 }, true)).toBe('missing');
  });

  it('is still waited for while it is the last one', () => {
    expect(stateOf({ total: 3, verified: 1 }, true)).toBe('made');
    expect(stateOf({ total: 3, verified: 3 }, true)).toBe('verified');
  });
});
