// A second MariaDB and a second PostgreSQL on this machine, as another server of a company has them: empty, on ports of their own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine } from '../../src/platform/database-server/port.ts';

const run = promisify(execFile);

export type SecondEngine = {
  /** an administrator's */
  readonly access: DatabaseAccess;
  close(): Promise<void>;
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs as root: the engines run as the users that their packages made. */
export async function secondEngine(engine: DatabaseEngine): Promise<SecondEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-engine-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  const user = engine === 'mariadb' ? 'mysql' : 'postgres';
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (which) => Number((await run('id', [which, user])).stdout)));
  await chown(data, uid ?? 0, gid ?? 0);
  const child = await (engine === 'mariadb' ? mariadb(folder, data, port) : postgresql(data, port));
  const access = { engine, host: '127.0.0.1', port, user: engine === 'mariadb' ? 'root' : 'postgres', password: '' };
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(engine === 'mariadb' ? 'SIGTERM' : 'SIGINT');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300; tries += 1) {
    if (await databaseServer(access).check().then(yes, no)) return { access, close };
    await sleep(100);
  }
  await close();
  throw new Error(`the second ${engine} did not answer`);
}

const yes = () => true;
const no = () => false;

async function mariadb(folder: string, data: string, port: number): Promise<ChildProcess> {
  const quick = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${data}`, '--user=mysql'];
  await run('mariadb-install-db', [...quick, '--skip-test-db', '--auth-root-authentication-method=normal']);
  const small = ['--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M', '--innodb-flush-method=fsync'];
  const where = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(data, 'own.sock')}`,
    `--pid-file=${join(data, 'own.pid')}`,
  ];
  return spawn('mariadbd', [...quick, ...small, ...where], { stdio: 'ignore', cwd: folder });
}

async function postgresql(data: string, port: number): Promise<ChildProcess> {
  const [version] = (await readdir('/usr/lib/postgresql')).sort().reverse();
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const as = ['-u', 'postgres', '--'];
  await run('runuser', [
    ...as,
    join(bin, 'initdb'),
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ]);
  const settings = ['-c', `unix_socket_directories=`, '-c', 'fsync=off', '-c', 'shared_buffers=16MB', '-h', '127.0.0.1'];
  return spawn(
    'setpriv',
    [
      '--reuid',
      'postgres',
      '--regid',
      'postgres',
      '--init-groups',
      '--',
      join(bin, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      ...settings,
    ],
    { stdio: 'ignore' },
  );
}
