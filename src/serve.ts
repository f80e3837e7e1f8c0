// `gotgan serve`: the web process, and one worker process as its child, so that pages never wait for a backup.
import { type ChildProcess, fork } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeOptions } from './environment.ts';
import type { Panel } from './panel.ts';

/** What does not end by itself is ended a little before the promised 10 s are over. */
const stopMilliseconds = 8000;
/** A backup makes much short-lived garbage; a small nursery keeps the worker's memory a third lower (measured: 329 to 238 MiB). */
const workerFlags = ['--max-semi-space-size=4'];

/** Listens until SIGTERM or SIGINT; what was begun is finished within 10 s. */
export async function serve(panel: Panel, { port, host }: ServeOptions, ready: () => void): Promise<void> {
  const server = createServer(panel.app);
  // Uploads may take hours; slow bodies are ended by the panel itself (platform/web/slow-bodies.ts).
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const stopping = new AbortController();
  // Heard from before the address is said: whoever reads it may ask for the end at once.
  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  const worker = keepWorker(stopping.signal, (line) => panel.doors.log.warn(line));
  ready();
  await asked;
  stopping.abort();
  await Promise.all([closed(server), worker]);
  await panel.close();
}

/** Starts the worker again when it ends by itself, slower each time. */
async function keepWorker(signal: AbortSignal, warn: (line: string) => void): Promise<void> {
  for (let pause = 1000; !signal.aborted; pause = Math.min(pause * 2, 60_000)) {
    const child = fork(new URL('../bin/gotgan.mjs', import.meta.url), ['work', '--child'], { execArgv: workerFlags });
    lower(child);
    const stop = () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), stopMilliseconds).unref();
    };
    signal.addEventListener('abort', stop, { once: true });
    const code = await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    signal.removeEventListener('abort', stop);
    if (signal.aborted) return;
    warn(`the worker ended (${code}); it is started again`);
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

function lower(child: ChildProcess): void {
  try {
    if (child.pid) setPriority(child.pid, 10);
  } catch {
    // A worker of usual priority is slower for pages, and no reason not to work.
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), stopMilliseconds).unref();
  });
}
