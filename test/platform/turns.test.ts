// Turns: so many at once for each person, and nothing kept of who has none.
import type { Request } from 'express';
import { expect, test } from 'vitest';
import { Turns } from '../../src/platform/web/turns.ts';

const by = (personId: string) => ({ visit: { person: { personId } } }) as unknown as Request;

test('a person has so many at once, another as many, and who has ended leaves nothing behind', async () => {
  const turns = new Turns({ atOnce: 2, refusal: 'files.tooManyUploads' });
  const waiting = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const running = waiting.map(({ promise }, index) => turns.during(by(index < 2 ? 'kim' : 'lee'), () => promise));
  await expect(turns.during(by('kim'), async () => 'third')).rejects.toMatchObject({ status: 429 });
  expect(turns.size).toBe(2);
  waiting[0]?.reject(new Error('broke off'));
  await expect(running[0]).rejects.toThrow('broke off');
  expect(await turns.during(by('kim'), async () => 'third')).toBe('third');
  for (const { resolve } of waiting) resolve();
  await Promise.allSettled(running);
  expect(turns.size).toBe(0);
});
