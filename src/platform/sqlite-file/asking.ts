// Has a SQLite file of a site copied and checked by a program of its own: neither a harmful file nor a long wait reaches this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { minute, second } from '../clock.ts';
import { lowerProcess } from '../priority.ts';
import type { SqliteAnswer, SqliteOrder } from './orders.ts';

/**
 * For copy and check together: ten times what a slow disk needs. What a file makes SQLite compute, for instance in an index of an
 * expression, has no end.
 * @returns milliseconds
 */
export const patienceFor = (bytes: number): number => Math.min(10 * minute, minute + (bytes / 10_000_000) * second);

const tellMilliseconds = 5000;

export type Asking = {
  readonly signal: AbortSignal;
  /** called now and then while it works */
  readonly tell?: () => void;
  /** `copy`: descriptor of the folder that holds the database */
  readonly folder?: number;
  readonly milliseconds: number;
};

/** @throws the signal's reason, errors of starting a program */
export async function askSqlite(order: SqliteOrder, { signal, tell, folder, milliseconds }: Asking): Promise<SqliteAnswer> {
  // the same code runs from source (.ts) and from the built module (.js)
  const program = fileURLToPath(new URL(`./sqlite-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));
  const child = spawn(process.execPath, ['--max-old-space-size=64', program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'ignore', folder ?? 'ignore'],
    env: { LC_ALL: 'C.UTF-8' },
  });
  const exit = once(child, 'close');
  exit.catch(() => {});
  const end = () => child.kill('SIGKILL');
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    end();
  }, milliseconds);
  const telling = setInterval(() => tell?.(), tellMilliseconds);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    if (child.pid !== undefined) lowerProcess(child.pid);
    const [said] = await Promise.all([child.stdout ? buffer(child.stdout) : '', exit]);
    signal.throwIfAborted();
    if (isLate && said.length === 0) return { fault: 'slow' };
    return said.length === 0 ? { fault: 'unreadable' } : JSON.parse(said.toString());
  } finally {
    clearTimeout(limit);
    clearInterval(telling);
    signal.removeEventListener('abort', end);
  }
}
