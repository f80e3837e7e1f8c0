// Threads that hash have a lower priority than the one that answers, and helpers ask for the disk last.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { lowerThreads, steppingBack } from '../../src/platform/priority.ts';

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

if (process.platform === 'linux') {
  test('a helper asks for the disk only while nobody else does, and so does what it starts', async () => {
    const [program, args] = steppingBack('sh', ['-c', 'ionice; sh -c ionice']);
    const { stdout } = await promisify(execFile)(program, [...args]);
    expect(stdout).toBe('idle\nidle\n');
  });
}

test('a helper that is missing is missed by its own name', () => {
  expect(steppingBack('no-such-program-here', ['one'])).toEqual(['no-such-program-here', ['one']]);
});
