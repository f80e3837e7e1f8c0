// Runs restic: no shell, no secret among its arguments, a lower place for processor and disk, and an end where it says nothing any more.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { lowerProcess, steppingBack } from '../priority.ts';
import { faultOf, TierFault } from './faults.ts';

export type ResticCall = {
  readonly arguments: readonly string[];
  /** all that it gets beside PATH and the language: place, key, credentials */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** milliseconds without news after which it is ended */
  readonly patience: number;
  readonly signal: AbortSignal;
};

type Child = ChildProcessByStdio<null, Readable, Readable>;

const keptOfStderr = 16_384;
/** After SIGINT restic takes its lock away; who does not end then is ended. */
const graceMilliseconds = 5000;

/** Lines of JSON that restic writes; `note` is asked for each, and a false says that it was no news. */
export async function restic(call: ResticCall, note: (line: string) => boolean = () => true): Promise<void> {
  const run = start(call);
  for await (const line of createInterface({ input: run.child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '' && note(line)) run.news();
  }
  await run.end();
}

/** @returns what restic wrote, as JSON; for short answers */
export async function resticJson(call: ResticCall): Promise<unknown> {
  const lines: string[] = [];
  await restic(call, (line) => lines.push(line) > 0);
  return JSON.parse(lines.join('\n') || 'null');
}

/** @returns what restic writes, as it comes; the stream ends with TierFault when restic fails */
export function resticStream(call: ResticCall): AsyncGenerator<Buffer> {
  const run = start(call);
  async function* bytes() {
    try {
      for await (const chunk of run.child.stdout) {
        run.news();
        yield chunk as Buffer;
      }
      await run.end();
    } finally {
      run.stop();
    }
  }
  return bytes();
}

/** A company's own certificate authority is named to every program in the same way (OpenSSL, Go, curl). */
function ambient(): Record<string, string> {
  const { PATH = '/usr/bin:/bin', SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
  const trusted = { ...(SSL_CERT_FILE && { SSL_CERT_FILE }), ...(SSL_CERT_DIR && { SSL_CERT_DIR }) };
  return { PATH, LC_ALL: 'C.UTF-8', RESTIC_PROGRESS_FPS: '0.5', ...trusted };
}

/** Nobody left in the group is no error. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All have ended.
  }
}

type Run = { readonly child: Child; news(): void; end(): Promise<void>; stop(): void };

function start(call: ResticCall): Run {
  call.signal.throwIfAborted();
  const [program, args] = steppingBack('restic', call.arguments);
  const child = spawn(program, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ambient(), ...call.environment },
    // A group of its own, so that the ssh which it started ends with it (KHADA 8.8).
    detached: true,
    ...(call.workingFolder !== undefined && { cwd: call.workingFolder }),
  }) as Child;
  if (child.pid) lowerProcess(child.pid);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  closed.catch(() => {});
  let [said, isSilent] = ['', false];
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-keptOfStderr);
  });
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    if (child.exitCode !== null || child.signalCode !== null || killing) return;
    child.kill('SIGINT');
    killing = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds).unref();
  };
  const watch = setTimeout(() => {
    isSilent = true;
    stop();
  }, call.patience);
  call.signal.addEventListener('abort', stop, { once: true });
  const end = async () => {
    try {
      const [code] = await closed
        .finally(() => endGroup(child.pid))
        .catch((cause: NodeJS.ErrnoException) => {
          throw new TierFault(cause.code === 'ENOENT' ? 'NO_RESTIC' : 'FAILED', cause.message, { cause });
        });
      call.signal.throwIfAborted();
      if (isSilent) throw new TierFault('SILENT', said);
      if (code !== 0) throw faultOf(said);
    } finally {
      clearTimeout(watch);
      clearTimeout(killing);
      call.signal.removeEventListener('abort', stop);
    }
  };
  return { child, news: () => void watch.refresh(), end, stop };
}
