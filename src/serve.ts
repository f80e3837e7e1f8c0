// `gotgan serve`: the web process, and one worker process as its child, so that pages never wait for a backup.
import { fork } from 'node:child_process';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeOptions } from './environment.ts';
import type { Panel } from './panel.ts';
import { lowerProcess, lowerThreads } from './platform/priority.ts';
import { letGoOfStart } from './platform/young-memory.ts';

/**
 * Connections that wait to be taken up. Under a storm of sign-ins 511, the usual number, are soon reached, and the system then drops a
 * connection silently, which its sender tries again after 1, 3, 7 and 15 s. The system's own limit (`net.core.somaxconn`) holds too.
 */
const backlog = 4096;
/** What does not end by itself is ended well before, also on a busy machine, the promised 10 s are over. */
const stopMilliseconds = 7000;
/** What then still runs is cut off as by a fault, and found by its lease. */
const endMilliseconds = 8500;
/** after which a start is over, and what it alone needed may go */
export const settleMilliseconds = 2000;
const firstPauseMilliseconds = 1000;
const longestPauseMilliseconds = 60_000;
/** A worker that lived so long was well: what ended it is a new fault. */
const wellAfterMilliseconds = 60_000;
/**
 * A backup makes much short-lived garbage. Measured on 20,000 files: a nursery of a quarter of the usual size (2 MiB made it mark everything
 * 15 times a second) saves the worker 8 MiB; one arena of glibc's allocator, which otherwise keeps what each thread gave back, 10 to 20; and
 * large pieces that go back to the system at once (glibc raises its threshold to the largest that was ever freed) another 18.
 */
export const workerFlags = ['--max-semi-space-size=4'];
export const workerEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: String(1 << 20) };

/**
 * Listens until SIGTERM or SIGINT; what was begun is finished within 10 s.
 * @param options.worker false where `gotgan work` runs as a service of its own
 */
export async function serve(
  panel: Panel,
  { port, host, worker = true }: ServeOptions & { worker?: boolean },
  ready: () => void,
): Promise<void> {
  const server = createServer(panel.app);
  // Uploads may take hours; slow bodies are ended by the panel itself (platform/web/slow-bodies.ts).
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host, backlog }, resolve));
  const ftp = await panel.listenForFtp();
  await lowerThreads();
  const stopping = new AbortController();
  // Heard from before the address is said: whoever reads it may ask for the end at once.
  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  const kept = worker && keepWorker(stopping.signal, (line) => panel.doors.log.warn(line));
  const watched = panel.watch({ signal: stopping.signal });
  ready();
  letGoWhenIdle(server);
  await asked;
  stopping.abort();
  setTimeout(() => process.exit(0), endMilliseconds).unref();
  await Promise.all([closed(server), kept, watched, ftp?.close()]);
  await panel.close();
}

/** @returns how long to wait before the next start: twice the last pause, the shortest again after a worker that was well */
export function nextPause(last: number | undefined, livedMilliseconds: number): number {
  if (last === undefined || livedMilliseconds >= wellAfterMilliseconds) return firstPauseMilliseconds;
  return Math.min(last * 2, longestPauseMilliseconds);
}

/** Starts the worker again when it ends by itself, slower each time. */
async function keepWorker(signal: AbortSignal, warn: (line: string) => void): Promise<void> {
  for (let pause: number | undefined; !signal.aborted; ) {
    const begun = performance.now();
    const options = { execArgv: workerFlags, env: { ...workerEnvironment, ...process.env } };
    const child = fork(new URL('../bin/gotgan.mjs', import.meta.url), ['work', '--child'], options);
    if (child.pid) lowerProcess(child.pid);
    const stop = () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), stopMilliseconds).unref();
    };
    signal.addEventListener('abort', stop, { once: true });
    const code = await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    signal.removeEventListener('abort', stop);
    if (signal.aborted) return;
    warn(`the worker ended (${code}); it is started again`);
    pause = nextPause(pause, performance.now() - begun);
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

/** What a start compiled goes once nobody waits for an answer, since all stands still for a tenth of a second or two: some 20 MiB. */
function letGoWhenIdle(server: Server): void {
  let open = 0;
  const count = (_req: unknown, res: ServerResponse) => {
    open += 1;
    res.once('close', () => {
      open -= 1;
    });
  };
  server.on('request', count);
  const timer = setInterval(() => {
    if (open > 0) return;
    clearInterval(timer);
    server.off('request', count);
    letGoOfStart();
  }, settleMilliseconds).unref();
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), stopMilliseconds).unref();
  });
}
