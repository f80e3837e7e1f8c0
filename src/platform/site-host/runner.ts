// Runs a program with one order on its stdin and takes what it says, bounded in time and bytes. A program on another machine is run alike.
import { type ChildProcess, spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import type { RunEnd, RunInput, Runner } from './port.ts';

/** An answer is a line; what a program says about its troubles is cut off. */
const mostAnswer = 64 * 1024;
const mostTrouble = 16 * 1024;
/** Between asking a program to end and ending it. */
const graceMilliseconds = 2000;
/** A child of the program may hold its pipes open for ever. */
const lateMilliseconds = 1000;

/** @param command program and arguments; of this process's environment it gets PATH and LANG alone */
export function localRunner([program = '', ...args]: readonly string[]): Runner {
  return async (input, { signal }) => {
    signal.throwIfAborted();
    const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = process.env;
    // A group of its own: what the program started ends with it.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', env: { PATH, LANG }, detached: true });
    const said = listen(child);
    try {
      await Promise.race([said.ended, said.tooMuch, untilAborted(signal)]);
      return said.end();
    } finally {
      if (child.exitCode === null && child.signalCode === null) endGroup(child);
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
    }

    function listen(running: typeof child) {
      const texts = { stdout: '', stderr: '' };
      const tooMuch = new Promise<never>((_, reject) => {
        running.stdout.setEncoding('utf8').on('data', (text: string) => {
          texts.stdout += text;
          if (texts.stdout.length > mostAnswer) reject(new Error(`said more than ${mostAnswer / 1024} KiB`));
        });
      });
      tooMuch.catch(() => {});
      running.stderr.setEncoding('utf8').on('data', (text: string) => {
        texts.stderr = (texts.stderr + text).slice(0, mostTrouble);
      });
      const ended = endOf(running);
      // A program that reads no further has decided already; what it decided is in its answer.
      void send(running, input).catch(() => {});
      return { ended, tooMuch, end: (): RunEnd => ({ code: running.exitCode, ...texts }) };
    }
  };
}

async function send({ stdin }: ChildProcess, input: RunInput): Promise<void> {
  if (!stdin) return;
  stdin.on('error', () => {});
  if (typeof input === 'string') return void stdin.end(input);
  stdin.write(input.header);
  try {
    await pipeline(input.body, stdin);
  } finally {
    input.body.destroy();
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child
      .once('error', reject)
      .once('close', () => resolve())
      .once('exit', () => setTimeout(resolve, lateMilliseconds).unref());
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Asks, and then ends; what runs as another user (sudo) can only be asked. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  const tell = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name);
    } catch {
      // it has ended meanwhile, or is another user's
    }
  };
  tell('SIGTERM');
  setTimeout(() => tell('SIGKILL'), graceMilliseconds).unref();
}
