// A real sshd with our configuration, a system user as a site's own, and OpenSSH's client: for tests as root.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandHost } from '../../src/platform/site-host/command.ts';
import type { Entry, SiteHost, SshLogin } from '../../src/platform/site-host/port.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { type SshdPlaces, sshdBlock, sshdKeyLine } from '../../src/platform/ssh/sshd-config.ts';
import { unixSites } from '../support/unix-sites.ts';

export type Key = { readonly file: string; readonly line: string };
export type Answer = { readonly code: number; readonly out: string; readonly err: string };
export type From = { readonly from?: string; readonly options?: readonly string[]; readonly user?: string };

/** From where the panel comes to this server, for files. */
export const panelAddress = '127.0.5.1';

export type SshServer = {
  readonly user: string;
  readonly userId: number;
  readonly port: number;
  /** what makes sites there, as `gotgan server add --command` takes it */
  readonly command: readonly string[];
  /** @returns the system's user of a site */
  userOf(siteName: string): string;
  /** folder of the keys that sshd reads */
  readonly keys: string;
  /** the program that makes sites as Unix users, by its host */
  readonly host: SiteHost;
  /** as the host does it for the one site of this server */
  letIn(entries: readonly Entry[]): Promise<SshLogin>;
  newKey(kind?: readonly string[]): Promise<Key>;
  /** Runs a command there with OpenSSH's client, from an address of 127.0.0.0/8. */
  run(key: Key, command: string, from?: From): Promise<Answer>;
  /** What a client of SFTP says to `ls`, with this key from this address. */
  list(key: Key, from: string): Promise<Answer>;
  /** the panel's own key */
  readonly panelKey: Key;
  /** Begins a session that stays. */
  stay(key: Key, command: string, from?: From): ChildProcess;
  close(): Promise<void>;
};

/** The site whose user comes in. */
export const aSite = { id: '019ab000-0000-7000-8000-00000000055a', name: 'spring42' };

const quiet = ['-F', 'none', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function runs(program: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) =>
    execFile(program, [...args], { timeout: 30_000 }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    ),
  );
}

/** Not below /tmp: sshd refuses keys below a folder that everybody can write to, as it should. */
export async function startSshServer(): Promise<SshServer> {
  const folder = await mkdtemp('/run/gotgan-sshd-');
  await chmod(folder, 0o755);
  const keys = join(folder, 'keys');
  for (const path of [keys, '/run/sshd']) await mkdir(path, { recursive: true, mode: 0o755 });
  const group = `gotgan${randomBytes(4).toString('hex')}`;
  execFileSync('groupadd', [group]);
  const port = await freePort();
  const hostKey = join(folder, 'host_key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  const ssh = { keys, host: '127.0.0.1', port, shell: '/bin/sh', hostKeys: [`${hostKey}.pub`] };
  // The panel is shut into the site's folder, so nobody else may write above it.
  await mkdir('/srv', { recursive: true, mode: 0o755 });
  const unix = await unixSites({ memberOf: group, ssh }, '/srv');
  const host = commandHost({ run: localRunner(unix.command) });
  await host.open(aSite);
  const { userId, user = '' } = await host.homeOf(aSite);
  const shipped = await readFile(join(import.meta.dirname, '../../operations/sshd/gotgan.conf'), 'utf8');
  const ours = shipped.replaceAll('gotgan-sites', group).replaceAll('/etc/ssh/gotgan-keys', keys);
  const own = `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${hostKey}\nPidFile none\nUsePAM yes\nStrictModes yes\n`;
  const panel = join(folder, 'panel');
  execFileSync('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', panel]);
  const places: SshdPlaces = {
    ...{ group, user: 'nobody', program: '/bin/false', databases: [], from: [panelAddress], hasCustomers: true },
    ...{ keyFile: join(folder, 'panel.keys'), publicKey: await readFile(`${panel}.pub`, 'utf8') },
  };
  await writeFile(places.keyFile, sshdKeyLine(places), { mode: 0o644 });
  // In the order in which sshd reads 00-gotgan.conf and gotgan.conf.
  const both = `${sshdBlock(places)}${ours}`;
  await writeFile(join(folder, 'sshd_config'), `${own}PasswordAuthentication yes\nSubsystem sftp internal-sftp\n${both}`);
  let said = '';
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  sshd.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const children: ChildProcess[] = [];
  const client = ({ file }: Key, { from = '127.0.0.1', options = [], user: as = user }: From = {}) => [
    ...quiet,
    ...['-o', 'IdentitiesOnly=yes', '-i', file, '-b', from, '-p', String(port), ...options, `${as}@127.0.0.1`],
  ];
  const close = async () => {
    for (const child of children) child.kill('SIGKILL');
    await host.remove(aSite);
    sshd.kill('SIGKILL');
    await unix.close();
    execFileSync('groupdel', [group]);
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !said.includes('Server listening'); tries += 1) {
    if (tries > 300 || sshd.exitCode !== null) {
      await close();
      throw new Error(`sshd does not start: ${said}`);
    }
    await sleep(20);
  }
  return {
    user,
    command: unix.command,
    userOf: unix.user,
    userId,
    port,
    keys,
    letIn: (entries) => {
      if (!host.letIn) throw new Error('this host lets nobody in');
      return host.letIn(aSite, entries);
    },
    host,
    newKey: async (kind = ['-t', 'ed25519']) => {
      const file = join(folder, `key-${randomBytes(4).toString('hex')}`);
      execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'somebody@somewhere', '-f', file, ...kind]);
      return { file, line: (await readFile(`${file}.pub`, 'utf8')).trim() };
    },
    run: (key, command, from) => runs('ssh', [...client(key, from), command]),
    panelKey: { file: panel, line: (await readFile(`${panel}.pub`, 'utf8')).trim() },
    list: async ({ file }, from) => {
      const orders = join(folder, 'orders');
      await writeFile(orders, 'ls\n');
      const as = ['-o', 'IdentitiesOnly=yes', '-i', file, '-o', `BindAddress=${from}`, '-P', String(port), '-b', orders];
      return runs('sftp', [...quiet, ...as, `${user}@127.0.0.1`]);
    },
    stay: (key, command, from) => {
      const child = spawn('ssh', [...client(key, from), command], { stdio: ['ignore', 'pipe', 'ignore'] });
      children.push(child);
      return child;
    },
    close,
  };
}
