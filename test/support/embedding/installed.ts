// The package as npm would publish it, installed beside a stranger's program in a folder of its own, and that program running.
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../../..');
const run = promisify(execFile);

export type Installed = { readonly folder: string; readonly files: readonly string[]; remove(): Promise<void> };

/** Packs the module (`npm pack` builds it) and unpacks it where a host's npm would have put it, with its dependencies and nothing more. */
export async function install(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-host-'));
  await run('npm', ['pack', '--silent', '--ignore-scripts=false', '--pack-destination', folder], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack made no tarball');
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'gotgan'), { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', join(modules, 'gotgan')]);
  const { stdout } = await run('tar', ['-tzf', join(folder, tarball)]);
  const { dependencies } = JSON.parse(await readFile(join(modules, 'gotgan/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await cp(join(root, 'test/support/embedding/host.mjs'), join(folder, 'host.mjs'));
  await cp(join(root, 'test/support/embedding/views'), join(folder, 'views'), { recursive: true });
  const files = stdout
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  return { folder, files, remove: () => rm(folder, { recursive: true, force: true }) };
}

export type Host = {
  readonly origin: string;
  /** Asks the host to do something with its panels. */
  ask(act: 'workOnce' | 'work' | 'stopWork'): Promise<unknown>;
  /** Closes panels and server. @returns the exit code; the process must end by itself within 10 s */
  close(): Promise<number | null>;
  /** for a test that failed before it closed */
  kill(): void;
};

export async function startHost(installed: Installed, panels: readonly object[]): Promise<Host> {
  const port = await freePort();
  const child = fork(join(installed.folder, 'host.mjs'), [JSON.stringify({ port, panels })], {
    cwd: installed.folder,
    silent: true,
    env: environment(),
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => said.push(bytes));
  const words = () => Buffer.concat(said).toString();
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the host ended (${code}): ${words()}`)));
  });
  let number = 0;
  const ask = (act: string) => {
    number += 1;
    return answerOf(child, number, act, words);
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    ask,
    close: async () => {
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      child.send({ id: 0, act: 'close' });
      return ended.finally(() => clearTimeout(patience));
    },
    kill: () => child.kill('SIGKILL'),
  };
}

function answerOf(child: ChildProcess, id: number, act: string, words: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const heard = (message: { id?: number; value?: unknown; error?: string }) => {
      if (message.id !== id) return;
      child.off('message', heard);
      if (message.error) reject(new Error(`${act}: ${message.error}\n${words()}`));
      else resolve(message.value);
    };
    child.on('message', heard);
    child.send({ id, act });
  });
}

/** Nothing of this test run may reach the host (NODE_PATH, options of vitest), but what one host has compiled the next one finds. */
const environment = () => ({
  ...{ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TZ: 'UTC' },
  ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
});

/** @returns a port nobody listened on a moment ago */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
