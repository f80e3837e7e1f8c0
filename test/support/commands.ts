// Commands of the program without a process of their own.
import { format } from 'node:util';
import { load } from '../../src/start.ts';
import { type Ended, inherited, type ProgramOptions } from './program.ts';

/**
 * Calls what `bin/gotgan.mjs` calls. To start Node.js and load the program costs most of a second of processor each time, so this is for
 * commands that end, one at a time, where words and exit codes are asked; each family of commands keeps some that are processes.
 * Lines of the log go where those of this process go.
 */
export async function commanded(
  args: readonly string[],
  { folder, environment = {} }: Omit<ProgramOptions, 'by'>,
): Promise<Ended> {
  const texts = { out: '', err: '' };
  const before = { env: process.env, folder: process.cwd(), log: console.log, error: console.error, write: process.stdout.write };
  process.env = { ...inherited, ...environment } as NodeJS.ProcessEnv;
  process.chdir(folder);
  console.log = (...said: unknown[]) => {
    texts.out += `${format(...said)}\n`;
  };
  console.error = (...said: unknown[]) => {
    texts.err += `${format(...said)}\n`;
  };
  process.stdout.write = (text: string | Uint8Array) => {
    texts.out += String(text);
    return true;
  };
  try {
    const run = await load(args[0]);
    return { code: await run(args), ...texts };
  } finally {
    process.stdout.write = before.write;
    [console.log, console.error] = [before.log, before.error];
    process.chdir(before.folder);
    process.env = before.env;
  }
}
