// An empty MariaDB or PostgreSQL of its own, in a folder, on a loopback port: made here and started by whoever wants it, where they want it. Needs root.
import { execFile } from 'node:child_process';
import { chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How it is started; it runs as the user that its package made. */
export type Start = { readonly program: string; readonly args: readonly string[] };

async function ownedBy(user: string, folder: string): Promise<string> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (which) => Number((await run('id', [which, user])).stdout)));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chown(folder, uid ?? 0, gid ?? 0);
  return folder;
}

export const mariaDbSocket = (folder: string): string => join(folder, 'own.sock');

/** Its administrator is root without a password. @param folder for all that is its own; others may enter it */
export async function freshMariaDb(folder: string, port: number): Promise<Start> {
  await ownedBy('mysql', folder);
  const quick = ['--no-defaults', '--user=mysql', `--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`];
  const small = [...quick, '--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M', '--innodb-flush-method=fsync'];
  await run('mariadb-install-db', [...small, '--skip-test-db', '--auth-root-authentication-method=normal']);
  const own = [`--socket=${mariaDbSocket(folder)}`, `--pid-file=${join(folder, 'own.pid')}`, '--skip-log-bin'];
  return { program: 'mariadbd', args: [...small, ...own, `--port=${port}`, '--bind-address=127.0.0.1'] };
}

/** Its administrator is postgres, who needs no password on loopback. @param folder for all that is its own; others may enter it */
export async function freshPostgreSql(folder: string, port: number): Promise<Start> {
  const data = join(await ownedBy('postgres', folder), 'data');
  const [version] = (await readdir('/usr/lib/postgresql')).sort().reverse();
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const how = ['-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'];
  await run('runuser', ['-u', 'postgres', '--', join(bin, 'initdb'), '-D', data, ...how]);
  const as = ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups', '--'];
  const settings = ['unix_socket_directories=', 'fsync=off', 'shared_buffers=16MB'].flatMap((setting) => ['-c', setting]);
  const own = ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...settings];
  return { program: 'setpriv', args: [...as, join(bin, 'postgres'), ...own] };
}
