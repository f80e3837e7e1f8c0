// Who steps back when there is less processor than work: whatever is not answering a page.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { delimiter, join } from 'node:path';

/** Nine parts in ten of a contested core go to whoever has the usual priority. */
const steppedBack = 10;

/** For a process whose work nobody waits for at a screen. It stays as it is where that is not allowed. */
export function lowerProcess(pid: number): void {
  try {
    setPriority(pid, steppedBack);
  } catch {
    // Usual priority is slower for pages, and no reason not to work.
  }
}

/**
 * The words before a helper's own program that give it the last place for processor and disk: its disk is asked only while nobody else's
 * is (class idle, Linux with util-linux). A thread passes its class on to those it starts, so it has to stand before the program.
 * @returns the program and its arguments, as they are where there is no `ionice`
 */
export function steppingBack(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  // Of a program that is missing the caller is told by its own name.
  const prefixed = isInPath('ionice') && isInPath(program);
  return prefixed ? ['ionice', ['--class', 'idle', '--ignore', program, ...args]] : [program, args];
}

const isInPath = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/**
 * Lets libuv's threads, which hash passwords, step back behind the thread that answers pages: under a storm of sign-ins the two share
 * fewer cores than they ask for. Threads have priorities of their own on Linux; elsewhere nothing happens.
 * @returns how many threads there were
 */
export async function lowerThreads(): Promise<number> {
  const tasks = '/proc/self/task';
  const threads = await readdir(tasks).catch(() => []);
  const names = await Promise.all(threads.map((thread) => readFile(`${tasks}/${thread}/comm`, 'utf8').catch(() => '')));
  const pool = threads.filter((_, at) => names[at]?.trim() === 'libuv-worker');
  for (const thread of pool) lowerProcess(Number(thread));
  return pool.length;
}
