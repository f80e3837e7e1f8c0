// Backup servers of tests: an S3 store and an sshd, each a process of its own that can be killed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, isAlive } from '../support/program.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`a backup server ended: ${said()}`);
    const socket = createConnection({ host: '127.0.0.1', port });
    const isOpen = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`a backup server does not listen: ${said()}`);
}

async function started(program: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
  await listens(port, child, () => said);
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function below(pid: number): Promise<number[]> {
  const children = await childrenOf(pid).catch(() => []);
  return [...children, ...(await Promise.all(children.map(below))).flat()];
}

export type BackupServer = {
  /** what stands behind `restic:`; below it a tier lies */
  readonly address: string;
  readonly port: number;
  /** where its bytes lie on this disk */
  readonly folder: string;
  /** as `kill -9` does it */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Takes connections from now on and answers nothing, until it is let go on. */
  freeze(): void;
  goOn(): void;
  close(): Promise<void>;
};

/** s3rver checks signatures (AWS version 4) against this pair. */
const keyPair = 'S3RVER:S3RVER';

const certificateWords = [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
  ...['-subj', '/CN=tier', '-addext', 'subjectAltName=IP:127.0.0.1'],
];

/** `certificate`: a file that SSL_CERT_FILE may name, so that restic trusts the store. */
export async function startS3(): Promise<BackupServer & { readonly certificate: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-s3-'));
  const port = await freePort();
  const bin = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  // Over TLS alone: without it S3 clients sign every piece of a body, which this server keeps as part of it.
  const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => join(folder, name)) as [string, string];
  execFileSync('openssl', [...certificateWords, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const place = [
    '--directory',
    join(folder, 'store'),
    '--address',
    '127.0.0.1',
    '--port',
    String(port),
    '--configure-bucket',
    'backups',
  ];
  const args = [bin, '--silent', ...place, '--key', key, '--cert', certificate];
  let child = await started(process.execPath, args, port);
  return {
    certificate,
    address: `s3:https://${keyPair}@127.0.0.1:${port}/backups`,
    port,
    folder,
    kill: () => ended(child),
    restart: async () => {
      child = await started(process.execPath, args, port);
    },
    freeze: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
    async close() {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type SftpServer = BackupServer & {
  /** a line of its public host key, as SHORT_TERM_HOST_KEY wants it */
  readonly hostKey: string;
  /** path of the key that it lets in */
  readonly privateKey: string;
};

/** Files alone, by key, as whoever runs the tests. */
export async function startSftp(): Promise<SftpServer> {
  // Not below /tmp: sshd refuses keys below a folder that everybody can write to.
  const place = await mkdtemp('/run/gotgan-tier-');
  await chmod(place, 0o700);
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-sftp-'));
  const port = await freePort();
  for (const name of ['host', 'panel']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(place, name)]);
  const options = {
    ...{
      Port: port,
      ListenAddress: '127.0.0.1',
      HostKey: join(place, 'host'),
      PidFile: 'none',
      UsePAM: 'no',
      StrictModes: 'yes',
    },
    ...{ AuthorizedKeysFile: join(place, 'panel.pub'), PermitRootLogin: 'prohibit-password', Subsystem: 'sftp internal-sftp' },
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const args = ['-D', '-e', '-f', '/dev/null', ...words];
  let child = await started('/usr/sbin/sshd', args, port);
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  return {
    address: `sftp://${user}@127.0.0.1:${port}${folder}`,
    port,
    folder,
    hostKey: (await readFile(join(place, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' '),
    privateKey: join(place, 'panel'),
    // As if the whole host had gone: those that sshd left with a connection each would go on without it.
    async kill() {
      const all = await below(child.pid ?? 0);
      await ended(child);
      for (const pid of all) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
    },
    restart: async () => {
      child = await started('/usr/sbin/sshd', args, port);
    },
    freeze: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
    async close() {
      await ended(child);
      for (const path of [place, folder]) await rm(path, { recursive: true, force: true });
    },
  };
}
