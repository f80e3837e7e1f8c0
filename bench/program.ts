// The real program and the raw limits beside it, each a process of its own in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/embedding/installed.ts';
import { childrenOf, gotgan } from '../test/support/program.ts';

export type Running = {
  readonly pid: number;
  readonly url: string;
  /** where it was started */
  readonly folder: string;
  /** milliseconds from the start of the process to its first answered page */
  readonly firstPageAfter: number;
  stop(): Promise<void>;
};

/** The least cost of a password, for programs of which no hashing is measured: each would look for its own at its start. */
export const quickHashes = { PASSWORD_COST: 'm=19456,t=2,p=1' };

/** `gotgan serve` as an operator starts it; only the rate limits are raised, by the option that exists for load tests. */
export async function startProgram(folder: string, environment: Record<string, string> = {}): Promise<Running> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  const program = gotgan(['serve'], {
    folder,
    environment: { PORT: String(port), PUBLIC_URL: url, LIMITS_SCALE: '1000', ...environment },
  });
  const stop = async () => {
    program.child.kill('SIGTERM');
    await program.ended;
  };
  try {
    await answering(`${url}/login`, () => program.child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`the program did not start:\n${program.out()}${program.err()}`, { cause: error });
  }
  return { pid: program.pid, url, folder, firstPageAfter: performance.now() - begun, stop };
}

/**
 * Programs for parts that ask for no settings. In the long form each has its own; in the short form, where a start takes longer than what is
 * measured, all share the first, which ends with `end`.
 */
export class Programs {
  readonly #folder: string;
  readonly #long: boolean;
  #shared: Running | undefined;

  /** @param folder that the shared one is started in */
  constructor(folder: string, long: boolean) {
    this.#folder = folder;
    this.#long = long;
  }

  /** @param folder where it is started, if it is not shared */
  async open(folder: string): Promise<Running> {
    if (this.#long) return startProgram(folder);
    this.#shared ??= await startProgram(this.#folder);
    return { ...this.#shared, stop: async () => {} };
  }

  async end(): Promise<void> {
    await this.#shared?.stop();
  }
}

async function answering(url: string, hasEnded: () => boolean): Promise<void> {
  for (const until = performance.now() + 30_000; performance.now() < until; await sleep(10)) {
    if (hasEnded()) break;
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
  }
  throw new Error(`${url} did not answer`);
}

/** A raw limit, `bench/raw/<name>.ts`: it says its port on its first line once it listens. */
export async function startRaw(name: string, args: readonly string[] = []): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'raw', `${name}.ts`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await firstLine(child);
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** Runs a raw limit to its end. @returns what it printed */
export async function runRaw(name: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'raw', `${name}.ts`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`bench/raw/${name}.ts ended with ${code}`);
  return text.trim();
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    child.once('error', reject).once('exit', (code) => reject(new Error(`a raw limit ended at its start (${code})`)));
  });
}

const bytesPerMebibyte = 1024 * 1024;

/** @returns resident memory of a process in MiB (Linux) */
export async function residentMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024) / bytesPerMebibyte;
}

/** The program's one child. */
export async function workerOf(pid: number): Promise<number> {
  const [worker] = await childrenOf(pid);
  if (worker === undefined) throw new Error('the program has no worker');
  return worker;
}

/** Looks every 50 ms until it is told to end. @returns the highest resident memory that was seen, in MiB */
export function watchMemory(pid: number): { end(): Promise<number> } {
  let highest = 0;
  const look = async () => {
    highest = Math.max(highest, await residentMebibytes(pid).catch(() => 0));
  };
  const timer = setInterval(look, 50);
  return {
    end: async () => {
      clearInterval(timer);
      await look();
      return highest;
    },
  };
}
