// A second server as docs/servers.md sets it up: in a network of its own, with sshd, the program that makes sites as Unix users, MariaDB and an FTP server. Needs root.
import { type ChildProcess, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fingerprintOf } from '../../src/platform/ssh/connection.ts';
import { freshMariaDb, freshPostgreSql, mariaDbSocket } from './fresh-engines.ts';
import { Network } from './network.ts';
import { insisting } from './remote-sites.ts';
import { type UnixSites, unixSites } from './unix-sites.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

/** Where the panel's commands run: `gotgan <args>`, @returns what they print */
export type Operator = (...args: string[]) => Promise<string>;

export class SecondServer {
  readonly network: Network;
  readonly unix: UnixSites;
  /** everything of that machine but its sites; root's all the way up, as sshd asks */
  readonly folder: string;
  /** the panel's user there; `<user>-files` is the other one */
  readonly user: string;
  readonly group: string;
  readonly #endings: (() => Promise<unknown>)[];
  #sshd: ChildProcess | undefined;

  private constructor(
    parts: { network: Network; unix: UnixSites; folder: string; user: string; group: string },
    endings: (() => Promise<unknown>)[],
  ) {
    this.network = parts.network;
    this.unix = parts.unix;
    this.folder = parts.folder;
    this.user = parts.user;
    this.group = parts.group;
    this.#endings = endings;
  }

  /** Makes users, settings and host key; `configure` then lets the panel in. */
  static async open(): Promise<SecondServer> {
    const endings: (() => Promise<unknown>)[] = [];
    const drawn = randomBytes(3).toString('hex');
    const [user, group] = [`gs${drawn}`, `gg${drawn}`];
    try {
      for (const path of ['/srv', '/run/sshd']) await mkdir(path, { recursive: true, mode: 0o755 });
      const folder = await mkdtemp('/srv/gotgan-second-');
      endings.push(() => rm(folder, { recursive: true, force: true }));
      await chmod(folder, 0o755);
      const unix = await unixSites({ panelUser: `${user}-files`, memberOf: group }, folder);
      await insisting('groupadd', [group]);
      endings.push(() => insisting('groupdel', [group]));
      endings.push(() => unix.close());
      const plain = ['--system', '--no-create-home', '--password', '*'];
      await insisting('useradd', [...plain, '--home-dir', '/nonexistent', '--shell', '/bin/sh', user]);
      endings.push(() => insisting('userdel', [user]));
      const files = ['--home-dir', unix.root, '--shell', '/usr/sbin/nologin', '--groups', group, `${user}-files`];
      await insisting('useradd', [...plain, ...files]);
      endings.push(() => insisting('userdel', [`${user}-files`]));
      const network = await Network.open();
      endings.push(() => network.close());
      const server = new SecondServer({ network, unix, folder, user, group }, endings);
      await server.#install();
      return server;
    } catch (error) {
      await endAll(endings);
      throw error;
    }
  }

  /** The panel's program as it lies in /opt/gotgan, what it may do as root, and the host key. */
  async #install(): Promise<void> {
    const sudoers = `/etc/sudoers.d/${this.user}`;
    this.#endings.push(() => rm(sudoers, { force: true }));
    const opt = join(this.folder, 'opt');
    await mkdir(join(opt, 'node_modules/.bin'), { recursive: true });
    await mkdir(join(opt, 'operations'));
    await cp(process.execPath, join(opt, 'node_modules/.bin/node'));
    await cp(join(repository, 'bin'), join(opt, 'bin'), { recursive: true });
    const shipped = await readFile(join(repository, 'operations/gotgan-server'), 'utf8');
    const here = shipped.replaceAll('/opt/gotgan', opt).replaceAll('/etc/gotgan-sites.json', this.unix.settingsFile);
    await writeFile(this.program, here, { mode: 0o755 });
    const may = [join(opt, 'node_modules/.bin/node'), join(opt, 'bin/gotgan-sites.mjs'), this.unix.settingsFile].join(' ');
    await writeFile(sudoers, `${this.user} ALL=(root) NOPASSWD: ${may}\n`, { mode: 0o440 });
    await this.newHostKey();
  }

  get program(): string {
    return join(this.folder, 'opt/operations/gotgan-server');
  }

  /** The server is set up anew, with another key. */
  async newHostKey(): Promise<void> {
    const file = join(this.folder, 'host_key');
    for (const path of [file, `${file}.pub`]) await rm(path, { force: true });
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  }

  async hostKey(): Promise<string> {
    const [, blob = ''] = (await readFile(join(this.folder, 'host_key.pub'), 'utf8')).split(' ');
    return fingerprintOf(Buffer.from(blob, 'base64'));
  }

  /** Lets the panel in, by what the panel's own commands print, and starts sshd. @param gotgan of the panel */
  async configure(gotgan: Operator): Promise<void> {
    const key = join(this.folder, 'panel.pub');
    await writeFile(key, await gotgan('server', 'key'));
    const keys = join(this.folder, 'panel.keys');
    const named = ['--group', this.group, '--user', this.user, '--program', this.program, '--key-file', keys];
    const printed = await gotgan('server', 'sshd-config', '--key', key, '--from', this.network.here, ...named);
    await writeFile(keys, `${/^#(restrict.*)$/m.exec(printed)?.[1]}\n`, { mode: 0o644 });
    const own = [
      'Port 22',
      `ListenAddress ${this.network.there}`,
      `HostKey ${join(this.folder, 'host_key')}`,
      'PidFile none',
      // as in Debian's own configuration, with what an operator may have added
      'Subsystem sftp /usr/lib/openssh/sftp-server -l INFO',
      // Debian's: with it sshd hangs up on whoever is locked, instead of refusing the key.
      'UsePAM yes',
      'MaxStartups 200',
    ];
    await writeFile(join(this.folder, 'sshd_config'), `${own.join('\n')}\n${printed}`);
    await this.serve();
  }

  /** Starts sshd. */
  async serve(): Promise<void> {
    this.#sshd = this.network.start('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.folder, 'sshd_config')]);
    await this.network.listening(22);
  }

  /** Cuts every line of SSH that stands; with `andAll` sshd itself is gone too, until `serve`. @returns how many processes were ended */
  async cut(andAll = false): Promise<number> {
    let ended = 0;
    for (const pid of await this.network.processes()) {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      if (!name.startsWith('sshd') || (pid === this.#sshd?.pid && !andAll)) continue;
      process.kill(pid, 'SIGKILL');
      ended += 1;
    }
    return ended;
  }

  /** Starts MariaDB on that machine's loopback alone. @returns an administrator's URL, as that machine would use it */
  async startMariaDb(): Promise<string> {
    const folder = join(this.folder, 'mariadb');
    const { program, args } = await freshMariaDb(folder, 3306);
    this.network.start(program, args);
    const password = randomBytes(12).toString('hex');
    const statement = `CREATE USER boss@127.0.0.1 IDENTIFIED BY '${password}'; CREATE USER boss@localhost IDENTIFIED BY '${password}';
      GRANT ALL ON *.* TO boss@127.0.0.1 WITH GRANT OPTION; GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION`;
    const as = ['--no-defaults', `--socket=${mariaDbSocket(folder)}`, '-uroot'];
    await this.#answering('MariaDB', () => run('mariadb', [...as, '-e', statement]));
    return `mariadb://boss:${password}@127.0.0.1:3306`;
  }

  /** The same for PostgreSQL. */
  async startPostgreSql(): Promise<string> {
    const { program, args } = await freshPostgreSql(join(this.folder, 'postgresql'), 5432);
    this.network.start(program, args);
    await this.#answering('PostgreSQL', () => this.psql('SELECT 1'));
    return 'postgresql://postgres@127.0.0.1:5432';
  }

  /** Asks PostgreSQL there as its administrator. @returns what it says, without headings */
  async psql(text: string, database = 'postgres'): Promise<string> {
    const to = ['-h', '127.0.0.1', '-U', 'postgres', '-d', database];
    return (await this.network.run('psql', [...to, '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text])).stdout;
  }

  async #answering(engine: string, ask: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const fault = await ask().then(
        () => undefined,
        (error: Error) => error,
      );
      if (!fault) return;
      if (attempt === 300) throw new Error(`${engine} does not answer: ${fault.message} ${this.network.said()}`);
      await sleep(100);
    }
  }

  /** Starts ProFTPD with what the panel's command prints for this server. @returns the certificate, for `ca` of clients */
  async startFtp(gotgan: Operator, name: string): Promise<string> {
    const folder = join(this.folder, 'ftp');
    const log = join(folder, 'log');
    await mkdir(join(folder, 'run'), { recursive: true });
    await mkdir(log);
    await run('chown', [`root:${this.user}`, log]);
    await chmod(log, 0o2750);
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=second', '-addext', `subjectAltName=IP:${this.network.there},DNS:localhost`];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject]);
    const places = ['--certificate', certificate, '--key', key, '--sites', this.unix.root, '--run', join(folder, 'run')];
    const printed = await gotgan('ftp-server', 'config', '--server', name, ...places, '--log', this.ftpLog);
    await writeFile(join(folder, 'proftpd.conf'), printed, { mode: 0o600 });
    await this.serveFtp();
    return readFile(certificate, 'utf8');
  }

  async serveFtp(): Promise<void> {
    this.network.start('proftpd', ['-n', '-q', '-c', join(this.folder, 'ftp/proftpd.conf')]);
    await this.network.listening(21);
  }

  /** As `--ftp-log` takes it. */
  get ftpLog(): string {
    return join(this.folder, 'ftp/log/panel.log');
  }

  close(): Promise<void> {
    return endAll(this.#endings);
  }
}

/** The last one first; one that fails keeps no other from its turn. */
async function endAll(endings: (() => Promise<unknown>)[]): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end().catch(() => {});
}
