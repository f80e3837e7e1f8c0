// Hashing: how it is kept, that the machine is never overrun, and that an unknown person costs the same time as a known one.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hashingConcurrency, PasswordHashing, usualParameters } from '../../src/accounts/hashing.ts';

const hashing = (options: Partial<ConstructorParameters<typeof PasswordHashing>[0]> = {}) =>
  new PasswordHashing({ concurrency: 1, ...options });
const busy = expect.objectContaining({ name: 'PanelError', status: 503, key: 'login.busy' });
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

describe('a password', () => {
  test('is kept as an argon2id string that other programs read, with a salt of its own', async () => {
    const hashes = await Promise.all(['tz4kqm8w', 'tz4kqm8w'].map((password) => hashing().hash(password)));
    const [, , , , salt = '', tag = ''] = (hashes[0] ?? '').split('$');
    expect(hashes[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect([salt, tag].map((part) => Buffer.from(part, 'base64').length)).toEqual([16, 32]);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('lets in who knows it, and nobody who knows another', async () => {
    const house = hashing();
    const stored = await house.hash('tz4kqm8w');
    expect(await house.verify(stored, 'tz4kqm8w')).toBe(true);
    for (const wrong of ['tz4kqm8W', 'tz4kqm8w ', '', 'tz4kqm8w\u0000']) expect(await house.verify(stored, wrong)).toBe(false);
  });

  test('of a person who does not exist is always wrong', async () => {
    expect(await hashing().verify(undefined, '')).toBe(false);
  });

  test('in Hangul lets in from a Mac and from Windows', async () => {
    const house = hashing();
    const stored = await house.hash('비밀의정원3번지'.normalize('NFD'));
    expect(await house.verify(stored, '비밀의정원3번지'.normalize('NFC'))).toBe(true);
  });

  test('was hashed with older parameters: it still lets in and is due for a new hash', async () => {
    const older = hashing({ parameters: { memoryKibibytes: 12_288, passes: 3, parallelism: 1 } });
    const stored = await older.hash('tz4kqm8w');
    expect(await hashing().verify(stored, 'tz4kqm8w')).toBe(true);
    expect([hashing().needsRehash(stored), older.needsRehash(stored)]).toEqual([true, false]);
    // A dearer one, of a faster machine, is as good as it was.
    const dearer = await hashing({ parameters: { ...usualParameters, passes: 3 } }).hash('tz4kqm8w');
    expect(hashing().needsRehash(dearer)).toBe(false);
  });
});

describe('parameters', () => {
  test.each([
    ['less memory than the minimum', { ...usualParameters, memoryKibibytes: 19_455 }],
    ['one pass with the memory of two', { ...usualParameters, passes: 1 }],
    ['three passes with too little memory', { memoryKibibytes: 12_287, passes: 3, parallelism: 1 }],
    ['no thread', { ...usualParameters, parallelism: 0 }],
    ['more than a gibibyte', { ...usualParameters, memoryKibibytes: 2 ** 21 }],
    ['no number', { ...usualParameters, memoryKibibytes: Number.NaN }],
  ])('%s are refused at the start', (_, parameters) => {
    expect(() => hashing({ parameters })).toThrow(RangeError);
  });

  test.each([
    ['four gibibytes', '$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a thousand passes', '$argon2id$v=19$m=19456,t=1000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another kind of hash', '$2b$10$abcdefghijklmnopqrstuuNRWPKfHfI0kSVWNUvXhSgdYfwZ9dcPW'],
    ['an empty text', ''],
  ])('of a stored hash that was tampered with (%s) are a bug, and nothing is computed', { retry: 2 }, async (_, stored) => {
    const started = performance.now();
    await expect(hashing().verify(stored, 'tz4kqm8w')).rejects.toThrow(/^stored password hash/);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('take a quarter of the memory at most, all at once', () => {
    const mebibytes = (memory: number) => hashingConcurrency({ cores: 8, threadPoolSize: 10, memoryBytes: memory * 2 ** 20 });
    expect([mebibytes(100), mebibytes(160), mebibytes(8192)]).toEqual([1, 2, 8]);
  });

  test('leave two threads to files and names', () => {
    const threads = [{ cores: 2 }, { cores: 16 }, { cores: 16, threadPoolSize: 18 }, { cores: 1, threadPoolSize: 1 }];
    expect(threads.map(hashingConcurrency)).toEqual([2, 2, 16, 1]);
    // The pool that bin/gotgan.mjs sets.
    for (const cores of [1, 2, 8, 64]) expect(hashingConcurrency({ cores, threadPoolSize: Math.max(4, cores + 2) })).toBe(cores);
  });
});

describe('when many sign in at once', () => {
  test('only as many are hashed as the machine bears, in the order of arrival, and nobody is lost', { retry: 2 }, async () => {
    const house = hashing({ concurrency: 1 });
    const alone = performance.now();
    await house.verify(undefined, 'x');
    const one = performance.now() - alone;
    const ended: { index: number; at: number }[] = [];
    const peaks: number[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        await house.verify(undefined, 'x');
        ended.push({ index, at: performance.now() });
        peaks.push(house.load.running);
      }),
    );
    expect(ended.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    // Side by side all would end together: one after the other each ends about one hash later than the one before.
    const gaps = ended.slice(1).map(({ at }, index) => at - (ended[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(one / 4);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(1);
    expect(house.load).toEqual({ running: 0, waiting: 0 });
  });

  test('who finds the queue full is told to try again at once, and the others get their answer', { retry: 2 }, async () => {
    const house = hashing({ concurrency: 2, queueLimit: 3, queueWaitMilliseconds: 20_000 });
    const outcomes = Array.from({ length: 8 }, () => house.verify(undefined, 'x').catch((error: unknown) => error));
    expect(house.load).toEqual({ running: 2, waiting: 3 });
    const started = performance.now();
    expect(await Promise.all(outcomes.slice(5))).toEqual([busy, busy, busy]);
    expect(performance.now() - started).toBeLessThan(30);
    expect(await Promise.all(outcomes.slice(0, 5))).toEqual([false, false, false, false, false]);
    expect(house.load).toEqual({ running: 0, waiting: 0 });
  });

  test('who has waited too long is told to try again, and leaves the place to the next', async () => {
    const house = hashing({ queueWaitMilliseconds: 5 });
    const first = house.verify(undefined, 'x');
    await expect(house.verify(undefined, 'x')).rejects.toEqual(busy);
    expect(house.load).toEqual({ running: 1, waiting: 0 });
    expect(await first).toBe(false);
    expect(await house.verify(undefined, 'x')).toBe(false);
  });

  test('a hash that fails gives its place back', async () => {
    const house = hashing();
    const broken = '$argon2id$v=19$m=19456,t=2,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    await expect(house.verify(broken, 'x')).rejects.toThrow();
    expect(house.load.running).toBe(0);
    expect(await house.verify(undefined, 'x')).toBe(false);
  });

  test('the event loop stays free', { retry: 2 }, async () => {
    const house = hashing();
    const work = Promise.all(Array.from({ length: 4 }, () => house.verify(undefined, 'x')));
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
    }, 2);
    await work;
    clearInterval(counting);
    await sleep(0);
    expect(turns).toBeGreaterThan(10);
  });
});

test('an unknown address takes as long as a wrong password', { retry: 3 }, async () => {
  const house = hashing();
  const stored = await house.hash('tz4kqm8w');
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < 40; round += 1) {
    const order = round % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const who of order) {
      const started = performance.now();
      await house.verify(who === 'known' ? stored : undefined, 'a wrong password');
      times[who].push(performance.now() - started);
    }
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  expect(Math.abs(known - unknown) / known).toBeLessThan(0.15);
});
