// Threads that hash have a lower priority than the one that answers.

import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { expect, test } from 'vitest';
import { lowerThreads } from '../../src/platform/priority.ts';

test.runIf(process.platform === 'linux')('the threads of the pool step back, the others stay as they are', async () => {
  const count = await lowerThreads();
  const threads = await readdir('/proc/self/task');
  const named = await Promise.all(
    threads.map(async (thread) => ({
      name: (await readFile(`/proc/self/task/${thread}/comm`, 'utf8')).trim(),
      priority: getPriority(Number(thread)),
    })),
  );
  const pool = named.filter(({ name }) => name === 'libuv-worker');
  expect(count).toBeGreaterThan(0);
  expect(pool.map(({ priority }) => priority)).toEqual(Array.from({ length: count }, () => 10));
  expect(getPriority(process.pid)).toBeLessThan(10);
});
