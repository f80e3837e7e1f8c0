// Lines to FTP servers on other machines: which are begun, which end, and how long is waited after one has broken.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { FtpRelays } from '../../src/ftp-relays.ts';
import type { Server } from '../../src/sites/sites.ts';

const look = 10;
let stopping = new AbortController();
let kept: Promise<void> | undefined;
afterEach(async () => {
  stopping.abort();
  await kept;
  stopping = new AbortController();
});

type Asked = { readonly name: string; readonly at: number; readonly signal: AbortSignal };

/** Keeps lines to what `servers` holds; `answer` says what becomes of each. */
function keep(servers: () => Server[], answer: (asked: Asked, isUp: () => void) => Promise<void>) {
  const asked: Asked[] = [];
  const warned: string[] = [];
  const relays = new FtpRelays({
    list: async () => servers(),
    answer: async ({ name }, signal, isUp) => {
      const one = { name, at: performance.now(), signal };
      asked.push(one);
      await answer(one, isUp);
    },
    log: { warn: (about: unknown) => void warned.push(JSON.stringify(about)) },
    lookMilliseconds: look,
  });
  kept = relays.keep(stopping.signal);
  return { asked, warned };
}

const server = (name: string, address = '192.0.2.1'): Server =>
  Object.assign(Object.create(null), { id: name, name, ftpHost: 'ftp.example.com', reach: { address } });
const untilStopped = async ({ signal }: Asked) => {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('stopped');
};

test('a server that never answers is tried less and less often, and each time is told with its pause', async () => {
  const { asked, warned } = keep(
    () => [server('one')],
    async () => {
      throw new Error('no line');
    },
  );
  await expect.poll(() => asked.length, { timeout: 5000 }).toBe(6);
  const pauses = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(look * 2 ** index);
  expect(warned.length).toBeGreaterThanOrEqual(5);
});

test('a line that was up is taken up again at once when it breaks', async () => {
  const { asked } = keep(
    () => [server('one')],
    async (_, isUp) => {
      isUp();
      throw new Error('the line has broken');
    },
  );
  await expect.poll(() => asked.length, { timeout: 5000 }).toBeGreaterThan(8);
  const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
  // Doubled eight times it would be 2.5 s.
  expect(Math.min(...gaps.slice(4))).toBeLessThan(1000);
});

test('the line of a server that is removed ends, that of another one stays, and one that is reached otherwise gets a new line', async () => {
  let servers = [server('one'), server('two')];
  const { asked, warned } = keep(() => servers, untilStopped);
  await expect.poll(() => asked.length).toBe(2);
  const [one, two] = asked;
  servers = [server('two')];
  await expect.poll(() => one?.signal.aborted).toBe(true);
  expect(two?.signal.aborted).toBe(false);
  servers = [server('two', '192.0.2.2')];
  await expect.poll(() => two?.signal.aborted).toBe(true);
  await expect.poll(() => asked.map(({ name }) => name)).toEqual(['one', 'two', 'two']);
  await sleep(5 * look);
  expect(asked).toHaveLength(3);
  // Nobody is told of a line that was to end.
  expect(warned).toEqual([]);
});
