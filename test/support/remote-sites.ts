// A real sshd of this machine with real system users, as the panel would find it on another server. Everything it makes it removes.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fingerprintOf } from '../../src/platform/ssh/connection.ts';
import { SshServer, type SshServerOptions } from '../../src/platform/ssh/server.ts';
import { sshdBlock, sshdFaults, sshdKeyLine } from '../../src/platform/ssh/sshd-config.ts';

const run = promisify(execFile);
/** A chroot must belong to root all the way up, so not below a folder where everybody may write. */
const base = '/srv';
export const draw = (prefix: string) => `${prefix}${randomBytes(4).toString('hex')}`;

/** Files of users and groups are locked while somebody changes them, for instance another test. */
export async function insisting(program: string, args: string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run(program, args);
      return;
    } catch (error) {
      if (attempt === 50 || !/lock/.test(String(error))) throw error;
      await sleep(100);
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  const address = server.address();
  await new Promise((go) => server.close(go));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}

async function listening(host: string, port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const socket = connect(port, host);
    const opened = await new Promise<boolean>((go) => socket.once('connect', () => go(true)).once('error', () => go(false)));
    socket.destroy();
    if (opened) return;
    if (attempt === 100) throw new Error('sshd does not listen');
    await sleep(50);
  }
}

export type RemoteOptions = {
  /** as `gotgan server sshd-config` prints it, the default; or without ChrootDirectory */
  readonly chrooted?: boolean;
  /** lines before the Match block, and where the server listens; 127.0.0.1 unless told */
  readonly lines?: readonly string[];
  readonly address?: string;
  readonly from?: readonly string[];
  /** words before the server's program: `ip netns exec …` */
  readonly inside?: readonly string[];
};

export class RemoteSites {
  readonly folder: string;
  readonly group: string;
  readonly options: RemoteOptions;
  readonly port: number;
  readonly hostKey: string;
  readonly key: string;
  readonly #stops: (() => Promise<unknown>)[] = [];
  readonly #said: string[] = [];
  #count = 0;

  private constructor(parts: {
    folder: string;
    group: string;
    options: RemoteOptions;
    port: number;
    hostKey: string;
    key: string;
  }) {
    this.folder = parts.folder;
    this.group = parts.group;
    this.options = parts.options;
    this.port = parts.port;
    this.hostKey = parts.hostKey;
    this.key = parts.key;
  }

  static async start(options: RemoteOptions = {}): Promise<RemoteSites> {
    await mkdir(base, { recursive: true });
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const folder = await mkdtemp(join(base, 'gotgan-sshd-'));
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'sites'));
    const group = draw('gg');
    await insisting('groupadd', [group]);
    for (const name of ['host', 'panel', 'other'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
    const [, hostBlob = ''] = (await readFile(join(folder, 'host.pub'), 'utf8')).split(' ');
    const sites = new RemoteSites({
      folder,
      group,
      options,
      port: await freePort(),
      hostKey: fingerprintOf(Buffer.from(hostBlob, 'base64')),
      key: await readFile(join(folder, 'panel'), 'utf8'),
    });
    await sites.#configure();
    await sites.serve();
    return sites;
  }

  get address(): string {
    return this.options.address ?? '127.0.0.1';
  }

  async #configure(): Promise<void> {
    const places = {
      group: this.group,
      user: 'nobody',
      program: '/bin/false',
      databases: [],
      hasCustomers: false,
      keyFile: join(this.folder, 'keys'),
      from: this.options.from ?? ['127.0.0.1'],
      publicKey: await readFile(join(this.folder, 'panel.pub'), 'utf8'),
    };
    if (sshdFaults(places).length > 0) throw new Error(sshdFaults(places).join('\n'));
    await writeFile(places.keyFile, sshdKeyLine(places), { mode: 0o644 });
    const printed = sshdBlock(places);
    const block = this.options.chrooted === false ? printed.replace(/^ *ChrootDirectory .*\n/m, '') : printed;
    const own = [
      `Port ${this.port}`,
      `ListenAddress ${this.address}`,
      `HostKey ${join(this.folder, 'host')}`,
      `PidFile ${join(this.folder, 'pid')}`,
      // as in Debian's own configuration; the Match block puts its own in its place
      'Subsystem sftp /usr/lib/openssh/sftp-server',
      // sessions belong to this test, not to the machine's login service
      'UsePAM no',
      'MaxStartups 200',
      'LogLevel VERBOSE',
      `AuthorizedKeysFile ${join(this.folder, 'keys-of-%u')}`,
      ...(this.options.lines ?? []),
    ];
    await writeFile(join(this.folder, 'sshd_config'), `${own.join('\n')}\n${block}`);
  }

  /** Starts the server; `start` did so already. */
  async serve(): Promise<void> {
    const [program = '', ...args] = [
      ...(this.options.inside ?? []),
      '/usr/sbin/sshd',
      '-D',
      '-e',
      '-f',
      join(this.folder, 'sshd_config'),
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk) => this.#said.push(String(chunk)));
    const ended = new Promise((go) => child.once('exit', go));
    this.#stops.push(async () => {
      child.kill();
      await ended;
    });
    await Promise.race([
      listening(this.address, this.port),
      ended.then(() => {
        throw new Error(`sshd ended: ${this.log()}`);
      }),
    ]);
  }

  /** @returns what the server said so far */
  log(): string {
    return this.#said.join('');
  }

  /** @returns the processes of one of our users: the server's halves of their sessions */
  async processes(user: string): Promise<number[]> {
    const { stdout } = await run('ps', ['-u', user, '-o', 'pid=']).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** @returns the command lines of one of our users */
  async running(user: string): Promise<string[]> {
    const { stdout } = await run('ps', ['-u', user, '-o', 'args=']).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter(Boolean);
  }

  /** Sends a signal to a user's sessions: SIGKILL cuts them off, SIGSTOP lets them hang. */
  async signal(user: string, signal: NodeJS.Signals): Promise<void> {
    for (const process_ of await this.processes(user)) process.kill(process_, signal);
  }

  /** @returns a user outside the sites' group, with a shell, whom the panel's key lets in to run programs */
  async operator(): Promise<string> {
    const user = draw('go');
    await insisting('useradd', ['--no-create-home', '--home-dir', this.folder, '--shell', '/bin/sh', '--password', '*', user]);
    this.#users.push(user);
    await writeFile(join(this.folder, `keys-of-${user}`), await readFile(join(this.folder, 'panel.pub')), { mode: 0o644 });
    return user;
  }

  /** Ends the server; sessions that stand go on. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
  }

  /** @returns connections to it, closed with it */
  connections(options: Partial<SshServerOptions> = {}): SshServer {
    const server = new SshServer({
      host: this.address,
      port: this.port,
      hostKeys: [this.hostKey],
      privateKey: async () => this.key,
      ...options,
    });
    this.#closing.push(() => server.close());
    return server;
  }

  readonly #closing: (() => void)[] = [];
  readonly #users: string[] = [];
  #shared: { user: string; uid: number; gid: number; home: string; server: SshServer } | undefined;

  /** @returns a new system user with a site's folder of its own, as the site host of a server would make it */
  async user(): Promise<{ user: string; uid: number; gid: number; home: string }> {
    const user = draw('gs');
    const home = join(this.folder, 'sites', user);
    await insisting('useradd', [
      '--no-create-home',
      '--home-dir',
      home,
      '--shell',
      '/usr/sbin/nologin',
      '--groups',
      this.group,
      '--password',
      '*',
      user,
    ]);
    this.#users.push(user);
    const [uid = 0, gid = 0] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
    );
    await mkdir(home, { mode: 0o755 });
    return { user, uid, gid, home };
  }

  /** @returns an empty site of its own, in which tests may lay things; all of one server belong to one user */
  async make() {
    this.#shared ??= { ...(await this.user()), server: this.connections() };
    const { user, uid, gid, home, server } = this.#shared;
    const name = `site-${this.#count++}`;
    const [folder, outside] = [join(home, name), join(home, `outside-${name}`)];
    await mkdir(folder);
    await chown(folder, uid, gid);
    await mkdir(outside, { mode: 0o755 });
    return {
      server,
      user,
      root: this.options.chrooted === false ? folder : `/${name}`,
      folder,
      outside,
      own: (path: string) => chown(join(folder, path), uid, gid),
      close: async () => {
        await rm(folder, { recursive: true, force: true });
        await rm(outside, { recursive: true, force: true });
      },
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closing) close();
    await this.stop();
    for (const user of this.#users) {
      await this.signal(user, 'SIGKILL').catch(() => {});
      await insisting('userdel', ['--force', user]).catch(() => {});
    }
    await insisting('groupdel', [this.group]).catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }
}
