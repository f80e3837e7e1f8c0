// The real program as a process of its own, started the way an operator does, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const bin = join(import.meta.dirname, '../../bin/gotgan.mjs');

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type Program = {
  readonly child: ChildProcess;
  readonly pid: number;
  out(): string;
  err(): string;
  /** Waits until the program has said this. @throws with everything it said when it ends before, or after `seconds` */
  said(words: RegExp, seconds?: number): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
};

export type ProgramOptions = {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** what the program is run by instead of this Node */
  readonly by?: readonly string[];
};

/** What a program in a test takes over: where commands and temporary files are, and what other processes have compiled. */
export const inherited = Object.fromEntries(
  ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);

/** Starts `gotgan <args>`; of this test run's environment only what is `inherited` reaches it. */
export function gotgan(args: readonly string[], { folder, environment = {}, by = [process.execPath] }: ProgramOptions): Program {
  const [command = '', ...before] = by;
  const env = { ...inherited, ...environment };
  const child = spawn(command, [...before, bin, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    const tell = () => resolve({ code: child.exitCode, ...texts });
    // A grandchild that outlives its parent holds the pipes open, so they are not waited for for ever.
    child
      .once('error', reject)
      .once('close', tell)
      .once('exit', () => setTimeout(tell, 2000));
  });
  const said = async (words: RegExp, seconds = 30) => {
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(50)) {
      const match = words.exec(texts.out + texts.err);
      if (match) return match;
      if (child.exitCode !== null) break;
    }
    throw new Error(`gotgan ${args.join(' ')} did not say ${words}:\n${texts.out}${texts.err}`);
  };
  return { child, pid: child.pid ?? 0, out: () => texts.out, err: () => texts.err, said, ended };
}

/** @returns ids of the processes that this one started (Linux) */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** A process that ended and was not waited for yet counts as ended. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) [ZX] /.test(state);
}

export async function untilGone(pid: number, seconds: number): Promise<boolean> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(50)) if (!(await isAlive(pid))) return true;
  return false;
}
