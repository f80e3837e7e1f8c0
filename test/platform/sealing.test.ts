// Sealed values, keyed digests and random values: what holds when somebody has the database, or changes it (ASVS 11.2–11.5).
import { describe, expect, test } from 'vitest';
import { newId, newToken } from '../../src/platform/ids.ts';
import { equalText, hashToken, Secrets } from '../../src/platform/secrets.ts';

const secrets = new Secrets('a secret for tests only, long enough to be one');
const place = { table: 'persons', column: 'email_sealed', row: 'one' };

describe('a sealed value', () => {
  test('opens where it was sealed for, and tells nothing by itself', () => {
    const sealed = secrets.seal('owner@example.com', place);
    expect(secrets.open(sealed, place)).toBe('owner@example.com');
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('owner');
    expect(sealed).toMatch(/^v1\.\w+\.[\w-]{16}\.[\w-]+$/);
  });

  test.each([
    ['another row', { ...place, row: 'two' }],
    ['another column', { ...place, column: 'name_sealed' }],
    ['another table', { ...place, table: 'sessions' }],
  ])('opens not in %s', (_what, elsewhere) => {
    expect(() => secrets.open(secrets.seal('owner@example.com', place), elsewhere)).toThrow();
  });

  test('with any sign changed opens not, and every such fault is an error of the same kind', () => {
    const sealed = secrets.seal('owner@example.com', place);
    const start = sealed.lastIndexOf('.') + 1;
    const faults = new Set<string>();
    for (let at = start; at < sealed.length - 1; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      try {
        secrets.open(changed, place);
        faults.add(`opened with sign ${at} changed`);
      } catch (error) {
        faults.add((error as Error).message);
      }
    }
    expect(faults.size).toBe(1);
    expect([...faults][0]).not.toMatch(/opened|owner/);
  });

  test('cut short, of no form or of another secret opens not', () => {
    const sealed = secrets.seal('owner@example.com', place);
    const other = new Secrets('another secret for tests, also long enough');
    for (const wrong of ['', 'v1', sealed.slice(0, -8), sealed.replace('v1.', 'v2.'), 'v1.k1.x.y'])
      expect(() => secrets.open(wrong, place)).toThrow();
    expect(() => other.open(sealed, place)).toThrow();
  });

  test('has a nonce of its own each time', () => {
    const nonces = Array.from({ length: 2000 }, () => secrets.seal('x', place).split('.')[2]);
    expect(new Set(nonces).size).toBe(2000);
  });
});

describe('keys', () => {
  test('are one a purpose, and look-ups of one field tell nothing of another', () => {
    const texts = [
      secrets.index('persons.email', 'owner@example.com'),
      secrets.index('persons.login_name', 'owner@example.com'),
      secrets.digest('persons.email', 'owner@example.com'),
      secrets.sign('persons.email', 'owner@example.com'),
      hashToken('owner@example.com'),
    ];
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('of too short a secret are not made', () => {
    expect(() => new Secrets('x'.repeat(31))).toThrow('32 bytes');
  });

  test('sign for one purpose, and a changed text or signature is refused', () => {
    const signature = secrets.sign('device', 'one');
    expect(secrets.verifies('device', 'one', signature)).toBe(true);
    for (const [purpose, text, given] of [
      ['device', 'two', signature],
      ['versions', 'one', signature],
      ['device', 'one', `${signature.slice(0, -2)}AA`],
      ['device', 'one', ''],
    ] as const)
      expect(secrets.verifies(purpose, text, given)).toBe(false);
    expect([equalText('a', 'a'), equalText('a', 'b'), equalText('a', 'aa')]).toEqual([true, false, false]);
  });
});

test('a hundred thousand tokens and ids are all different, and of 256 and 74 random bits', async () => {
  const tokens = await Promise.all(Array.from({ length: 100_000 }, async () => newToken()));
  const ids = Array.from({ length: 100_000 }, () => newId(1_763_780_400_000));
  expect([new Set(tokens).size, new Set(ids).size]).toEqual([100_000, 100_000]);
  expect(Buffer.from(tokens[0] ?? '', 'base64url')).toHaveLength(32);
});
