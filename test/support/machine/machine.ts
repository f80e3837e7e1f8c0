// A throw-away machine on this one: Linux namespaces with files, network and processes of their own, for the commands of docs/operations.md and docs/servers.md.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../..');

/** Why no such machine is made here; undefined when one is. */
export function machineMissing(): string | undefined {
  const needs = ['nginx', 'sqlite3', 'rsync', 'openssl', 'git', 'curl', 'ip', 'runuser', 'pg_restore'];
  try {
    execFileSync('unshare', ['-m', '-n', '-p', '-f', 'true'], { stdio: 'ignore' });
    for (const program of needs) execFileSync('which', [program], { stdio: 'ignore', env: { PATH: path } });
    return undefined;
  } catch (error) {
    return `skipped: ${error instanceof Error ? error.message : 'namespaces cannot be made here'}`;
  }
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Done = { readonly code: number | null; readonly out: string; readonly err: string };

export type Machine = {
  /** number of its first process, here */
  readonly process: string;
  /** Runs a shell script on it, as root, in one shell that ends at the first failure. */
  sh(script: string, environment?: Readonly<Record<string, string>>): Promise<Done>;
  remove(): Promise<void>;
};

/** Joins two machines by a cable: the first is 10.0.0.1, the second 10.0.0.2. It goes with them. */
export async function joined(one: Machine, other: Machine): Promise<void> {
  const name = `gm${randomBytes(4).toString('hex')}`;
  execFileSync('ip', ['link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`]);
  for (const [index, machine] of [one, other].entries()) {
    const near = `${name}${'ab'[index]}`;
    execFileSync('ip', ['link', 'set', near, 'netns', machine.process]);
    const { code, err } = await machine.sh(`ip address add 10.0.0.${index + 1}/24 dev ${near} && ip link set ${near} up`);
    if (code !== 0) throw new Error(err);
  }
}

/** @param plain without the parts of a panel: a web server's files and PostgreSQL */
export async function newMachine(plain = false): Promise<Machine> {
  const scratch = await mkdtemp(join(tmpdir(), 'gotgan-machine-'));
  const env = { PATH: path, LANG: 'C.UTF-8', HOME: '/root', SCRATCH: scratch, REPOSITORY: repository, PLAIN: plain ? '1' : '' };
  const namespaces = ['-m', '-n', '-p', '-f', '--mount-proc', '--kill-child', '--propagation', 'private'];
  const child = spawn('unshare', [...namespaces, join(repository, 'test/support/machine/setup.sh')], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  while (!/^ready$/m.test(said)) {
    const ended = await Promise.race([once(child.stdout, 'data').then(() => false), once(child, 'exit').then(() => true)]);
    if (ended) throw new Error(`the machine could not be made:\n${said}`);
  }
  const inside = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim();
  return {
    process: inside,
    sh: async (script, environment = {}) => {
      const shell = spawn('nsenter', ['-t', inside, '-m', '-n', '-p', '--wd=/root', 'bash', '-euo', 'pipefail', '-c', script], {
        env: { ...env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const texts = { out: '', err: '' };
      shell.stdout.on('data', (text) => (texts.out += String(text)));
      shell.stderr.on('data', (text) => (texts.err += String(text)));
      // What a script started goes on in the background and holds its pipes.
      const [code] = (await once(shell, 'exit')) as [number | null];
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { code, ...texts };
    },
    remove: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** A repository as an operator would clone it: what stands in this working copy now, under two tags. */
export async function release(folder: string, tags: readonly string[]): Promise<string> {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: folder, encoding: 'utf8' });
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const name of names.split('\0').filter(Boolean))
    await cp(join(repository, name), join(folder, name), { recursive: true, verbatimSymlinks: true }).catch(() => {});
  git('init', '--quiet');
  git('add', '--all', '--force');
  for (const tag of tags) {
    git('commit', '--quiet', '--allow-empty', '--message', tag);
    git('tag', tag);
  }
  return folder;
}
