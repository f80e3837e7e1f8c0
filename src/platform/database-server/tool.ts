// Runs an engine's own dump program: no shell, no secret among its arguments, and nothing it wrote counts until it ended well.
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { unavailable } from '../errors.ts';
import { engineWords } from './engine-words.ts';

export type Tool = {
  readonly program: string;
  readonly arguments: readonly string[];
  /** everything the program gets beside PATH and the language */
  readonly environment?: Readonly<Record<string, string>>;
  /** a file of ours that the program reads as `/dev/fd/3` (`handedOver`) */
  readonly handedOver?: number;
  /** what a whole text ends with */
  readonly endMarker: string;
  /** ms after which a program that says nothing is ended */
  readonly silence: number;
  readonly signal?: AbortSignal;
  /** looks at the text on its way, and may change it */
  readonly through: (text: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
};

/** the number a file that is handed over has inside of the program */
export const handedOver = 3;
const keptOfStderr = 4096;
const keptOfEnd = 256;

/**
 * Runs the program and writes what it says into `into`, as fast as that takes it.
 * Ends `into` when the program ended with 0 and its text with the end marker; else destroys it.
 * @throws PanelError 503 with the program's exit or the system's code; the signal's reason
 */
export async function runTool(tool: Tool, into: Writable): Promise<void> {
  const child = spawn(tool.program, [...tool.arguments], {
    stdio: ['ignore', 'pipe', 'pipe', tool.handedOver ?? 'ignore'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...tool.environment },
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  exit.catch(() => {});
  let [said, end] = ['', Buffer.alloc(0)];
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, keptOfStderr);
  });
  const watch = setInterval(() => child.kill('SIGKILL'), tool.silence);
  async function* watched(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      watch.refresh();
      end = Buffer.concat([end, chunk]).subarray(-keptOfEnd);
      yield chunk;
    }
  }
  // A target that takes nothing more is not waited for either.
  const stop = () => into.destroy();
  tool.signal?.addEventListener('abort', stop, { once: true });
  try {
    tool.signal?.throwIfAborted();
    const steps = (chunks: AsyncIterable<Buffer>) => watched(tool.through(chunks));
    await pipeline(child.stdout, steps, into, { end: false, ...(tool.signal && { signal: tool.signal }) });
    checkExit(await exit, said, end.toString('latin1').includes(tool.endMarker));
    into.end();
    if (!into.writableFinished) await once(into, 'finish');
  } catch (error) {
    tool.signal?.throwIfAborted();
    throw inOurWords(error);
  } finally {
    clearInterval(watch);
    tool.signal?.removeEventListener('abort', stop);
    if (child.exitCode === null) child.kill('SIGKILL');
    if (!into.writableFinished) into.destroy();
  }
}

/** @returns what the program says of its version. @throws PanelError 503 when it is not there */
export async function versionOf(program: string): Promise<string> {
  try {
    const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
    const { stdout } = await promisify(execFile)(program, ['--version'], { env, timeout: 10_000 });
    return stdout.trim().split('\n')[0] ?? '';
  } catch (error) {
    throw unavailable('error.unavailable', { code: String((error as NodeJS.ErrnoException).code) });
  }
}

/** Warnings are written to stderr too; errors are those that the programs call so. */
function checkExit([code, signal]: [number | null, NodeJS.Signals | null], said: string, whole: boolean): void {
  const complaint = code === 0 && /\berror\b/i.test(said);
  if (code === 0 && whole && !complaint) return;
  const why = code === 0 ? (complaint ? 'COMPLAINT' : 'NO_END') : `EXIT_${code ?? signal}`;
  throw unavailable('error.unavailable', { code: why, says: engineWords(said) });
}

/** The system could not start the program, or it is not there. A stream that was closed by its reader stays what it is. */
function inOurWords(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return (error as NodeJS.ErrnoException).syscall?.startsWith('spawn')
    ? unavailable('error.unavailable', { code: String(code) })
    : error;
}
