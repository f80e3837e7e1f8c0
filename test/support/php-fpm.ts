// PHP as sites have it: a pool of Debian's PHP-FPM that runs as the site's own user, asked by the web server over a socket.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type PhpPool = {
  /** as `fastcgi_pass unix:` takes it; the web server's user alone may knock there */
  readonly socket: string;
  close(): Promise<void>;
};

/** Needs root and the Debian package php-fpm. @param user the site's own, as whom its programs run @param children requests at once */
export async function phpPool(user: string, children = 1): Promise<PhpPool> {
  const [program] = (await readdir('/usr/sbin')).filter((name) => /^php-fpm\d/.test(name)).sort();
  if (!program) throw new Error('php-fpm is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-php-'));
  await chmod(folder, 0o755);
  const socket = join(folder, 'socket');
  const settings = [
    '[global]',
    `error_log = ${join(folder, 'error.log')}`,
    'daemonize = no',
    '[site]',
    `user = ${user}`,
    `group = ${user}`,
    `listen = ${socket}`,
    'listen.owner = www-data',
    'listen.mode = 0600',
    'pm = static',
    `pm.max_children = ${children}`,
  ];
  const file = join(folder, 'php-fpm.conf');
  await writeFile(file, `${settings.join('\n')}\n`);
  const child = spawn(join('/usr/sbin', program), ['--nodaemonize', '--fpm-config', file], { stdio: 'ignore' });
  await untilThere(socket, child);
  return {
    socket,
    close: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilThere(socket: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400 && child.exitCode === null; tries++, await sleep(50))
    if (await stat(socket).catch(() => undefined)) return;
  throw new Error('php-fpm does not listen');
}
